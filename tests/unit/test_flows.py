"""Flows: how the answers about a capture's packets are counted; tests/kernel/test_flows.py holds whose they are."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet

from control.datapath.probe.answer import Answer, End
from control.replay.flows import replay
from tests.unit.test_capture import enhanced, interface, pcap, record, section

# Every address is given, or scapy asks the network for it.
ETHER = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
ARP_REQUEST = ARP(hwsrc="02:00:00:00:00:01", psrc="192.0.2.9", hwdst="00:00:00:00:00:00", pdst="192.0.2.10")
UDP4 = IP(src="192.0.2.9", dst="192.0.2.10") / UDP(sport=1000, dport=53) / b"data"
UDP6 = IPv6(src="2001:db8::9", dst="2001:db8::10") / UDP(sport=1000, dport=53) / b"data"
BETWEEN4 = End("192.0.2.9", 1000), End("192.0.2.10", 53)
BETWEEN6 = End("2001:db8::9", 1000), End("2001:db8::10", 53)


def answer(
    protocol: str = "none",
    *,
    handshake: bool = False,
    verdict: str = "pass",
    reason: str = "ordinary",
    ends: tuple[End, End] = BETWEEN4,
    short_read: bool = False,
) -> Answer:
    """Return what the program may say of a UDP packet between two ends."""
    family = 6 if ":" in ends[0].address else 4
    return Answer(
        protocol, handshake, verdict, reason, None, 0, False, False, family, 17, *ends, 14, 42, 4, 0, 0,
        short_read=short_read,
    )  # fmt: skip


class Script:
    """Says the given answers, one a packet: what is tested here is how they are counted."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)

    def probe_all(self, frames: Sequence[bytes]) -> Iterable[Answer]:
        return map(self.probe, frames)

    def probe(self, frame: bytes) -> Answer:
        assert len(frame) >= 14
        return self.answers.pop(0)


OPENVPN, OPENING = answer("openvpn"), answer("openvpn", handshake=True)
ORDINARY, ORDINARY6 = answer(), answer(ends=BETWEEN6)
NO_IP = replace(answer(reason="unknown"), family=0, source=None, destination=None, payload_offset=0)
REFUSED = answer("openvpn", handshake=True, verdict="drop", reason="enforced")

PROTOCOLS = {
    "nothing recognised": ([ORDINARY, ORDINARY], "none"),
    "unrecognised packets have no say": ([ORDINARY, OPENVPN, ORDINARY], "openvpn"),
    "the most packets decide": ([answer("esp"), answer("ike"), answer("ike")], "ike"),
    "a handshake outdoes the most packets": ([answer("ike"), answer("ike"), OPENING], "openvpn"),
    "the first handshake counts": ([OPENING, answer("ike", handshake=True)], "openvpn"),
}


def capture(path: Path, *frames: Packet) -> Path:
    path.write_bytes(pcap(*(record(bytes(frame)) for frame in frames)))
    return path


@pytest.mark.parametrize(("answers", "protocol"), PROTOCOLS.values(), ids=PROTOCOLS)
def test_a_flow_takes_its_protocol_from_its_packets(tmp_path: Path, answers: list[Answer], protocol: str) -> None:
    file = capture(tmp_path / "file", *[ETHER / UDP4] * len(answers))
    (flow,) = replay(file, Script(*answers)).flows
    assert flow.protocol == protocol


def test_packets_are_counted_by_flow_and_verdict(tmp_path: Path) -> None:
    file = capture(tmp_path / "file", ETHER / UDP4, ETHER / UDP6, ETHER / ARP_REQUEST, ETHER / UDP4)
    result = replay(file, Script(REFUSED, ORDINARY6, NO_IP, OPENVPN))
    counts = [(flow.packets, flow.handshakes, flow.passed, flow.dropped) for flow in result.flows]
    assert counts == [(2, 1, 1, 1), (1, 0, 1, 0)]
    assert (result.read, result.in_flows, result.strays, result.cut) == (4, 3, 1, 0)
    assert (result.unread, result.unread_packets, result.is_capture, result.is_unreadable) == ([], 0, True, False)


def test_what_a_damaged_file_still_holds_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(pcap(record(bytes(ETHER / UDP4)), record(b"cut"))[:-1])
    result = replay(file, Script(ORDINARY))
    assert [flow.packets for flow in result.flows] == [1]
    assert result.unread == [f"the file ends inside record 2 at byte {file.stat().st_size}"]
    assert result.is_capture


def test_packets_of_an_unknown_link_type_are_counted_and_skipped(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(pcap(record(b"usb"), record(b"usb"), link=189))
    result = replay(file, Script())
    assert result.unread == ["link type 189 (USB_LINUX, USB of Linux) is not read: 2 packets skipped"]
    assert (result.unread_packets, result.read, result.is_capture, result.is_unreadable) == (2, 0, True, True)


def test_packets_of_an_interface_that_is_not_described_are_counted_and_skipped(tmp_path: Path) -> None:
    frame = bytes(ETHER / UDP4)
    file = tmp_path / "file"
    file.write_bytes(section() + interface(1) + enhanced(0, frame) + enhanced(3, frame) + enhanced(0, frame))
    result = replay(file, Script(ORDINARY, ORDINARY))
    assert [flow.packets for flow in result.flows] == [2]
    assert result.unread == ["packets of an interface that the file does not describe are not read: 1 packet skipped"]
    assert (result.unread_packets, result.is_unreadable) == (1, False)


def test_a_capture_without_packets_has_nothing_that_could_not_be_read(tmp_path: Path) -> None:
    result = replay(capture(tmp_path / "file"), Script())
    assert (result.read, result.unread, result.is_unreadable) == (0, [], False)


@pytest.mark.parametrize(
    ("name", "why"),
    [("absent", "No such file or directory"), ("text", "not a capture in pcap or pcapng format")],
)
def test_a_file_that_is_no_capture_is_told(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "text").write_text("no capture at all")
    result = replay(tmp_path / name, Script())
    assert not result.is_capture
    assert result.is_unreadable
    assert result.unread[0].startswith(why)
