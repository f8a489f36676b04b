"""Frames around the payloads of the table: link layers, both families of IP, UDP and TCP, all between two peers."""

import random
from ipaddress import ip_address
from typing import Any

from scapy.contrib.mpls import MPLS
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.layers.ppp import PPP, PPPoE
from scapy.packet import Raw

CLIENT4, SERVER4 = ip_address("198.51.100.7"), ip_address("203.0.113.5")
CLIENT6, SERVER6 = ip_address("2001:db8:1::7"), ip_address("2001:db8:2::5")


def ether(**fields: int) -> Any:
    """An Ethernet header; without addresses scapy would ask the network for them."""
    return Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02", **fields)


LINKS: dict[str, Any] = {
    "ethernet": ether(),
    "VLAN": ether() / Dot1Q(vlan=7),
    "VLAN in VLAN": ether() / Dot1Q(vlan=7) / Dot1Q(vlan=8),
    "QinQ": ether() / Dot1AD(vlan=7) / Dot1Q(vlan=8),
    "QinQ of old": ether(type=0x9100) / Dot1Q(vlan=7, type=0x8100) / Dot1Q(vlan=8),
    "MPLS": ether(type=0x8847) / MPLS(label=16, s=1, ttl=9),
    "three MPLS labels": ether(type=0x8847) / MPLS(s=0) / MPLS(s=0) / MPLS(label=18, s=1),
    "MPLS, upstream label": ether(type=0x8848) / MPLS(label=16, s=1),
    "PPPoE": ether() / PPPoE(sessionid=9) / PPP(),
    "PPPoE in QinQ": ether() / Dot1AD(vlan=7) / Dot1Q(vlan=8) / PPPoE(sessionid=9) / PPP(),
    "MPLS in VLAN": ether() / Dot1Q(vlan=7, type=0x8847) / MPLS(label=16, s=1),
}
"""What carries IP, by name; an IP header goes behind it with a slash."""


def ip4(**fields: Any) -> Any:
    return IP(src=str(CLIENT4), dst=str(SERVER4), **fields)


def ip4_back(**fields: Any) -> Any:
    return IP(src=str(SERVER4), dst=str(CLIENT4), **fields)


def ip6(**fields: Any) -> Any:
    return IPv6(src=str(CLIENT6), dst=str(SERVER6), **fields)


def udp(payload: Any, dport: int, sport: int = 40000, **fields: int) -> Any:
    return UDP(sport=sport, dport=dport, **fields) / Raw(bytes(payload))


def tcp(payload: Any, dport: int, sport: int = 40000, flags: str = "PA", **fields: Any) -> Any:
    return TCP(sport=sport, dport=dport, flags=flags, seq=1, ack=1, **fields) / Raw(bytes(payload))


def udp4(payload: Any, dport: int, sport: int = 40000) -> Any:
    """A datagram from client to server."""
    return ether() / ip4() / udp(payload, dport, sport)


def udp4_back(payload: Any, sport: int, dport: int = 40000) -> Any:
    """A datagram from server to client."""
    return ether() / ip4_back() / udp(payload, dport, sport)


def udp6(payload: Any, dport: int, sport: int = 40000) -> Any:
    return ether() / ip6() / udp(payload, dport, sport)


def tcp4(payload: Any, dport: int, sport: int = 40000, flags: str = "PA") -> Any:
    return ether() / ip4() / tcp(payload, dport, sport, flags)


def tcp4_back(payload: Any, sport: int, dport: int = 40000) -> Any:
    return ether() / ip4_back() / tcp(payload, dport, sport)


def tcp6(payload: Any, dport: int, sport: int = 40000) -> Any:
    return ether() / ip6() / tcp(payload, dport, sport)


def noise(size: int) -> bytes:
    """Bytes as a cipher makes them, without a zero, the same in each run."""
    return bytes(random.Random(size).choices(range(1, 256), k=size))


def word(number: int, size: int = 4) -> bytes:
    """A number in network order."""
    return number.to_bytes(size, "big")


def changed(data: bytes, at: int, value: int) -> bytes:
    """The same bytes but for one."""
    at %= len(data)
    return data[:at] + bytes([value]) + data[at + 1 :]
