"""A packet of each VPN protocol, made up to ask the program about it: the one that opens a session, where one does."""

import ipaddress
from dataclasses import dataclass

from control.allowlist.mapped import Address
from control.protocols import FACTS
from control.vocabulary import constant

TCP, UDP = constant("IPPROTO_TCP"), constant("IPPROTO_UDP")
ETHERTYPE = {4: constant("ETH_P_IP").to_bytes(2, "big"), 6: constant("ETH_P_IPV6").to_bytes(2, "big")}
NAT_TRAVERSAL = constant("PORT_NAT_TRAVERSAL")
MARKER = bytes(4)  # behind which IKE comes on that port (RFC 3948, section 2.2)
CLIENT_PORT = 40000

NOBODY: dict[int, Address] = {4: ipaddress.IPv4Address(0), 6: ipaddress.IPv6Address(0)}
"""By family: the other end of a made-up packet where none is asked for. No list can hold it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a protocol's packet looks like.

    Attributes:
        ip_protocol: the number in the IP header.
        port: where its servers listen; 0: it has no ports.
        payload: behind the transport header; its form is that of bpf/classify.h, openvpn.h and ipsec.h.
    """

    ip_protocol: int
    port: int
    payload: bytes


PAYLOADS = {
    "wireguard": b"\x01\0\0\0" + bytes(144),
    "openvpn": b"\x38" + b"\x11" * 8 + bytes(5),
    "ike": b"\x11" * 8 + bytes(8) + b"\x21\x20\x22\x08" + bytes(4) + (28).to_bytes(4, "big"),
    "esp": b"\x11\x11\x11\x11\0\0\0\x01" + bytes(32),
    "ah": b"\x04\x04\0\0\x11\x11\x11\x11\0\0\0\x01" + bytes(12),
    "l2tp": b"\xc8\x02\0\x14" + bytes(8) + b"\x80\x08\0\0\0\0\0\x01",
    "pptp": b"\0\x9c\0\x01\x1a\x2b\x3c\x4d\0\x01\0\0" + bytes(144),
    "gre_pptp": b"\x30\x01\x88\x0b\0\x04\0\x01\0\0\0\0" + bytes(4),
}
SHAPES = {name: Shape(FACTS[name].ip_protocol, FACTS[name].port, PAYLOADS[name]) for name in FACTS}


def frame(
    protocol: str, source: Address, destination: Address, port: int | None = None, source_port: int = CLIENT_PORT
) -> bytes:
    """Return an Ethernet frame with a packet of ``protocol`` to ``destination``.

    ``port`` is the destination's, where the protocol has ports; by default the one that it is known for. Some are known
    at no other: then one of the two has to be it.

    Raises:
        ValueError: the two addresses are of different families.
        KeyError: the protocol is none of control.vocabulary.VPN_PROTOCOLS.
    """
    if source.version != destination.version:
        raise ValueError(f"{source} and {destination} are of different families")
    shape = SHAPES[protocol]
    segment = _segment(shape, source_port, shape.port if port is None else port)
    if source.version == 4:
        total = (20 + len(segment)).to_bytes(2, "big")
        header = b"\x45\0" + total + b"\0\0\0\0\x40" + bytes([shape.ip_protocol]) + b"\0\0"
    else:
        header = b"\x60\0\0\0" + len(segment).to_bytes(2, "big") + bytes([shape.ip_protocol, 64])
    return bytes(12) + ETHERTYPE[source.version] + header + source.packed + destination.packed + segment


def _segment(shape: Shape, source_port: int, port: int) -> bytes:
    ports = source_port.to_bytes(2, "big") + port.to_bytes(2, "big")
    payload = shape.payload
    if shape is SHAPES["ike"] and port == NAT_TRAVERSAL:
        payload = MARKER + payload
    if shape.ip_protocol == UDP:
        return ports + (8 + len(payload)).to_bytes(2, "big") + b"\0\0" + payload
    if shape.ip_protocol == TCP:
        return ports + bytes(8) + b"\x50\x18\xff\xff\0\0\0\0" + payload
    return payload
