"""What packets leave behind: counters, and the marks by which the agent knows which entries are in use."""

from collections import defaultdict
from collections.abc import Iterator
from ipaddress import ip_address, ip_network

import numpy as np
import pytest

from control.allowlist.entry import Entry
from control.allowlist.mapped import Address
from control.datapath.generations import entry_map
from control.datapath.program.pins import Pinned
from lab.packets import CLIENT4, CLIENT6, SERVER4, SERVER6
from tests.kernel.questions import ELSEWHERE, Question
from tests.kernel.row import Row
from tests.kernel.situations import SITUATIONS, Edge, Situation
from tests.kernel.table import ROWS
from tests.kernel.test_lookup import crowd
from tests.kernel.wire import Tally, Wire


@pytest.fixture(scope="module")
def wire(pinned: Pinned) -> Iterator[Wire]:
    with Wire(pinned) as wire:
        yield wire


def expected_tally(rows: list[Row], situation: Situation) -> Tally:
    tally: dict[tuple[str, str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in rows:
        reason = situation.reason_for(row)
        key = (row.protocol, situation.verdict_for(row), reason)
        tally[key] = (tally[key][0] + 1, tally[key][1] + len(row.frame))
    return dict(tally)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_counters_count_packets_and_bytes(edge: Edge, wire: Wire, situation: Situation) -> None:
    situation.prepare(edge)
    rows = list(ROWS)
    assert wire.send([row.frame for row in rows]) == expected_tally(rows, situation)


def test_a_test_run_counts_nothing(edge: Edge, wire: Wire) -> None:
    before = edge.controls.counts()
    for row in ROWS:
        edge.probe(row.frame)
    assert edge.controls.counts() == before


def swept(edge: Edge) -> set[tuple[Address, int]]:
    """The entries that had traffic since the last sweep: address and length, the latter in its family's count."""
    hosts, keys = edge.lists.sweep(with_entries=True)
    found: set[tuple[Address, int]] = {(ip_address(host), 32) for host in hosts.tolist()}
    for key in keys:
        is_v4 = entry_map.are_ipv4(np.array([key]))[0]
        packed = key["address"].astype(">u4").tobytes()
        found.add((ip_address(packed[12:] if is_v4 else packed), int(key["length"]) - 96 * bool(is_v4)))
    return found


HOST, PREFIX = Entry(ip_network(SERVER4)), Entry(ip_network("198.18.64.0/18"))
HOST6, PREFIX6 = Entry(ip_network(SERVER6)), Entry(ip_network("2001:db8:9::/48"))
NARROWED = Entry(ip_network("203.0.113.9/32"), ("wireguard",))
CROWD = crowd(9)
LISTED = [HOST, PREFIX, HOST6, PREFIX6, NARROWED, *CROWD]


@pytest.fixture
def listed(edge: Edge) -> Edge:
    edge.register(LISTED)
    swept(edge)
    return edge


def marks_of(entries: list[Entry]) -> set[tuple[Address, int]]:
    return {(entry.prefix.network_address, entry.prefix.prefixlen) for entry in entries}


@pytest.mark.parametrize("entry", [*LISTED[:5], CROWD[0], CROWD[-1]], ids=lambda entry: entry.text)
def test_a_packet_marks_its_entry_until_the_next_sweep(listed: Edge, wire: Wire, entry: Entry) -> None:
    other = ELSEWHERE[entry.prefix.version]
    for question in (Question(other, entry.prefix[0]), Question(entry.prefix[-1], other, port=40000)):
        wire.send([question.frame] * 3)
        assert swept(listed) == marks_of([entry])
        assert swept(listed) == set()


def test_every_entry_is_marked(listed: Edge, wire: Wire) -> None:
    wire.send([Question(ELSEWHERE[entry.prefix.version], entry.prefix[0]).frame for entry in LISTED])
    assert swept(listed) == marks_of(LISTED)


def test_of_two_registered_ends_the_destination_is_marked(listed: Edge, wire: Wire) -> None:
    there, back = Question(PREFIX.prefix[5], SERVER4).frame, Question(SERVER4, PREFIX.prefix[5]).frame
    wire.send([there])
    assert swept(listed) == marks_of([HOST])
    wire.send([there, back])
    assert swept(listed) == marks_of([HOST, PREFIX])


def test_who_is_not_registered_marks_nothing(listed: Edge, wire: Wire) -> None:
    of_another_protocol = Question(CLIENT4, NARROWED.prefix[0], "esp", 0)
    wire.send([Question(CLIENT4, ELSEWHERE[4]).frame, of_another_protocol.frame])
    wire.send([row.frame for row in ROWS if not row.is_vpn])
    assert swept(listed) == set()


def test_a_test_run_marks_nothing(listed: Edge) -> None:
    for entry in LISTED:
        question = Question(ELSEWHERE[entry.prefix.version], entry.prefix[0])
        assert listed.probe(question.frame).side == "destination"
    assert swept(listed) == set()


def test_a_removed_host_takes_its_mark_along(listed: Edge, wire: Wire) -> None:
    """Whoever gets its slot next is not taken for being in use."""
    wire.send([Question(CLIENT4, SERVER4).frame])
    listed.change([], [HOST])
    listed.change([HOST], [])
    assert swept(listed) == set()


def test_marks_of_ends_wait_for_a_sweep_that_asks_for_them(listed: Edge, wire: Wire) -> None:
    wire.send([Question(CLIENT6, SERVER6).frame, Question(CLIENT4, SERVER4).frame])
    hosts, keys = listed.lists.sweep(with_entries=False)
    assert hosts.tolist() == [int(SERVER4)] and not len(keys)
    assert swept(listed) == marks_of([HOST6])
