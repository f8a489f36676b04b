"""How often random bytes are what they are not: the probability of each form, from what of it is fixed."""

from collections.abc import Callable
from math import exp, lgamma, log

from tests.oracle import ike, l2tp, openvpn, wireguard

LENGTHS: tuple[int, ...] = (
    1, 12, 14, 20, 26, 28, 32, 38, 42, 50, 54, 56, 60, 62, 64, 66, 70, 72, 80, 82, 86, 92, 96, 98, 112, 128, 144, 147,
    148, 149, 156, 160,
)  # fmt: skip
PORTS = (ike.IKE_PORT, ike.NAT_PORT, l2tp.PORT, 53, 443, 1194, 51820, 40001)
"""Of these each payload gets one, all equally often: all that a form can have, and neighbours."""

BYTE, HALF, WORD, LONG = 2.0**-8, 2.0**-16, 2.0**-32, 2.0**-64
NON_ZERO = 1 - HALF
OPENING = ", opening"

UNLIKELY = 1e-9
"""A count that chance makes less likely than this is no chance."""


def expected(payloads: int) -> dict[str, float]:
    """Return how many of so many payloads are taken for each protocol, by whether they open a session."""
    each = payloads / (len(LENGTHS) * len(PORTS))
    return {
        name: each * sum(form(length, port) for length in LENGTHS for port in PORTS) for name, form in FORMS.items()
    }


def is_plausible(seen: int, mean: float) -> bool:
    """Return whether a count is one that a Poisson distribution with this mean may well give."""
    upper = sum(_poisson(count, mean) for count in range(seen, seen + 1000 + 2 * int(mean)))
    lower = sum(_poisson(count, mean) for count in range(max(0, seen - 1000 - int(mean)), seen + 1))
    return min(upper, lower) > UNLIKELY


def _poisson(count: int, mean: float) -> float:
    return exp(count * log(mean) - mean - lgamma(count + 1))


def _wireguard(length: int, port: int) -> float:
    """Four fixed bytes for each form that has this length; that some are DNS on port 53 is less than 2^-60 of them."""
    fixed = (wireguard.RESPONSE_LENGTH, wireguard.COOKIE_LENGTH)
    is_data = length >= wireguard.LEAST_DATA_LENGTH and length % wireguard.DATA_UNIT == 0
    return WORD * (fixed.count(length) + is_data)


def _wireguard_opening(length: int, port: int) -> float:
    return WORD * (length == wireguard.INITIATION_LENGTH)


IDS = len(openvpn.PREFIXES) * openvpn.MOST_REPLAYS * WORD
REPLAY = IDS * (openvpn.LATEST - openvpn.EARLIEST + 1) * WORD
"""A replay id with its time."""


def _openvpn(length: int, port: int) -> float:
    """A server's reset: the first byte, a replay id where there is one, one acknowledgement of message 0, message 0."""
    own = length - openvpn.ACKNOWLEDGED
    end = BYTE * LONG
    is_crypt = own in (openvpn.CLIENT_CRYPT, openvpn.CLIENT_CRYPT + openvpn.COOKIE)
    return BYTE * (end * (own == openvpn.CLIENT_PLAIN) + end * REPLAY * _authentic(own) + REPLAY * is_crypt)


def _openvpn_opening(length: int, port: int) -> float:
    """A client's reset: the same without an acknowledgement; or with its wrapped key's length, under another byte."""
    end = BYTE * WORD
    forms = end * (length == openvpn.CLIENT_PLAIN) + end * REPLAY * _authentic(length)
    forms += REPLAY * (length == openvpn.CLIENT_CRYPT)
    forms += REPLAY * HALF * (openvpn.LEAST_V3 <= length <= openvpn.MOST_V3)
    return BYTE * forms


def _authentic(length: int) -> bool:
    return length - openvpn.CLIENT_PLAIN - openvpn.REPLAY in openvpn.HMACS


def _ike(length: int, port: int) -> float:
    if port == ike.IKE_PORT:
        return _isakmp(length)
    if port != ike.NAT_PORT:
        return 0
    return BYTE * (length == 1) + WORD * _isakmp(length - len(ike.NON_ESP)) + _esp(length)


def _ike_opening(length: int, port: int) -> float:
    """As any other header, with a responder that is zero; a notification opens nothing."""
    in_front = {ike.IKE_PORT: 0, ike.NAT_PORT: len(ike.NON_ESP)}.get(port)
    if in_front is None:
        return 0
    return 2.0 ** (-8 * in_front) * LONG * _header(length - in_front, EXCHANGES - 1)


EXCHANGES = sum(map(len, ike.EXCHANGES.values()))


def _isakmp(length: int) -> float:
    """What opens no session: a responder that is none of zeros, or a notification."""
    return (1 - LONG) * _header(length, EXCHANGES) + LONG * _header(length, 1)


def _header(length: int, exchanges: int) -> float:
    """An initiator, one of so many pairs of version and exchange, and the length."""
    return (1 - LONG) * exchanges * HALF * WORD if length >= ike.HEADER else 0


def _esp(length: int) -> float:
    """Both numbers in their bounds, and not what else begins so."""
    if length < ike.LEAST_ESP or length % ike.WORD:
        return 0
    spis = 1 - (ike.RESERVED_SPIS + 1) * WORD - len(ike.DTLS_CONTENTS) * BYTE * len(ike.DTLS_VERSIONS) * HALF
    sequences = (ike.MOST_SEQUENCE - len(ike.DNS_COUNTS)) * WORD
    quic = 2.0**-2 * 2.0**-24 * BYTE
    return spis * sequences - quic


def _l2tp(length: int, port: int) -> float:
    """Control: two bytes of flags, and its length. Data: 12 bits, a tunnel, a session, and its length if it has one."""
    if port != l2tp.PORT or length < l2tp.LEAST_DATA:
        return 0
    flags = l2tp.LENGTH | l2tp.SEQUENCE | l2tp.OFFSET | l2tp.PRIORITY
    data = 2.0 ** (flags.bit_count() - 16) * NON_ZERO**2
    return HALF * HALF - _l2tp_opening(length, port) + data * (1 + HALF) / 2


def _l2tp_opening(length: int, port: int) -> float:
    """Control, with tunnel and session 0 and the attribute of a request, of which one bit is free."""
    if port != l2tp.PORT or length < l2tp.CONTROL_HEADER + len(l2tp.A_REQUEST):
        return 0
    return HALF * HALF * WORD * 2 * LONG


FORMS: dict[str, Callable[[int, int], float]] = {
    "wireguard": _wireguard,
    f"wireguard{OPENING}": _wireguard_opening,
    "openvpn": _openvpn,
    f"openvpn{OPENING}": _openvpn_opening,
    "ike": _ike,
    f"ike{OPENING}": _ike_opening,
    "l2tp": _l2tp,
    f"l2tp{OPENING}": _l2tp_opening,
}
"""Of each protocol over UDP, and of what opens a session in it: how likely a random payload of this length at this port
is taken for it."""
