"""Packets by hand: what routers and a provider's own services say in protocols that VPNs use too.

Beside what the daemons of the lab say by themselves. Each goes to a router's own address, to a group, or does not leave
its link; and the same protocols go to strangers, where the edge must refuse them, or the rows would prove nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from scapy.contrib.ikev2 import IKEv2
from scapy.contrib.wireguard import Wireguard, WireguardInitiation
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.ipsec import AH, ESP
from scapy.layers.l2 import GRE_PPTP
from scapy.packet import Packet, Raw

from lab.packets import noise, word
from lab.stage import addresses

_SPI = 0xC0FFEE02
_OSPF, _PIM, _VRRP = 89, 103, 112  # IANA's protocol numbers
_FIRST_SENDER = 100  # host number; each row has a sender of its own, by which it is counted


@dataclass(frozen=True)
class Row:
    """One kind of packet.

    Attributes:
        name: what it is.
        protocol: of the vocabulary, as the gateway takes it.
        source, target: by which it is counted: no other row to this target has the source.
        packet: from the IP header on.
    """

    name: str
    protocol: str
    source: str
    target: str
    packet: bytes


@dataclass(frozen=True)
class _Kind:
    """A protocol above IP; `above` makes it."""

    name: str
    protocol: str
    above: Callable[[], Packet]


def _ah(inside: int) -> Packet:
    # An ICV of twelve bytes makes the length field 4 (RFC 4302, section 2.2).
    return AH(nh=inside, payloadlen=4, spi=_SPI, seq=1, icv=noise(12)) / Raw(noise(40))


def _esp() -> Packet:
    return ESP(spi=_SPI, seq=1) / Raw(noise(60))


def _ike() -> bytes:
    header = IKEv2(init_SPI=noise(8), next_payload=33, exch_type=34, flags=8)  # IKE_SA_INIT: RFC 7296, section 3.1
    return bytes(header / Raw(noise(200)))


def _wireguard() -> bytes:
    keys = {"unencrypted_ephemeral": noise(32), "encrypted_static": noise(48), "encrypted_timestamp": noise(28)}
    return bytes(Wireguard() / WireguardInitiation(sender_index=7, **keys, mac1=noise(16), mac2=bytes(16)))


def _openvpn() -> bytes:
    return b"\x38" + noise(8) + bytes(5)  # a hard reset of the client, plain TLS


def _l2tp() -> bytes:
    # Start-Control-Connection-Request: RFC 2661, sections 4.1 and 6.1.
    avps = b"".join(
        word(0x8000 | 6 + len(value), 2) + word(0, 2) + word(kind, 2) + value
        for kind, value in ((0, word(1, 2)), (2, b"\1\0"), (3, bytes(4)), (7, b"lac"), (9, word(1, 2)))
    )
    return b"\xc8\x02" + word(12 + len(avps), 2) + bytes(8) + avps


def _pptp() -> bytes:
    # Start-Control-Connection-Request: RFC 2637, section 2.1.
    head = word(156, 2) + word(1, 2) + word(0x1A2B3C4D) + word(1, 2) + bytes(2) + b"\1\0" + bytes(2)
    return head + word(3) + word(3) + bytes(4) + bytes(128)


def _udp(payload: bytes, port: int) -> Packet:
    return UDP(sport=port, dport=port) / Raw(payload)


def _tcp(payload: bytes, port: int) -> Packet:
    return TCP(sport=40000, dport=port, flags="PA", seq=1, ack=1) / Raw(payload)


_PLAIN_ESP, _PLAIN_IKE = _Kind("ESP", "esp", _esp), _Kind("IKE", "ike", lambda: _udp(_ike(), 500))
_MANAGEMENT = (
    _PLAIN_ESP,
    _Kind("AH", "ah", lambda: _ah(59)),
    _PLAIN_IKE,
    _Kind("IKE through a NAT", "ike", lambda: _udp(bytes(4) + _ike(), 4500)),
    _Kind("L2TP from a LAC", "l2tp", lambda: _udp(_l2tp(), 1701)),
    _Kind("PPTP", "pptp", lambda: _tcp(_pptp(), 1723)),
    _Kind("PPTP's GRE", "gre_pptp", lambda: GRE_PPTP(seqnum_present=1, payload_len=8, call_id=1) / Raw(noise(8))),
    _Kind("WireGuard", "wireguard", lambda: _udp(_wireguard(), 51820)),
    _Kind("OpenVPN", "openvpn", lambda: _udp(_openvpn(), 1194)),
    _Kind("OpenVPN over TCP", "openvpn", lambda: _tcp(word(14, 2) + _openvpn(), 1194)),
)
"""What opens a session, or is known by its number, of every protocol."""

_OSPF_AH, _OSPF_ESP = _Kind("OSPF in AH", "ah", lambda: _ah(_OSPF)), _Kind("OSPF in ESP", "esp", _esp)
_PIM_AH, _PIM_ESP = _Kind("PIM in AH", "ah", lambda: _ah(_PIM)), _Kind("PIM in ESP", "esp", _esp)
_ON_THE_LINK = (
    # OSPFv3: RFC 5340, appendix A.1, in what RFC 4552 has for it; OSPFv2: RFC 2328, appendix A.1
    *(
        (kind, to)
        for kind in (_OSPF_AH, _OSPF_ESP)
        for to in ("ff02::5", "ff02::6", "fe80::1", "224.0.0.5", "224.0.0.6")
    ),
    # PIM: RFC 7761, section 4.9, in what RFC 5796 has for it
    *((kind, to) for kind in (_PIM_AH, _PIM_ESP) for to in ("ff02::d", "224.0.0.13")),
    (_Kind("VRRP in AH", "ah", lambda: _ah(_VRRP)), "224.0.0.18"),
    # IPsec of groups: RFC 5374
    *((_PLAIN_ESP, to) for to in ("232.1.2.3", "239.1.2.3", "ff3e::8000:1")),
    *((_PLAIN_IKE, to) for to in ("239.1.2.4", "ff02::fb")),
    (_Kind("WireGuard", "wireguard", lambda: _udp(_wireguard(), 51820)), "255.255.255.255"),
    (_PLAIN_IKE, "169.254.0.1"),
    (_PLAIN_ESP, "169.254.0.1"),
)
"""What is said to everybody on a link, to a group, or does not leave the link, and to whom."""


def to_the_link() -> list[Row]:
    """What no edge may refuse for whom it goes to: groups, everybody on the link, a link-local address."""
    return list(_rows(_ON_THE_LINK, 0))


def to(*targets: str) -> list[Row]:
    """Every protocol to each of some addresses, from strangers."""
    return list(_rows(tuple((kind, target) for target in targets for kind in _MANAGEMENT), len(_ON_THE_LINK)))


def _rows(pairs: tuple[tuple[_Kind, str], ...], first: int) -> Iterator[Row]:
    for number, (kind, target) in enumerate(pairs, _FIRST_SENDER + first):
        source = _sender(target, number)
        header: Any = IPv6(src=source, dst=target, hlim=255) if ":" in target else IP(src=source, dst=target, ttl=255)
        yield Row(f"{kind.name} to {target}", kind.protocol, source, target, bytes(header / kind.above()))


def _sender(target: str, number: int) -> str:
    """Who says it: on the link a router's link-local address where there is such a thing, else a stranger."""
    if target.startswith(("fe80", "ff02")):
        return f"fe80::{number:x}"
    if target.startswith("169.254."):
        return f"169.254.1.{number}"
    return addresses.BYSTANDER.address(6 if ":" in target else 4, number)
