"""The packets that are measured, and the prefixes by which they are registered or not."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from scapy.layers.inet import IP

from control.allowlist.mapped import Address
from control.datapath.probe.frames import SHAPES, frame
from lab.packets import CLIENT4, CLIENT6, LINKS, SERVER4, SERVER6, noise, tcp4, udp4, udp6

NOBODY4, NOBODY6 = ip_address("203.0.113.99"), ip_address("2001:db8:2::99")
REGISTERED = (f"{SERVER4}/32", f"{SERVER6}/128")
HANDSHAKE = bytes(udp4(SHAPES["wireguard"].payload, SHAPES["wireguard"].port))
QUIC = bytes(udp4(noise(1200), 443))

FOUR_AND_TWO = ("203.1.0.0/16", "203.2.0.0/20", "203.3.0.0/24", "203.4.0.0/28", "2001:db8:8000::/34", "2001:db8:f::/48")
"""Four lengths of IPv4 and two of IPv6, none of which holds an end of our packets."""

FIVE4 = ("198.0.0.0/12", "203.1.0.0/16", "203.2.0.0/20", "203.3.0.0/24", "203.4.0.0/28")


def every_length(ends: tuple[Address, Address]) -> tuple[str, ...]:
    """Return a prefix of each length of a family, none of which holds these two ends."""
    (width,) = {end.max_prefixlen for end in ends}
    return tuple(_beside(ends, width, length) for length in range(1, width + 1))


def _beside(ends: tuple[Address, Address], width: int, length: int) -> str:
    """Return a prefix of this length as near to the second end as one can be that holds neither, nor where IPv4 is."""
    taken = {int(end) >> (width - length) for end in ends} | ({0} if width == 128 else set())
    near = int(ends[1]) >> (width - length)
    first = next(near ^ flipped for flipped in range(1, 1 << length) if near ^ flipped not in taken)
    return f"{type(ends[1])(first << (width - length))}/{length}"


def packets() -> Mapping[str, bytes]:
    """Return the packets that are measured one by one, by the name of their figure."""
    tls = b"\x17\x03\x03\x04\0" + noise(1024)
    return {
        "ordinary": QUIC,
        "ordinary6": bytes(udp6(noise(1200), 443)),
        "ordinary_tls": bytes(tcp4(tls, 443)),
        "registered": vpn("wireguard", SERVER4),
        "registered_data": bytes(udp4(b"\x04\0\0\0" + noise(1436), 51820)),
        "registered_openvpn": vpn("openvpn", SERVER4),
        "registered_qinq": behind("QinQ", vpn("wireguard", SERVER4)),
        "registered_pppoe": behind("PPPoE", vpn("wireguard", SERVER4)),
        "registered6": vpn("wireguard", SERVER6),
        "dropped": vpn("wireguard", NOBODY4),
        "dropped_openvpn": vpn("openvpn", NOBODY4),
        "dropped_esp": vpn("esp", NOBODY4),
        "dropped6": vpn("wireguard", NOBODY6),
    }


def vpn(protocol: str, server: Address) -> bytes:
    """Return what opens a session, from our client to a server."""
    return frame(protocol, CLIENT4 if server.version == 4 else CLIENT6, server)


def behind(link: str, ethernet: bytes) -> bytes:
    """Return a packet of IPv4 with other link headers."""
    whole: Any = LINKS[link] / IP(ethernet[14:])
    return bytes(whole)
