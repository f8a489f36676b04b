"""IKE and the ESP that goes in UDP with it."""

from tests.oracle.said import Said, continues, opens
from tests.oracle.transport import Payload

IKE_PORT, NAT_PORT = 500, 4500  # RFC 7296, section 2
NON_ESP = bytes(4)  # what is in front of IKE on port 4500: no SPI (RFC 3948, section 2.2)
KEEP_ALIVE = b"\xff"  # RFC 3948, section 2.3

# RFC 7296, section 3.1, and RFC 2408, section 3.1: initiator's SPI 8, responder's SPI 8, next payload 1, version 1,
# exchange 1, flags 1, message id 4, length 4.
HEADER = 28
VERSION1, VERSION2 = 0x10, 0x20
EXCHANGES = {
    # RFC 2408, section 3.1: base, identity protection, authentication only, aggressive, informational; 6 is
    # draft-ietf-ipsec-isakmp-mode-cfg's transaction; quick and new group mode are RFC 2409's.
    VERSION1: {1, 2, 3, 4, 5, 6, 32, 33},
    # RFC 7296: 34 to 37; RFC 5723: session resumption; RFC 9838: group keys, 39 to 41; RFC 9242: IKE_INTERMEDIATE, 43;
    # RFC 9370: IKE_FOLLOWUP_KE, 44.
    VERSION2: {34, 35, 36, 37, 38, 39, 40, 41, 43, 44},
}
NOTIFICATION1 = 5  # version 1's informational exchange: needs no responder, and opens nothing

# RFC 4303, section 2: SPI 4, sequence number 4, content with its padding in whole words of 4 (section 2.4), of which
# there is a block at least, and what authenticates it, 12 or more. SPIs of 0 to 255 are reserved (section 2.1).
LEAST_ESP, WORD, RESERVED_SPIS = 28, 4, 255
MOST_SEQUENCE = (1 << 28) - 1

QUIC_VERSION1 = b"\0\0\0\1"  # RFC 9000, section 17.2, behind a first byte of which the upper two bits are set
DTLS_CONTENTS = range(20, 26)  # RFC 6347, RFC 6520, RFC 9146
DTLS_VERSIONS = (b"\xfe\xff", b"\xfe\xfd")  # DTLS 1.0 and 1.2
DNS_COUNTS = range(0x00010000, 0x00010020)  # RFC 1035, section 4.1.1: one question, and up to 31 answers


def read(payload: Payload) -> Said | None:
    """Return what a datagram is in IKE; None for none."""
    if IKE_PORT in payload.ports:
        said = _read_ike(payload.data, payload.length)
        if said:
            return said
    return _read_behind_nat(payload.data, payload.length) if NAT_PORT in payload.ports else None


def _read_behind_nat(data: bytes, length: int) -> Said | None:
    if length == 1:
        return continues("ike") if data == KEEP_ALIVE else None
    if data[:4] == NON_ESP:
        return _read_ike(data[4:], length - 4)
    return continues("ike") if _is_esp(data, length) else None


def _read_ike(data: bytes, length: int) -> Said | None:
    if len(data) < HEADER:
        return None
    initiator, responder, version, exchange = data[0:8], data[8:16], data[17], data[18]
    if initiator == bytes(8) or exchange not in EXCHANGES.get(version, ()) or int.from_bytes(data[24:28]) != length:
        return None
    if responder == bytes(8) and (version, exchange) != (VERSION1, NOTIFICATION1):
        return opens("ike")
    return continues("ike")


def _is_esp(data: bytes, length: int) -> bool:
    if length < LEAST_ESP or length % WORD or len(data) < 8:
        return False
    spi, sequence = int.from_bytes(data[0:4]), int.from_bytes(data[4:8])
    if spi <= RESERVED_SPIS or not 1 <= sequence <= MOST_SEQUENCE:
        return False
    is_quic = data[0] & 0xC0 == 0xC0 and data[1:5] == QUIC_VERSION1
    is_dtls = data[0] in DTLS_CONTENTS and data[1:3] in DTLS_VERSIONS
    return not (is_quic or is_dtls or sequence in DNS_COUNTS)
