"""Lists one after the other: slots that never run out, growth by itself, and the way back."""

import gc
from pathlib import Path

import pytest

from control.allowlist.allowlist import Allowlist
from control.datapath.generations.generation import SPARE_ENTRIES
from control.datapath.generations.lists import GENERATIONS
from control.edge.edge import Edge
from tests.edge.place import (
    MANY,
    Place,
    change_list,
    generations_of,
    hosts,
    is_let_through,
    is_live,
    listed,
    live_of,
    program_of,
    replace_list,
)

pytestmark = pytest.mark.usefixtures("copied_program")

THIRTY = [(MANY + number, f"203.{number}.0.0") for number in range(30)]


def test_slots_never_run_out(edge: Edge) -> None:
    program, slots = program_of(edge), set()
    for serial, (count, first) in enumerate(THIRTY, edge.list.state.local.serial + 1):
        replace_list(edge, hosts(count, first))
        assert edge.list.state.local.serial == serial
        slots.add(live_of(edge).slot)
        assert len(generations_of(edge)) <= edge.config.list.generations
    assert is_live(edge, hosts(*THIRTY[-1]))
    assert program_of(edge) == program
    assert slots <= set(range(GENERATIONS))


def test_descriptors_are_given_back(edge: Edge) -> None:
    def opened() -> int:
        gc.collect()  # what earlier tests left in circles is not ours
        return len(list(Path("/proc/self/fd").iterdir()))

    counts = []
    for count, first in THIRTY[:12]:
        replace_list(edge, hosts(count, first))
        counts.append(opened())
    assert counts[-1] <= counts[4]


def test_every_held_generation_can_be_made_live_again(edge: Edge) -> None:
    wanted = {}
    for count, first in THIRTY[:3]:
        replace_list(edge, hosts(count, first))
        wanted[edge.list.state.local.serial] = hosts(count, first)
    for generation in generations_of(edge):
        edge.datapath.lists.go_live(generation)
        assert live_of(edge) is generation
        assert generation.holds(wanted[generation.revision])
    for number, (_, first) in enumerate(THIRTY[:3]):
        assert is_let_through(edge, f"203.{number}.0.9") == (number == 2), first


def test_a_restart_returns_to_what_was_accepted_last(place: Place) -> None:
    """Whatever was made live in the kernel alone: the list on disk is the one that was promised."""
    with place.edge() as edge:
        for count, first in THIRTY[:3]:
            replace_list(edge, hosts(count, first))
        edge.datapath.lists.go_live(generations_of(edge)[0])
    with place.edge() as edge:
        assert is_live(edge, hosts(*THIRTY[2]))


def networks(count: int, part: int) -> Allowlist:
    """So many prefixes, which the hash map of ends holds."""
    return listed(f"2001:db8:{part:x}:{number:x}::/64" for number in range(count))


def test_a_list_that_outgrows_its_map_moves_to_a_bigger_one(edge: Edge) -> None:
    live = live_of(edge)
    first_slot, capacity = live.slot, live.capacity
    assert SPARE_ENTRIES <= capacity < 6 * 1000
    expected = edge.list.state.union.local
    for part in range(6):
        more = networks(1000, part)
        change_list(edge, more, Allowlist.empty())
        expected = expected.with_changes(more, Allowlist.empty())
        assert edge.list.state.union.local == expected
        assert is_let_through(edge, f"2001:db8:{part:x}:1::5") and is_let_through(edge, "198.51.100.9")
    live = live_of(edge)
    assert live.slot != first_slot and live.capacity > capacity
    assert is_live(edge, expected)
    assert live.used <= live.capacity


def test_a_map_that_overflowed_is_taken_up_on_restart(place: Place) -> None:
    with place.edge() as edge:
        for part in range(6):
            change_list(edge, networks(1000, part), Allowlist.empty())
        expected, serial = edge.list.state.union.local, edge.list.state.local.serial
    with place.edge() as edge:
        assert edge.list.state.local.serial == serial and is_live(edge, expected)


@pytest.mark.parametrize("size", [1, MANY])
def test_the_same_list_again_changes_nothing(edge: Edge, size: int) -> None:
    replace_list(edge, hosts(size))
    before, live = edge.list.state.local, live_of(edge)
    answer = replace_list(edge, hosts(size))
    assert (answer.added, answer.removed, edge.list.state.local) == (0, 0, before)
    assert live_of(edge) is live
