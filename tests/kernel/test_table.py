"""Every packet of the table through the loaded program, in each situation in which an edge can be."""

import pytest
from scapy.packet import Packet

from control.datapath.probe.frames import frame
from control.datapath.probe.probe import ETHERNET_HEADER
from control.protocols import ALWAYS_REFUSABLE
from control.vocabulary import PROTOCOLS, REASONS, VPN_PROTOCOLS
from lab.packets import CLIENT4, CLIENT6, LINKS, SERVER4, SERVER6, ip4, ip6
from tests.kernel.row import Row
from tests.kernel.situations import SITUATIONS, Edge, Situation
from tests.kernel.table import ROWS

FEWEST_ROWS = 120


@pytest.fixture(scope="module", params=SITUATIONS, ids=lambda situation: situation.name)
def situation(edge: Edge, request: pytest.FixtureRequest) -> Situation:
    situation: Situation = request.param
    situation.prepare(edge)
    return situation


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_packet(edge: Edge, situation: Situation, row: Row) -> None:
    answer = edge.probe(row.frame)
    reason = situation.reason_for(row)
    said = (answer.protocol, answer.handshake, answer.reason, answer.verdict)
    assert said == (row.protocol, row.handshake, reason, situation.verdict_for(row))


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


@pytest.mark.parametrize("link", [name for name in LINKS if name != "ethernet"])
def test_whatever_carries_it(edge: Edge, link: str) -> None:
    """Everything that the program can read is the same behind every tag and label."""
    carriers = {b"\x08\0": header_of(link, ip4()), b"\x86\xdd": header_of(link, ip6())}
    wrong = []
    for row in ROWS:
        carrier = carriers.get(row.frame[12:14])
        if carrier is None or row.reason in ("unknown", "truncated"):
            continue
        answer = edge.probe(carrier + row.frame[ETHERNET_HEADER:])
        if (answer.protocol, answer.handshake) != (row.protocol, row.handshake):
            wrong.append((row.what, answer))
    assert not wrong


def header_of(link: str, ip: Packet) -> bytes:
    return bytes(LINKS[link] / ip)[: -len(bytes(ip))]


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("protocol", VPN_PROTOCOLS)
def test_what_explain_asks_about_is_what_it_says(edge: Edge, protocol: str, version: int) -> None:
    source, destination = (CLIENT4, SERVER4) if version == 4 else (CLIENT6, SERVER6)
    answer = edge.probe(frame(protocol, source, destination))
    assert answer.protocol == protocol
    assert answer.handshake == (protocol not in ALWAYS_REFUSABLE)


def test_the_table_is_whole() -> None:
    assert len({row.what for row in ROWS}) == len(ROWS) >= FEWEST_ROWS
    assert {row.protocol for row in ROWS} == set(PROTOCOLS)
    assert {row.link for row in ROWS} == set(LINKS)
    assert {situation.reason_for(row) for row in ROWS for situation in SITUATIONS} == set(REASONS)
