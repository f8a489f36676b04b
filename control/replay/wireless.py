"""The data frames of IEEE 802.11, behind whatever a capture puts in front of them, as what they carry.

802.11: IEEE 802.11-2020, sections 9.2.4 (the header) and 9.3.2 (data frames). Behind it stands an LLC header, and IP's
is that of SNAP: RFC 1042. Radiotap: https://www.radiotap.org; Prism and AVS: tcpdump.org's page of each.
"""

from typing import NamedTuple

TYPE, DATA = 0b1100, 0b1000  # of the first byte of a frame
WITHOUT_DATA, WITH_QOS = 0x40, 0x80  # bits of the subtype above them
TO_DISTRIBUTION, FROM_DISTRIBUTION, ENCRYPTED, WITH_HT_CONTROL = 0x01, 0x02, 0x40, 0x80  # of the second byte
HEADER, ADDRESS, QOS, HT_CONTROL = 24, 6, 2, 4  # bytes
FRAGMENT_NUMBER = 0x0F  # of byte 22
AGGREGATE = 0x80  # of the QoS field's first byte

SNAP = bytes.fromhex("aaaa03")  # and three bytes that say whose types follow: Ethernet's
ETHERNETS = (bytes.fromhex("000000"), bytes.fromhex("0000f8"))  # RFC 1042; IEEE 802.1H, for bridges

RADIOTAP_HEADER, MORE_PRESENT = 8, 1 << 31
TIME_PRESENT, FLAGS_PRESENT = 1 << 0, 1 << 1
PADDED, BAD_CHECKSUM = 0x20, 0x40  # flags: the 802.11 header fills up words of 4 bytes; the frame was damaged

AVS_MAGIC, AVS_MAGIC_BITS = 0x80211000, 0xFFFFF000


class UnreadFrameError(ValueError):
    """What the frame carries cannot be known."""


class WirelessPayload(NamedTuple):
    """What a frame carries: its ethertype, two bytes, and what follows; zeros where it carries nothing of the kind."""

    ethertype: bytes
    content: bytes


NOTHING = WirelessPayload(bytes(2), b"")


def plain(frame: bytes, *, is_padded: bool = False) -> WirelessPayload:
    """Return what a frame that begins with its 802.11 header carries; management and control carry nothing.

    Raises:
        UnreadFrameError: it is encrypted, or a part of a frame, or has several within.
    """
    if len(frame) < HEADER or frame[0] & TYPE != DATA or frame[0] & WITHOUT_DATA:
        return NOTHING
    if frame[1] & ENCRYPTED:
        raise UnreadFrameError("802.11 frames that are encrypted")
    if frame[22] & FRAGMENT_NUMBER:
        raise UnreadFrameError("802.11 fragments after the first")
    both = TO_DISTRIBUTION | FROM_DISTRIBUTION
    size = HEADER + (ADDRESS if frame[1] & both == both else 0)
    if frame[0] & WITH_QOS:
        if int.from_bytes(frame[size : size + 1]) & AGGREGATE:
            raise UnreadFrameError("802.11 frames with several packets in one")
        size += QOS + (HT_CONTROL if frame[1] & WITH_HT_CONTROL else 0)
    return _behind_llc(frame[-(-size // 4) * 4 if is_padded else size :])


def _behind_llc(body: bytes) -> WirelessPayload:
    if body[:3] != SNAP or body[3:6] not in ETHERNETS or len(body) < 8:
        return NOTHING
    return WirelessPayload(body[6:8], body[8:])


def radiotap(packet: bytes) -> WirelessPayload:
    """Return what a frame behind a radiotap header carries.

    Raises:
        UnreadFrameError: as ``plain``; or it was damaged on the air.
    """
    flags = _radiotap_flags(packet)
    if flags & BAD_CHECKSUM:
        raise UnreadFrameError("802.11 frames that were received damaged")
    return plain(packet[int.from_bytes(packet[2:4], "little") :], is_padded=bool(flags & PADDED))


def _radiotap_flags(packet: bytes) -> int:
    """Return the field of flags, 0 where there is none: only the time stamp, 8 bytes long, stands before it."""
    at = 4
    present = word = int.from_bytes(packet[at : at + 4], "little")
    while word & MORE_PRESENT and at + 4 < len(packet):
        at += 4
        word = int.from_bytes(packet[at : at + 4], "little")
    at += 4
    if not present & FLAGS_PRESENT:
        return 0
    if present & TIME_PRESENT:
        at = -(-at // 8) * 8 + 8
    return packet[at] if at < len(packet) else 0


def prism(packet: bytes) -> WirelessPayload:
    """Return what a frame behind a Prism header carries, or behind AVS's, which some drivers put in its place.

    Raises:
        UnreadFrameError: as ``plain``.
    """
    if int.from_bytes(packet[:4], "big") & AVS_MAGIC_BITS == AVS_MAGIC:
        return avs(packet)
    size = packet[4:8]  # in the byte order of the capturing machine
    return plain(packet[min(int.from_bytes(size, "little"), int.from_bytes(size, "big")) :])


def avs(packet: bytes) -> WirelessPayload:
    """Return what a frame behind an AVS header carries.

    Raises:
        UnreadFrameError: as ``plain``.
    """
    return plain(packet[int.from_bytes(packet[4:8], "big") :])
