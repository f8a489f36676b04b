"""WireGuard: "WireGuard: Next Generation Kernel Network Tunnel", section 5.4."""

from tests.oracle import dns
from tests.oracle.said import Said, continues, opens
from tests.oracle.transport import Payload

# Type, and three reserved bytes of zero.
INITIATION, RESPONSE, COOKIE, DATA = b"\1\0\0\0", b"\2\0\0\0", b"\3\0\0\0", b"\4\0\0\0"
# Section 5.4.2: 4 type, 4 sender, 32 ephemeral, 32+16 static, 12+16 timestamp, 16 mac1, 16 mac2.
INITIATION_LENGTH = 4 + 4 + 32 + 48 + 28 + 16 + 16
RESPONSE_LENGTH = 4 + 4 + 4 + 32 + 16 + 16 + 16  # section 5.4.3
COOKIE_LENGTH = 4 + 4 + 24 + 32  # section 5.4.7
# Section 5.4.6: 4 type, 4 receiver, 8 counter, and what is inside, padded to 16 bytes, with a tag of 16.
LEAST_DATA_LENGTH, DATA_UNIT = 4 + 4 + 8 + 16, 16


def read(payload: Payload) -> Said | None:
    """Return what a datagram is in WireGuard; None for none."""
    data, length = payload.data, payload.length
    kind = data[:4]
    if kind == INITIATION:
        said = opens("wireguard") if length == INITIATION_LENGTH else None
    elif kind == RESPONSE:
        said = continues("wireguard") if length == RESPONSE_LENGTH else None
    elif kind == COOKIE:
        said = continues("wireguard") if length == COOKIE_LENGTH else None
    elif kind == DATA:
        said = continues("wireguard") if length >= LEAST_DATA_LENGTH and length % DATA_UNIT == 0 else None
    else:
        return None
    return None if said and dns.may_be_question(payload) else said
