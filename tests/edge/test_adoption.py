"""What a starting edge makes of what an earlier one left in the kernel: taken up as it is, or built beside it."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Entry
from control.datapath import syscall
from control.datapath.generations import entry_map
from control.datapath.program.layout import MAP_TYPES
from control.datapath.program.maps import array
from control.datapath.program.pins import Pinned
from control.edge.edge import Edge
from control.fault import Refused
from control.rollout.change import NONE
from control.rollout.position import Provenance
from tests.companions import openings
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
    policies_of,
    program_of,
    replace_list,
    serials_of,
    set_policies,
)

pytestmark = pytest.mark.usefixtures("copied_program")


def identity(edge: Edge) -> tuple[int, int, int, bytes]:
    """Program, slot, serial and epoch: what a restart must not change."""
    live = live_of(edge)
    return program_of(edge), live.slot, edge.list.state.local.serial, edge.store.epoch


def test_a_restart_takes_up_what_is_there(used: Place) -> None:
    with used.edge() as edge:
        before = identity(edge)
        assert not edge.datapath.is_new
    for _ in range(3):
        with used.edge() as edge:
            assert identity(edge) == before
            assert is_live(edge, listed())


def test_a_restart_takes_up_every_held_generation(place: Place) -> None:
    with place.edge() as edge:
        for first in ("203.0.0.0", "203.1.0.0", "203.2.0.0", "203.3.0.0"):
            replace_list(edge, hosts(MANY, first))
        held = serials_of(edge)
    assert len(held) == place.config.list.generations
    with place.edge() as edge:
        assert serials_of(edge) == held


def test_a_change_in_place_is_taken_up(used: Place) -> None:
    with used.edge() as edge:
        change_list(edge, listed(["203.0.113.9", "203.0.113.64/26"]), listed(["192.0.2.1"]))
        before = identity(edge)
    with used.edge() as edge:
        assert identity(edge) == before
        assert is_live(edge, listed(["198.51.100.0/24", "2001:db8::/48", "203.0.113.9", "203.0.113.64/26"]))


def wrong_map(path: Path) -> None:
    """Put a map of another shape in the place of a pinned one."""
    path.unlink()
    fd = syscall.create_map(MAP_TYPES["array"], 4, 48, 3, 0)
    syscall.pin(fd, str(path))
    syscall.close_all([fd])


def wrong_schema(place: Place) -> None:
    pinned = Pinned(place.live)
    array(pinned, "instances")[0]["schema"] = np.zeros(32, np.uint8)
    pinned.close()


DAMAGES: dict[str, Callable[[Place], None]] = {
    "a pin is missing": lambda place: (place.live / "maps" / "controls").unlink(),
    "the program's pin is missing": lambda place: (place.live / "program").unlink(),
    "the pin of its other entry is missing": lambda place: (place.live / "asked").unlink(),
    "a map is of a wrong shape": lambda place: wrong_map(place.live / "maps" / "controls"),
    "a map is a program": lambda place: swap_names(place.live / "program", place.live / "maps" / "controls"),
    "the live list's map is missing": lambda place: live_pin(place, "lines").unlink(),
    "the live list's map is of a wrong shape": lambda place: wrong_map(live_pin(place, "entries")),
    "another version's": wrong_schema,
}


def live_pin(place: Place, name: str) -> Path:
    pinned = Pinned(place.live)
    slot = int(array(pinned, "controls")["active"][0])
    pinned.close()
    return place.live / "generations" / str(slot) / name


def swap_names(one: Path, other: Path) -> None:
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
def test_what_does_not_fit_is_built_anew(used: Place, damage: Callable[[Place], None]) -> None:
    with used.edge() as edge:
        set_policies(edge, {"esp": {"mode": "enforce", "share": 7}})
        old = identity(edge)
    damage(used)
    with used.edge() as edge:
        assert program_of(edge) != old[0]
        assert identity(edge)[2:] == old[2:], "the list is the same, and so are its serial and epoch"
        assert is_live(edge, listed())
        assert is_let_through(edge, "198.51.100.77") and not is_let_through(edge, "203.0.113.1")
        esp = policies_of(edge)["esp"]
        assert (esp.mode, esp.share) == ("enforce", 7)
        built = identity(edge)
    assert sorted(path.name for path in used.config.pins.iterdir()) == ["live"]
    with used.edge() as edge:
        assert identity(edge) == built


def spare_pin(place: Place, name: str) -> Path:
    live = live_pin(place, name).parent
    (spare,) = (path for path in live.parent.iterdir() if path != live)
    return spare / name


SPARE_DAMAGES: dict[str, Callable[[Place], None]] = {
    "half pinned": lambda place: spare_pin(place, "entries").unlink(),
    "of a wrong shape": lambda place: wrong_map(spare_pin(place, "entries")),
}


@pytest.mark.parametrize("damage", SPARE_DAMAGES.values(), ids=list(SPARE_DAMAGES))
def test_a_generation_that_is_not_live_costs_nothing_when_it_is_damaged(
    used: Place, damage: Callable[[Place], None]
) -> None:
    with used.edge() as edge:
        replace_list(edge, hosts(MANY))
        for spare in generations_of(edge)[:-2]:
            edge.datapath.lists.discard(spare)
        before = identity(edge)
    damage(used)
    with used.edge() as edge:
        assert identity(edge) == before
        assert [generation.slot for generation in generations_of(edge)] == [before[1]]


def test_a_list_that_the_kernel_lost_is_filled_again(used: Place) -> None:
    """Somebody wrote to the maps: what the kernel holds is not what was accepted."""
    with used.edge() as edge:
        program = program_of(edge)
        live = live_of(edge)
        live.change(listed(["203.0.113.66"]), listed(["192.0.2.1"]), Provenance(edge.list.state.local.serial))
    with used.edge() as edge:
        assert program_of(edge) == program
        assert is_live(edge, listed())


def test_one_instance_has_one_edge(used: Place) -> None:
    with used.edge(), pytest.raises(Refused, match="has its agent already") as refused, used.edge():
        pass
    assert refused.value.kind == "busy"


CLIENT = ip_address("192.0.2.77")

OLD = [
    Entry(ip_network("203.0.113.1"), ("pptp",), (), "the bank"),
    Entry(ip_network("203.0.113.2"), ("gre_pptp",)),
    Entry(ip_network("203.0.113.3"), ("ike",), ((500, 500),)),
    Entry(ip_network("203.0.113.4"), ("esp",)),
    Entry(ip_network("203.0.113.5"), ("l2tp",), ((1701, 1701),)),
    Entry(ip_network("203.0.113.64/26"), ("wireguard", "ah"), ((1, 1), (3, 3), (5, 5), (51820, 51820))),
]
"""What was accepted before there were companions: at an upgrade no registered VPN breaks, and nothing is rewritten."""


@pytest.fixture
def earlier(used: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place whose list an earlier version accepted, with just that in its kernel, and everything enforced."""
    with monkeypatch.context() as before, used.edge() as edge:
        before.setattr(entry_map, "companions", SimpleNamespace(completed=lambda terms: terms))
        replace_list(edge, Allowlist.from_entries(OLD))
        set_policies(edge, {"gre_pptp": {"mode": "enforce", "share": 100}})
        gre, pptp = (edge.datapath.probe.probe(sent) for _, _, sent in openings(OLD[0], CLIENT))
        assert (pptp.verdict, gre.verdict) == ("pass", "drop"), "so it was: half of a VPN"
    return used


def demand_whole(edge: Edge) -> None:
    for entry in OLD:
        for protocol, port, sent in openings(entry, CLIENT):
            answer = edge.datapath.probe.probe(sent)
            assert (answer.protocol, answer.reason) == (protocol, "registered"), (entry, port)


@pytest.mark.parametrize("is_another_program", [True, False])
def test_an_upgrade_lets_whole_vpns_through_and_rewrites_nothing(earlier: Place, is_another_program: bool) -> None:
    if is_another_program:
        wrong_schema(earlier)
    for _ in range(2):
        with earlier.edge() as edge:
            assert is_live(edge, Allowlist.from_entries(OLD)), "as it was accepted"
            assert not edge.live.found
            demand_whole(edge)


def test_an_older_disk_at_an_upgrade(earlier: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the kernel has beyond it is taken from there, and that alone."""
    older = earlier.database.read_bytes()
    new = Allowlist.from_entries([Entry(ip_network("203.0.113.200"))])
    with monkeypatch.context() as before:
        before.setattr(entry_map, "companions", SimpleNamespace(completed=lambda terms: terms))
        with earlier.edge() as edge:
            change_list(edge, new)
    earlier.database.write_bytes(older)
    wrong_schema(earlier)
    with earlier.edge() as edge:
        assert edge.list.state.union.local == Allowlist.from_entries(OLD).with_changes(new, NONE)
        demand_whole(edge)


def test_to_say_what_belongs_to_an_old_entry_cuts_nobody(earlier: Place) -> None:
    with earlier.edge() as edge:
        before = live_of(edge).read()
        said = Entry(OLD[3].prefix, ("ike", "esp", "ah"))
        done = change_list(edge, Allowlist.from_entries([said]))
        assert (done.added, done.cut) == (1, None)
        assert live_of(edge).read() == before
