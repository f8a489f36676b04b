"""L2TP, RFC 2661."""

from tests.oracle.said import Said, continues, opens
from tests.oracle.transport import Payload

PORT = 1701  # section 8.1

# Section 3.1: the first two bytes are flags, and a version of 2. What is not named is reserved and must be 0.
CONTROL, LENGTH, SEQUENCE, OFFSET, PRIORITY, VERSION2 = 0x8000, 0x4000, 0x0800, 0x0200, 0x0100, 0x0002
A_CONTROL_MESSAGE = CONTROL | LENGTH | SEQUENCE | VERSION2  # neither offset nor priority
A_DATA_MESSAGE = VERSION2  # of a tunnel and a session, whose ids are never 0 (sections 4.4.3 and 4.4.4)
LEAST_DATA = 12  # bytes: flags, tunnel and session, and PPP's protocol with a packet of LCP (RFC 1661, section 5)
CONTROL_HEADER = 12  # bytes: flags, length, tunnel, session, Ns, Nr

# Section 4.1: an attribute has M, H, four reserved bits and its length in two bytes; vendor, type; value. The first of
# a message says which it is (section 4.4.1): never hidden, vendor 0, type 0, 1 for a start-control-connection-request.
MANDATORY = 0x8000
A_REQUEST = b"\0\x08" + b"\0\0" + b"\0\0" + b"\0\1"


def read(payload: Payload) -> Said | None:
    """Return what a datagram is in L2TP; None for none."""
    data, length = payload.data, payload.length
    if PORT not in payload.ports or len(data) < 2:
        return None
    flags = int.from_bytes(data[:2])
    return _control(data, length) if flags == A_CONTROL_MESSAGE else _data(data, length, flags)


def _control(data: bytes, length: int) -> Said | None:
    if len(data) < CONTROL_HEADER or int.from_bytes(data[2:4]) != length:
        return None
    if length < CONTROL_HEADER + len(A_REQUEST):
        return continues("l2tp")
    attribute = data[CONTROL_HEADER : CONTROL_HEADER + len(A_REQUEST)]
    if len(attribute) < len(A_REQUEST):
        return None  # whether it opens a session nobody can know
    is_request = attribute[0] & ~(MANDATORY >> 8) == A_REQUEST[0] and attribute[1:] == A_REQUEST[1:]
    return opens("l2tp") if data[4:8] == bytes(4) and is_request else continues("l2tp")


def _data(data: bytes, length: int, flags: int) -> Said | None:
    if flags & ~(LENGTH | SEQUENCE | OFFSET | PRIORITY) != A_DATA_MESSAGE:
        return None
    if len(data) < LEAST_DATA:
        return None
    at = 4 if flags & LENGTH else 2
    if flags & LENGTH and int.from_bytes(data[2:4]) != length:
        return None
    tunnel, session = data[at : at + 2], data[at + 2 : at + 4]
    return continues("l2tp") if bytes(2) not in (tunnel, session) else None
