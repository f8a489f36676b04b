"""Every packet of the table through the loaded program, in each situation in which an edge can be."""

from collections.abc import Iterator

import pytest

from control.datapath.pins import Pinned
from control.datapath.probe import ETHERNET_HEADER
from control.vocabulary import PROTOCOLS, REASONS
from tests.kernel.packets import LINKS
from tests.kernel.row import Row
from tests.kernel.situations import SITUATIONS, Edge, Situation
from tests.kernel.table import ROWS

FEWEST_ROWS = 120


@pytest.fixture(scope="module")
def edge(pinned: Pinned) -> Iterator[Edge]:
    edge = Edge(pinned)
    yield edge
    edge.close()


@pytest.fixture(scope="module", params=SITUATIONS, ids=lambda situation: situation.name)
def situation(edge: Edge, request: pytest.FixtureRequest) -> Situation:
    situation: Situation = request.param
    situation.prepare(edge)
    return situation


def reason_for(row: Row, situation: Situation) -> str:
    if not row.is_vpn:
        return row.reason
    return situation.refusable if row.refusable else situation.other


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_packet(edge: Edge, situation: Situation, row: Row) -> None:
    answer = edge.probe(row.frame)
    reason = reason_for(row, situation)
    said = (answer.protocol, answer.handshake, answer.reason, answer.verdict)
    assert said == (row.protocol, row.handshake, reason, "drop" if reason == "enforced" else "pass")


def test_a_packet_cut_short_is_nothing_else(edge: Edge, situation: Situation) -> None:
    """A snapshot, a tail lost: what is left is still its own protocol, or none."""
    wrong = []
    for row in ROWS:
        for end in range(ETHERNET_HEADER, len(row.frame)):
            answer = edge.probe(row.frame[:end])
            if answer.protocol not in (row.protocol, "none") or (
                answer.verdict == "drop" and answer.protocol != row.protocol
            ):
                wrong.append((row.what, end, answer))
    assert not wrong


def test_the_table_is_whole() -> None:
    assert len({row.what for row in ROWS}) == len(ROWS) >= FEWEST_ROWS
    assert {row.protocol for row in ROWS} == set(PROTOCOLS)
    assert {row.link for row in ROWS} == set(LINKS)
    assert {reason_for(row, situation) for row in ROWS for situation in SITUATIONS} == set(REASONS)
