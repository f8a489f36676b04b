"""OpenVPN's resets, of which nothing is encrypted that is looked at.

The OpenVPN wire protocol draft (openvpn-wire-protocol), sections 3 and 4; doc/tls-crypt-v2.txt and ssl_pkt.h of OpenVPN
for tls-crypt. After the first byte, opcode and key id 0, is the sender's session id, 8 bytes; then, in each form of its
own order:

- plain: how many packets are acknowledged (1), those (4 each) and, when there are any, the peer's session id (8); the
  number of this packet (4);
- tls-auth: an HMAC, a replay id (4) and a time (4); then as plain;
- tls-crypt: replay id and time, a tag of 32 bytes; then as plain, but encrypted;
- tls-crypt-v2: the client's reset has its wrapped key behind that, which ends with its own length (2).
"""

from tests.oracle.said import Said, continues, opens
from tests.oracle.transport import Payload

CLIENT_V2, SERVER_V2, CLIENT_V3 = 7 << 3, 8 << 3, 10 << 3
HMACS = (16, 20, 28, 32, 48, 64)  # bytes: MD5, SHA1, SHA224, SHA256, SHA384, SHA512
NUMBERED = 1 + 8  # bytes before what the forms differ in
REPLAY, TAG = 4 + 4, 32
ACKNOWLEDGED = 4 + 8  # one packet's number, and the peer's session id
COOKIE = 6  # what a server adds that asks for the wrapped key again: type, length and value, two bytes each

CLIENT_PLAIN = NUMBERED + 1 + 4
CLIENT_CRYPT = NUMBERED + REPLAY + TAG + 1 + 4
LEAST_V3, MOST_V3 = CLIENT_CRYPT + 2, 2000

MOST_REPLAYS = 255  # a replay id counts up with each retransmission
# What stands in front of that: nothing, or what announces early negotiation, at either end of tls-crypt-v2 (ssl_pkt.h,
# EARLY_NEG_START; the second as it was seen in captures).
PREFIXES = (0, 0x0F00, 0x0A01)
EARLIEST, LATEST = 0x40000000, 0xBFFFFFFF  # the years 2004 and 2072


def read_datagram(payload: Payload) -> Said | None:
    """Return what a datagram is in OpenVPN; None for none."""
    return _read(payload.data, payload.length)


def read_segment(payload: Payload) -> Said | None:
    """Return what a TCP segment's first packet is; each is behind its length, of two bytes (section 2)."""
    data = payload.data
    if len(data) < 2:
        return None
    length = int.from_bytes(data[:2])
    return _read(data[2 : 2 + length], length) if length <= payload.length - 2 else None


def _read(data: bytes, length: int) -> Said | None:
    """Read what is there of a packet of ``length`` bytes."""
    if not data:
        return None
    if data[0] == CLIENT_V2:
        return opens("openvpn") if _is_reset(data, length, acknowledged=0) else None
    if data[0] == SERVER_V2:
        return continues("openvpn") if _is_reset(data, length, acknowledged=1) else None
    if data[0] == CLIENT_V3:
        return opens("openvpn") if _is_client_v3(data, length) else None
    return None


def _is_reset(data: bytes, length: int, acknowledged: int) -> bool:
    more = acknowledged * ACKNOWLEDGED
    if length == CLIENT_PLAIN + more:
        return _is_end(data, NUMBERED, acknowledged)
    for hmac in HMACS:
        if length == CLIENT_PLAIN + hmac + REPLAY + more:
            replay = NUMBERED + hmac
            if _is_replay(data, replay) and _is_end(data, replay + REPLAY, acknowledged):
                return True
    is_crypt = length == CLIENT_CRYPT + more or (acknowledged and length == CLIENT_CRYPT + more + COOKIE)
    return bool(is_crypt and _is_replay(data, NUMBERED))


def _is_client_v3(data: bytes, length: int) -> bool:
    if not LEAST_V3 <= length <= MOST_V3 or len(data) < length:
        return False
    if int.from_bytes(data[-2:]) != length - CLIENT_CRYPT:
        return False
    return _is_replay(data, NUMBERED)


def _is_replay(data: bytes, at: int) -> bool:
    """Whether these are the replay id of a first packet, and a time."""
    if len(data) < at + REPLAY:
        return False
    prefix, number = int.from_bytes(data[at : at + 2]), int.from_bytes(data[at + 2 : at + 4])
    time = int.from_bytes(data[at + 4 : at + 8])
    return prefix in PREFIXES and 1 <= number <= MOST_REPLAYS and EARLIEST <= time <= LATEST


def _is_end(data: bytes, at: int, acknowledged: int) -> bool:
    """Whether so many packets are acknowledged here, and this is packet number 0, as is what it acknowledges."""
    if len(data) <= at or data[at] != acknowledged:
        return False
    own = at + 1 + acknowledged * ACKNOWLEDGED
    return data[own : own + 4] == bytes(4) and (not acknowledged or data[at + 1 : at + 5] == bytes(4))
