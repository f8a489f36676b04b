"""Every packet of the table, cut at every length when captured: nothing of a VPN is told as ordinary traffic."""

import io

import pytest

from control.datapath.probe.probe import ETHERNET_HEADER
from control.replay.capture import Stream
from control.replay.flows import Replay, replay
from tests.kernel.row import Row
from tests.kernel.situations import Edge
from tests.kernel.table import ROWS
from tests.unit.test_capture import pcap, record


def captured(edge: Edge, row: Row, end: int) -> Replay:
    cut = pcap(record(row.frame[:end], len(row.frame)))
    return replay(Stream("cut", io.BytesIO(cut)), edge)


def test_a_vpn_cut_anywhere_is_itself_or_unknown(edge: Edge) -> None:
    wrong = []
    for row in (row for row in ROWS if row.is_vpn):
        for end in range(ETHERNET_HEADER, len(row.frame)):
            result = captured(edge, row, end)
            assert result.cut == 1
            wrong += [
                (row.what, end, flow.protocol, flow.handshakes)
                for flow in result.flows
                if flow.protocol != "unknown"
                if flow.protocol != row.protocol or flow.handshakes != row.handshake
            ]
    assert not wrong


def test_ordinary_traffic_cut_anywhere_is_none_or_unknown(edge: Edge) -> None:
    wrong = [
        (row.what, end, flow.protocol)
        for row in ROWS
        if not row.is_vpn
        for end in range(ETHERNET_HEADER, len(row.frame))
        for flow in captured(edge, row, end).flows
        if flow.protocol not in ("none", "unknown")
    ]
    assert not wrong


@pytest.mark.parametrize("end", [96, 128])
def test_most_ordinary_traffic_is_known_to_be_ordinary_all_the_same(edge: Edge, end: int) -> None:
    """What headers announce says of nearly all of it that the bytes cut off do not matter."""
    cut = [row for row in ROWS if not row.is_vpn and len(row.frame) > end]
    unknown = [row.what for row in cut if any(flow.protocol == "unknown" for flow in captured(edge, row, end).flows)]
    assert len(cut) > 100
    assert len(unknown) < len(cut) / 5, unknown
