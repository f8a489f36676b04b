"""An edge killed at any instant: what starts after it holds the old list or the new one, on disk and in the kernel."""

import contextlib
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from control.allowlist.allowlist import Allowlist
from control.edge.edge import Edge
from tests.edge.place import (
    MANY,
    Place,
    change_list,
    generations_of,
    hosts,
    is_live,
    listed,
    policies_of,
    program_of,
    replace_list,
    serials_of,
    set_policies,
)
from tests.program import Copies, copied

KILLS = 30
LONG, OTHER = hosts(60_000), hosts(50_000, "198.18.0.0")


@contextmanager
def child(work: Callable[[], object]) -> Iterator[int]:
    """Run ``work`` in a process of its own, which is killed in the end; gives a descriptor on which it says it began.

    Forked, so that it is at work within milliseconds.
    """
    ready, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            os.close(ready)
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            os.write(tell, b".")
            work()
        os._exit(1)
    os.close(tell)
    try:
        yield ready
    finally:
        os.close(ready)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def kill(place: Place, work: Callable[[Edge], object], seconds: float) -> None:
    """Start an edge, let it work, and kill it so many seconds later."""

    def start() -> None:
        with place.edge() as edge:
            os.write(told, b".")
            while True:
                work(edge)

    up, told = os.pipe()
    with child(start):
        os.read(up, 1)
        time.sleep(seconds)
    os.close(up)
    os.close(told)


def alternate(edge: Edge) -> None:
    replace_list(edge, LONG)
    replace_list(edge, OTHER)


def nudge(edge: Edge) -> None:
    change_list(edge, listed(["192.0.2.9", "203.0.113.0/27"]), listed(["192.0.2.1"]))
    change_list(edge, listed(["192.0.2.1"]), listed(["192.0.2.9", "203.0.113.0/27"]))


NUDGED = listed(["192.0.2.9", "203.0.113.0/27", "198.51.100.0/24", "2001:db8::/48"])
WORK: dict[str, tuple[Callable[[Edge], object], Allowlist, tuple[Allowlist, ...]]] = {
    "a whole list": (alternate, LONG, (LONG, OTHER)),
    "in place": (nudge, listed(), (listed(), NUDGED)),
}


@pytest.mark.parametrize("name", WORK)
def test_killed_in_a_change(place: Place, name: str) -> None:
    place = replace(place, changes_before_snapshot=50)
    work, first, either = WORK[name]
    chance = random.Random(11)
    with place.edge() as edge:
        replace_list(edge, first)
        program, serial = program_of(edge), edge.list.state.local.serial
    for _ in range(KILLS):
        kill(place, work, chance.uniform(0, 0.12))
        with place.edge() as edge:
            assert any(is_live(edge, allowlist) for allowlist in either)
            assert edge.list.state.local.serial >= serial, "a serial never goes back"
            assert program_of(edge) == program, "nothing was so broken that it had to be built anew"
            serial = edge.list.state.local.serial
            edge.sweep()  # which gathers the changes into a snapshot, as an agent's does
            held = serials_of(edge)
            assert held[-1] == edge.list.state.local.serial, "what was staged, and never live, is gone"
            assert len(set(held)) == len(held) <= place.config.list.generations


def test_killed_while_starting(place: Place, copies: Copies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiler dies with the edge that asked for it, and what it leaves goes with the next."""
    temporary_files = tmp_path / "temporary"
    temporary_files.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary_files))
    chance = random.Random(12)
    for _ in range(6):
        with child(lambda: Edge.open(place.config)):
            time.sleep(chance.uniform(0, 1.5))
        with copied(copies), place.edge() as edge:
            assert is_live(edge, Allowlist.empty())
        place.remove()
    with place.edge():
        pass
    assert not place.config.compiler_scratch.exists()
    assert not list(temporary_files.iterdir())


def test_killed_while_it_takes_over(used: Place, copies: Copies) -> None:
    chance = random.Random(13)
    for _ in range(6):
        (used.live / "maps" / "controls").unlink()
        with child(lambda: Edge.open(used.config)):
            time.sleep(chance.uniform(0, 1.5))
        with copied(copies), used.edge() as edge:
            assert is_live(edge, listed())
        assert [path.name for path in used.config.pins.iterdir()] == ["live"]


def test_killed_in_a_change_of_policies(used: Place) -> None:
    def work(edge: Edge) -> None:
        for share in range(101):
            set_policies(edge, {"esp": {"mode": "enforce", "share": share}, "ah": {"mode": "enforce", "share": share}})

    chance = random.Random(14)
    for _ in range(10):
        kill(used, work, chance.uniform(0.01, 0.1))
        with used.edge() as edge:
            policies = policies_of(edge)
            assert policies["esp"] == policies["ah"], "both or none"


def test_many_changes_and_kills_leave_no_pins_behind(place: Place) -> None:
    with place.edge() as edge:
        replace_list(edge, hosts(MANY))
    for _ in range(5):
        kill(place, alternate, 0.05)
    with place.edge() as edge:
        replace_list(edge, LONG)
        replace_list(edge, OTHER)
        pinned = {path.name for path in (place.live / "generations").iterdir()}
        assert pinned == {str(generation.slot) for generation in generations_of(edge)}
        assert len(pinned) <= place.config.list.generations
