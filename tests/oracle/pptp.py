"""PPTP and its GRE, RFC 2637."""

from tests.oracle.said import Said, continues, opens
from tests.oracle.transport import Payload

PORT = 1723  # section 1.3
COOKIE = b"\x1a\x2b\x3c\x4d"  # section 1.4
CONTROL_MESSAGE = b"\0\1"
# Section 2: length 2, message type 2, cookie 4, control message type 2, reserved 2.
HEADER = 12
MESSAGES = range(1, 16)
REQUEST, REQUEST_LENGTH = 1, 156  # start-control-connection-request, section 2.1

# Section 4.1, bit by bit: checksum, routing, key, sequence number, strict source route, recursion control (3);
# acknowledgement, flags (4), version (3). Only the two numbers can be there or not.
GRE_HEADER = 8  # without them: flags 2, protocol 2, length 2, call id 2
KEY, SEQUENCE = 0x20, 0x10
ACKNOWLEDGEMENT, VERSION1 = 0x80, 0x01
PPP = b"\x88\x0b"


def read(payload: Payload) -> Said | None:
    """Return what a TCP segment is in PPTP; None for none."""
    data = payload.data
    if PORT not in payload.ports or len(data) < HEADER:
        return None
    length, message = int.from_bytes(data[:2]), int.from_bytes(data[8:10])
    if not HEADER <= length <= payload.length or data[2:4] != CONTROL_MESSAGE or data[4:8] != COOKIE:
        return None
    if message not in MESSAGES:
        return None
    return opens("pptp") if message == REQUEST and length == REQUEST_LENGTH else continues("pptp")


def read_gre(data: bytes) -> Said | None:
    """Return what a GRE packet is, of which the frame has these bytes."""
    if len(data) < GRE_HEADER:
        return None
    is_pptps = data[0] & ~SEQUENCE == KEY and data[1] & ~ACKNOWLEDGEMENT == VERSION1 and data[2:4] == PPP
    return continues("gre_pptp") if is_pptps else None
