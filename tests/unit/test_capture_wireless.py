"""Packets of 802.11, with and without a header of the capturing driver's, as the Ethernet frames of what they carry."""

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dot11 import Dot11, Dot11Beacon, Dot11QoS, Dot11WEP, RadioTap
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import LLC, SNAP
from scapy.packet import Packet

from control.replay.link import UnsupportedLinkError, ethernet_frame

PLAIN, PRISM, RADIOTAP, AVS, PPI = 105, 119, 127, 163, 192
TO_DS, FROM_DS = "to_DS", "from_DS"
ENDS = {"addr1": "02:00:00:00:00:01", "addr2": "02:00:00:00:00:02", "addr3": "02:00:00:00:00:03"}
ADDRESS4 = "02:00:00:00:00:04"

UDP4 = IP(src="192.0.2.9", dst="192.0.2.10") / UDP(sport=1000, dport=53) / b"data"
WITHIN = LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(OUI=0, code=0x0800) / UDP4
FRAME = bytes(12) + b"\x08\x00" + bytes(UDP4)


def data(*flags: str, subtype: int = 0, fragment: int = 0, **more: str) -> Packet:
    return Dot11(type=2, subtype=subtype, FCfield="+".join(flags), SC=7 << 4 | fragment, **ENDS, **more)


def qos(*flags: str, **more: str) -> Packet:
    return data(*flags, subtype=8, fragment=0, **more)


FRAMES = {
    "to the access point": data(TO_DS) / WITHIN,
    "from the access point": data(FROM_DS) / WITHIN,
    "between two stations": data() / WITHIN,
    "between two access points, with four addresses": data(TO_DS, FROM_DS, addr4=ADDRESS4) / WITHIN,
    "with QoS": qos(TO_DS) / Dot11QoS(TID=5) / WITHIN,
    "with QoS and four addresses": qos(TO_DS, FROM_DS, addr4=ADDRESS4) / Dot11QoS() / WITHIN,
    "with QoS and HT control": qos(TO_DS, "order") / Dot11QoS() / b"\1\2\3\4" / WITHIN,
    "the first of several fragments": data(TO_DS, "MF") / WITHIN,
    "sent again": data(TO_DS, "retry") / WITHIN,
    "with the type code of a bridge": data(TO_DS)
    / LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(OUI=0xF8, code=0x0800) / UDP4,
}  # fmt: skip

OTHERS = {
    "a beacon": Dot11(type=0, subtype=8, **ENDS) / Dot11Beacon(),
    "an acknowledgement": Dot11(type=1, subtype=13, addr1=ENDS["addr1"]),
    "data without data": data(TO_DS, subtype=4),
    "QoS without data": data(TO_DS, subtype=12) / Dot11QoS(),
    "LLC without SNAP": data(TO_DS) / LLC(dsap=0x42, ssap=0x42, ctrl=3) / b"spanning tree",
    "SNAP of another organisation": data(TO_DS) / LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(OUI=0xC, code=0x0800) / UDP4,
}

UNREAD = {
    "802.11 frames that are encrypted": data(TO_DS, "protected") / Dot11WEP(wepdata=b"sealed" * 9),
    "802.11 fragments after the first": data(TO_DS, fragment=1) / b"the rest",
    "802.11 frames with several packets in one": qos(TO_DS) / Dot11QoS(A_MSDU_Present=1) / b"frames",
}


def prism(order: str = "<") -> bytes:
    return pack(order + "II", 0x44, 144) + b"wlan0".ljust(136, b"\0")


def avs() -> bytes:
    return pack(">II", 0x80211001, 64) + bytes(56)


HEADERS = {
    "none": (PLAIN, b""),
    "radiotap": (RADIOTAP, bytes(RadioTap())),
    "radiotap with a time and flags": (
        RADIOTAP,
        bytes(RadioTap(present="TSFT+Flags+Rate", mac_timestamp=1, Flags="FCS")),
    ),
    "radiotap with its presence in two words": (RADIOTAP, b"\0\0\x10\0\2\0\0\x80\0\0\0\0\x10\0\0\0"),
    "Prism": (PRISM, prism()),
    "Prism of a big-endian machine": (PRISM, prism(">")),
    "AVS": (AVS, avs()),
    "AVS in the place of Prism": (PRISM, avs()),
    "PPI": (PPI, b"\0\0\x08\0" + pack("<I", PLAIN)),
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize(("link", "header"), HEADERS.values(), ids=HEADERS)
def test_a_data_frame_is_read(link: int, header: bytes, frame: Packet) -> None:
    assert ethernet_frame(link, header + bytes(frame)) == FRAME


@pytest.mark.parametrize("frame", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize(("link", "header"), HEADERS.values(), ids=HEADERS)
def test_other_frames_carry_nothing(link: int, header: bytes, frame: Packet) -> None:
    assert ethernet_frame(link, header + bytes(frame)) == bytes(14)


@pytest.mark.parametrize(("why", "frame"), UNREAD.items(), ids=UNREAD)
@pytest.mark.parametrize(("link", "header"), HEADERS.values(), ids=HEADERS)
def test_what_cannot_be_known_is_said_to_be_unread(link: int, header: bytes, frame: Packet, why: str) -> None:
    with pytest.raises(UnsupportedLinkError) as unread:
        ethernet_frame(link, header + bytes(frame))
    assert str(unread.value) == f"{why} are not read"


@pytest.mark.parametrize("time", [{}, {"mac_timestamp": 1}], ids=["no time", "a time"])
def test_radiotap_says_that_a_frame_was_damaged_or_padded(time: dict[str, int]) -> None:
    present = "+".join([*(["TSFT"] if time else []), "Flags"])
    damaged = RadioTap(present=present, Flags="badFCS", **time)
    with pytest.raises(UnsupportedLinkError, match="received damaged"):
        ethernet_frame(RADIOTAP, bytes(damaged / FRAMES["with QoS"]))
    header = bytes(RadioTap(present=present, Flags="pad", **time))
    padded = bytes(qos(TO_DS) / Dot11QoS()) + bytes(2) + bytes(WITHIN)
    assert ethernet_frame(RADIOTAP, header + padded) == FRAME
    assert ethernet_frame(RADIOTAP, header + bytes(FRAMES["to the access point"])) == FRAME, "24 bytes are whole words"


@given(st.sampled_from(sorted(FRAMES)), st.sampled_from(sorted(HEADERS)), st.data())
def test_a_frame_cut_anywhere_is_the_beginning_of_the_whole_one(name: str, behind: str, draw: st.DataObject) -> None:
    link, header = HEADERS[behind]
    whole = header + bytes(FRAMES[name])
    cut = ethernet_frame(link, whole[: draw.draw(st.integers(0, len(whole)))])
    assert FRAME.startswith(cut) or cut == bytes(14)
