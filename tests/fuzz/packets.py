"""Packets of each protocol and packets that miss it by little, drawn from a generator of random numbers.

A generator of hypothesis can be given too, which then shrinks what was drawn.
"""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from tests.oracle import dns, ike, l2tp, openvpn, oracle, pptp, wireguard

PORTS = (0, 1, 443, 1194, 51820, 40000, 65535, ike.IKE_PORT, ike.NAT_PORT, l2tp.PORT, pptp.PORT, *sorted(dns.PORTS))


class Content(NamedTuple):
    """What an IP packet carries.

    Attributes:
        protocol: by its number in the IP header.
        ports: of the source and of the destination; None: it has none.
        data: behind UDP's or TCP's header, or else behind IP's.
    """

    protocol: int
    ports: tuple[int, int] | None
    data: bytes


def number(value: int, size: int) -> bytes:
    return value.to_bytes(size, "big")


def draw(random: Random) -> Content:
    """Return a packet of one of the protocols, or of none."""
    return random.choice(KINDS)(random)


def _datagram(random: Random, data: bytes, *port: int) -> Content:
    return Content(oracle.UDP, _ports(random, *port), data)


def _segment(random: Random, data: bytes, *port: int) -> Content:
    return Content(oracle.TCP, _ports(random, *port), data)


def _ports(random: Random, *fixed: int) -> tuple[int, int]:
    """Any two ports; of a protocol with a port of its own, mostly that one at one end."""
    one, other = random.choice(PORTS), random.choice(PORTS)
    if fixed and random.randrange(16):
        one = random.choice(fixed)
    return (one, other) if random.randrange(2) else (other, one)


def _wireguard(random: Random) -> Content:
    least = wireguard.LEAST_DATA_LENGTH
    lengths = {
        wireguard.INITIATION: wireguard.INITIATION_LENGTH,
        wireguard.RESPONSE: wireguard.RESPONSE_LENGTH,
        wireguard.COOKIE: wireguard.COOKIE_LENGTH,
        wireguard.DATA: least + wireguard.DATA_UNIT * random.randrange(8),
    }
    head = random.choice(list(lengths))
    if random.randrange(2):
        return _datagram(random, head + random.randbytes(lengths[head] - 4))
    counts = b"".join(number(random.choice((0, most, most + 1, 256)), 2) for most in dns.MOST)
    return _datagram(random, head + counts + random.randbytes(lengths[head] - 12), *sorted(dns.PORTS))


def _openvpn(random: Random) -> bytes:
    """A reset, in one of its forms."""
    acknowledged = random.randrange(2)
    first = openvpn.SERVER_V2 if acknowledged else openvpn.CLIENT_V2
    session = number(first, 1) + random.randbytes(8)
    prefix = random.choice((0, 0, 0x0100, *openvpn.PREFIXES))
    time = random.choice((0x69000000, openvpn.EARLIEST, openvpn.LATEST, openvpn.EARLIEST - 1, openvpn.LATEST + 1))
    replay = number(prefix, 2) + number(random.choice((1, 2, 255, 0, 256)), 2) + number(time, 4)
    end = number(acknowledged, 1) + bytes(4 * acknowledged) + random.randbytes(8 * acknowledged) + bytes(4)
    form = random.randrange(4)
    if form == 0:
        return session + end
    if form == 1:
        return session + random.randbytes(random.choice(openvpn.HMACS)) + replay + end
    tail = openvpn.COOKIE * random.randrange(2) if acknowledged else 0
    crypt = replay + random.randbytes(openvpn.TAG + len(end) + tail)
    if form == 2 or acknowledged:
        return session + crypt
    longest = openvpn.MOST_V3 - openvpn.CLIENT_CRYPT
    key = random.choice((2, 3, 290, 1000, longest, longest + 1))
    return number(openvpn.CLIENT_V3, 1) + session[1:] + crypt + random.randbytes(key - 2) + number(key, 2)


def _openvpn_datagram(random: Random) -> Content:
    return _datagram(random, _openvpn(random))


def _openvpn_segment(random: Random) -> Content:
    records = b""
    for _ in range(random.choice((1, 1, 2, 3))):
        record = _openvpn(random)
        records += number(len(record), 2) + record
    return _segment(random, records)


def _ike(random: Random) -> Content:
    version = random.choice(list(ike.EXCHANGES))
    exchange = random.choice(sorted(ike.EXCHANGES[version]))
    spis = random.randbytes(8) + random.choice((bytes(8), random.randbytes(8)))
    body = random.randbytes(random.choice((0, 1, 4, 132, 400)))
    length = number(ike.HEADER + len(body), 4)
    message = spis + number(33, 1) + number(version, 1) + number(exchange, 1) + b"\x08" + bytes(4) + length + body
    is_behind_nat = random.randrange(2)
    return _datagram(random, ike.NON_ESP * is_behind_nat + message, ike.NAT_PORT if is_behind_nat else ike.IKE_PORT)


def _esp_in_udp(random: Random) -> Content:
    least, most = ike.DNS_COUNTS[0], ike.DNS_COUNTS[-1]
    spi = random.choice((number(ike.RESERVED_SPIS, 4), number(ike.RESERVED_SPIS + 1, 4), random.randbytes(4)))
    sequences = 0, 1, 7, ike.MOST_SEQUENCE, ike.MOST_SEQUENCE + 1, least - 1, least, most, most + 1
    body = random.randbytes(random.choice((20, 16, 24, 23, 100, 1200)))
    packet = spi + number(random.choice(sequences), 4) + body
    quic = bytes([0xC0 | random.randrange(64)]) + random.choice((ike.QUIC_VERSION1, b"\0\0\0\2"))
    dtls = number(random.choice((19, 20, 25, 26)), 1) + random.choice((*ike.DTLS_VERSIONS, b"\xfe\xfe"))
    beginning = random.choice((b"", b"", quic, dtls))
    whole = beginning + packet[len(beginning) :]
    return _datagram(random, random.choice((whole, whole, whole, ike.KEEP_ALIVE)), ike.NAT_PORT)


def _l2tp_control(random: Random) -> Content:
    ids = bytes(4) if random.randrange(2) else random.randbytes(4)
    kind = random.choice((0, l2tp.MANDATORY, 0x4000, 0x0400, 0xC000)) | 8
    attribute = number(kind, 2) + bytes(4) + number(random.choice((1, 1, 2, 6)), 2)
    rest = ids + random.randbytes(4) + random.choice((b"", attribute, attribute + random.randbytes(20)))
    return _datagram(random, number(l2tp.A_CONTROL_MESSAGE, 2) + number(4 + len(rest), 2) + rest, l2tp.PORT)


def _l2tp_data(random: Random) -> Content:
    flags = l2tp.VERSION2
    for flag in (l2tp.LENGTH, l2tp.SEQUENCE, l2tp.OFFSET, l2tp.PRIORITY):
        flags |= flag * random.randrange(2)
    rest = random.choice((bytes(2), b"\0\7")) + random.choice((bytes(2), b"\0\7")) + random.randbytes(_small(random))
    length = number(4 + len(rest), 2) if flags & l2tp.LENGTH else b""
    return _datagram(random, number(flags, 2) + length + rest, l2tp.PORT)


def _pptp(random: Random) -> Content:
    kind = number(random.choice((0, 1, 1, 1, 2, 15, 16)), 2)
    length = random.choice((pptp.HEADER, 16, pptp.REQUEST_LENGTH, pptp.REQUEST_LENGTH))
    message = number(length, 2) + pptp.CONTROL_MESSAGE + pptp.COOKIE + kind + bytes(length - 10)
    return _segment(random, message + random.choice((b"", b"", message)), pptp.PORT)


def _gre(random: Random) -> Content:
    first = random.choice((pptp.KEY, pptp.KEY | pptp.SEQUENCE, 0, 0x80, 0xFF))
    second = random.choice((pptp.VERSION1, pptp.VERSION1 | pptp.ACKNOWLEDGEMENT, 0, 0x81 ^ 0xFF))
    kind = random.choice((pptp.PPP, pptp.PPP, b"\x08\0"))
    return Content(oracle.GRE, None, bytes([first, second]) + kind + random.randbytes(4 + _small(random)))


def _by_number(random: Random) -> Content:
    kind = random.choice((oracle.ESP, oracle.AH, 1, 4, 41, 59, 89, 115, 132, 136, 253, random.randrange(256)))
    return Content(kind, None, random.randbytes(_small(random)))


def _anything(random: Random) -> Content:
    kind = random.choice((oracle.UDP, oracle.TCP))
    return Content(kind, _ports(random), random.randbytes(random.choice((_small(random), 54, 92, 148, 156))))


def _small(random: Random) -> int:
    return random.choice((0, 0, 1, 2, 3, 4, 8, 16, 40))


KINDS: tuple[Callable[[Random], Content], ...] = (
    _wireguard, _wireguard, _openvpn_datagram, _openvpn_datagram, _openvpn_segment, _ike, _esp_in_udp,
    _l2tp_control, _l2tp_data, _pptp, _gre, _by_number, _anything,
)  # fmt: skip
