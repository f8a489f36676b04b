"""Packets that were cut when captured: which flows can be judged all the same, and which nobody can know."""

from dataclasses import replace
from pathlib import Path

import pytest

from control.datapath.probe.answer import Answer, End
from control.replay.flows import Replay, replay
from tests.unit.test_capture import pcap, record
from tests.unit.test_flows import ETHER, NO_IP, OPENING, UDP4, Script, answer

FRAME = bytes(ETHER / UDP4)  # 14 bytes of Ethernet, 20 of IP, 8 of UDP, 4 of payload
ON_THE_WIRE = 60  # filled up with zeros

WANTING = answer(short_read=True)
WITHOUT_PORTS = replace(
    answer(reason="truncated", short_read=True, ends=(End("192.0.2.9", 0), End("192.0.2.10", 0))),
    ip_protocol=6, payload_offset=34, payload_length=60,
)  # fmt: skip
"""About a packet of which the program cannot read the whole TCP header."""

PROTOCOLS: dict[str, tuple[list[tuple[int, Answer]], str, int]] = {
    "bytes of the payload are wanted that were cut off": ([(45, WANTING)], "unknown", 1),
    "no bytes are wanted": ([(45, answer())], "none", 1),
    "bytes are wanted that the wire had not": ([(ON_THE_WIRE, WANTING)], "none", 0),
    "it was recognised by what there is": ([(45, replace(OPENING, short_read=True))], "openvpn", 1),
    "another packet was recognised": ([(45, WANTING), (46, OPENING), (45, WANTING)], "openvpn", 3),
    "another packet was not": ([(ON_THE_WIRE, answer()), (45, WANTING), (46, answer())], "unknown", 2),
}


def replayed(path: Path, packets: list[tuple[int, Answer]]) -> Replay:
    """Replay one packet, cut to so many bytes each time, by these answers."""
    frame = FRAME.ljust(ON_THE_WIRE, b"\0")
    file = path / "file"
    file.write_bytes(pcap(*(record(frame[:captured], ON_THE_WIRE) for captured, _ in packets)))
    return replay(file, Script(*(said for _, said in packets)))


@pytest.mark.parametrize(("packets", "protocol", "cut"), PROTOCOLS.values(), ids=PROTOCOLS)
def test_a_flow_is_unknown_where_a_cut_packet_might_be_vpn(
    tmp_path: Path, packets: list[tuple[int, Answer]], protocol: str, cut: int
) -> None:
    result = replayed(tmp_path, packets)
    (flow,) = result.flows
    assert (flow.protocol, flow.cut, result.cut) == (protocol, cut, cut)
    assert flow.verdict == ("unknown" if protocol == "unknown" else "pass")


@pytest.mark.parametrize(("captured", "strays"), [(38, 0), (37, 1), (34, 1)])
def test_a_packet_cut_in_its_tcp_header_has_a_flow_if_its_ports_are_there(
    tmp_path: Path, captured: int, strays: int
) -> None:
    result = replayed(tmp_path, [(captured, WITHOUT_PORTS)])
    ends = [(flow.protocol, flow.a, flow.b, flow.cut) for flow in result.flows]
    assert ends == ([] if strays else [("unknown", End("192.0.2.9", 1000), End("192.0.2.10", 53), 1)])
    assert (result.strays, result.cut) == (strays, 1)


def test_a_whole_packet_that_ends_in_its_tcp_header_has_no_flow(tmp_path: Path) -> None:
    """The gateway sees it so, too: nobody's ports are guessed."""
    result = replayed(tmp_path, [(ON_THE_WIRE, WITHOUT_PORTS)])
    assert (result.flows, result.strays, result.cut) == ([], 1, 0)


def test_cut_packets_outside_of_any_flow_are_counted_too(tmp_path: Path) -> None:
    result = replayed(tmp_path, [(20, NO_IP), (ON_THE_WIRE, NO_IP)])
    assert (result.flows, result.strays, result.cut) == ([], 2, 1)
