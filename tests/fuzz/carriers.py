"""Frames around packets: links, both families of IP with options, extension headers and fragments, UDP and TCP."""

from random import Random

from tests.fuzz.packets import Content, number
from tests.oracle import ip, link, oracle

ADDRESSES = bytes(12)  # of Ethernet, which nobody looks at
ENDS = {
    4: bytes.fromhex("c6336407cb007105"),
    6: bytes.fromhex("20010db8" + "00" * 11 + "0720010db8" + "00" * 11 + "05"),
}
"""Source and destination by family: of the networks for documentation (RFC 5737, RFC 3849)."""

TYPES = {version: number(kind, 2) for kind, version in link.VERSIONS.items()}
PPP = {version: number(kind, 2) for kind, version in link.PPP.items()}
EXTENSIONS = (*sorted(ip.OTHER_EXTENSIONS), ip.FRAGMENT_HEADER)
DO_NOT, MORE = 0x4000, 0x2000  # flags of a fragment of IPv4 (RFC 791, section 3.1)


def draw(random: Random, content: Content) -> bytes:
    """Return a frame around a packet, most fields of which are as they should be."""
    version = random.choice((4, 6))
    packet = transport(random, content)
    return _link(random, version) + (_ip4 if version == 4 else _ip6)(random, content.protocol, packet) + _tail(random)


def transport(random: Random, content: Content) -> bytes:
    """Return the header that the packet wants, and it."""
    if content.ports is None:
        return content.data
    ports = b"".join(number(port, 2) for port in content.ports)
    if content.protocol == oracle.UDP:
        return ports + number(_near(random, 8 + len(content.data)), 2) + random.randbytes(2) + content.data
    words = random.choice((5, 5, 5, 6, 15, 4))
    header = ports + random.randbytes(8) + number(words << 12 | 0x18, 2) + random.randbytes(6)
    return header + bytes(max(0, 4 * (words - 5))) + content.data


def _tail(random: Random) -> bytes:
    """What stands behind a packet that is shorter than Ethernet's least."""
    return random.randbytes(random.choice((0, 0, 0, 1, 6, 18)))


def _near(random: Random, right: int) -> int:
    """A length as it should be, or nearly."""
    return min(65535, max(0, random.choice((right, right, right, right, right, right, right + 1, right - 1, 0))))


def _link(random: Random, version: int) -> bytes:
    return frame_head(version, random.choices(sorted(link.TAGS), k=random.choice(SO_MANY)), *_last(random))


SO_MANY = (0, 0, 0, 1, 1, 2, 5, 6, 7)


def _last(random: Random) -> tuple[str, int]:
    return random.choice(("", "", "labels", "PPPoE")), random.choice((1, 1, 2, 5, 6, 7))


def frame_head(version: int, tags: list[int], last: str = "", labels: int = 1) -> bytes:
    """Return what is in front of IP.

    Args:
        version: of IP, 4 or 6.
        tags: EtherTypes of VLAN tags.
        last: what is behind them: "labels" of MPLS, "PPPoE", or nothing.
        labels: how many of them.
    """
    ends = {"labels": number(min(link.LABELS), 2), "PPPoE": number(link.PPPOE_SESSION, 2), "": TYPES[version]}
    head = ADDRESSES + b"".join(number(tag, 2) + b"\0\7" for tag in tags) + ends[last]
    if last == "labels":
        return head + b"\0\1\0\x09" * (labels - 1) + b"\0\1\1\x09"
    return head + (b"\x11\0\0\x09\0\0" + PPP[version] if last else b"")


def _ip4(random: Random, protocol: int, packet: bytes) -> bytes:
    options = random.choice((0, 0, 0, 0, 4, 40))
    flags = random.choice((0, DO_NOT, DO_NOT, MORE, 1, MORE | 0x1FFF))
    return ip4(protocol, packet, options, flags, _near(random, 20 + options + len(packet)))


def ip4(protocol: int, packet: bytes, options: int = 0, flags: int = 0, length: int | None = None) -> bytes:
    """Return an IPv4 packet; ``options`` are bytes of them, ``flags`` what stands in their place and the offset's."""
    first = number(0x45 + options // 4, 1) + b"\0"
    total = number(20 + options + len(packet) if length is None else length, 2)
    return (
        first
        + total
        + bytes(2)
        + number(flags, 2)
        + b"\x40"
        + number(protocol, 1)
        + bytes(2)
        + ENDS[4]
        + (b"\1" * options + packet)
    )


def _ip6(random: Random, protocol: int, packet: bytes) -> bytes:
    chain = [extension(random) for _ in range(random.choice((0, 0, 0, 1, 1, 2, 7, 8, 9)))]
    return ip6(protocol, packet, chain, random.choice((0, 0, 0, 0, 1, -1, -8)), bool(random.randrange(12)))


def extension(random: Random) -> tuple[int, bytes]:
    """Return an extension header: its number, and its bytes from the second on."""
    kind = random.choice(EXTENSIONS)
    if kind == ip.FRAGMENT_HEADER:
        return kind, b"\0" + number(random.choice((0, 1, 1, 7, 8, 0xFFF9)), 2) + random.randbytes(4)
    units = random.choice((0, 0, 0, 1, 2))
    return kind, number(units, 1) + bytes(6 + 8 * units)


def ip6(
    protocol: int, packet: bytes, chain: list[tuple[int, bytes]], more: int = 0, is_announced: bool = True
) -> bytes:
    """Return an IPv6 packet behind a chain of extension headers, its length by ``more`` too large, or left at 0."""
    body, kind = packet, protocol
    for number_, header in reversed(chain):
        body, kind = number(kind, 1) + header + body, number_
    length = number(max(0, len(body) + more) if is_announced else 0, 2)
    return b"\x60\0\0\0" + length + number(kind, 1) + b"\x40" + ENDS[6] + body
