"""What is in front of IP: Ethernet, VLAN tags, MPLS labels, PPPoE."""

from tests.oracle.said import truncated, unknown

ETHERNET = 14  # bytes: two addresses and the type (IEEE 802.3, clause 3.2.6)
VERSIONS = {0x0800: 4, 0x86DD: 6}  # EtherTypes of IP, from IANA's registry
TAGS = {0x8100, 0x88A8, 0x9100}  # IEEE 802.1Q's C-tag and S-tag; the S-tag before it had a number
LABELS = {0x8847, 0x8848}  # MPLS, downstream-assigned and upstream-assigned (RFC 5332, section 3)
PPPOE_SESSION = 0x8864  # RFC 2516, section 4
PPP = {0x0021: 4, 0x0057: 6}  # PPP's protocol numbers of IPv4 (RFC 1332) and IPv6 (RFC 5072)

MOST_HEADERS = 6
"""Tags, labels and PPPoE headers that are looked behind, together: docs/kernel.md, "Limits"."""


def ip_in(frame: bytes) -> tuple[int, int]:
    """Return which version of IP a frame carries, 4 or 6, and where its header begins.

    Raises:
        Unread: it carries none, or not all of what is in front of it is there.
    """
    kind, at, left = _number(frame, 12), ETHERNET, MOST_HEADERS
    while kind in TAGS and left:
        _demand(frame, at, 4)
        kind, at, left = _number(frame, at + 2), at + 4, left - 1
    if kind in VERSIONS:
        return VERSIONS[kind], at
    if kind in LABELS:
        return _behind_labels(frame, at, left)
    if kind == PPPOE_SESSION and left:
        return _behind_pppoe(frame, at)
    raise unknown()


def _behind_labels(frame: bytes, at: int, most: int) -> tuple[int, int]:
    """Labels of four bytes, of which the last has the bottom-of-stack bit (RFC 3032, section 2.1).

    Nothing says what follows; by custom the first four bits tell (RFC 4928, section 3).
    """
    for _ in range(most):
        _demand(frame, at, 4 + 1)  # something follows each
        is_last, at = frame[at + 2] & 1, at + 4
        if is_last:
            version = frame[at] >> 4
            if version in (4, 6):
                return version, at
            break
    raise unknown()


def _behind_pppoe(frame: bytes, at: int) -> tuple[int, int]:
    """Version and type 1, code 0, session, length (RFC 2516, section 4); then PPP's protocol, never compressed."""
    _demand(frame, at, 8)
    protocol = _number(frame, at + 6)
    if frame[at] != 0x11 or frame[at + 1] != 0 or protocol not in PPP:
        raise unknown()
    return PPP[protocol], at + 8


def _number(frame: bytes, at: int) -> int:
    return frame[at] << 8 | frame[at + 1]


def _demand(frame: bytes, at: int, size: int) -> None:
    if len(frame) < at + size:
        raise truncated()
