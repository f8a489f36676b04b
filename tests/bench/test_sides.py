"""A side of a benchmark does what it is told, by the code of the tree that it is started in."""

from pathlib import Path

import pytest

from bench.cable import DROP, PASS, Turns, WrongVerdictError, cable
from bench.changes.generations import kernel_memory
from bench.figures.record import Record
from bench.packets.frames import REGISTERED, packets
from bench.place import place
from bench.run import Run, hold, programs
from bench.sides import driver
from bench.sides.side import ROOT, DriverError, side
from bench.sides.worktree import commit_of, worktree

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:bcc")  # bcc's own business

ONCE = Turns(1, 1, 0)


@pytest.mark.parametrize("name", list(driver.PLACES))
def test_what_a_driver_needs_is_where_it_looks_first(name: str) -> None:
    assert driver.of_tree(name).__name__.startswith(driver.PLACES[name][0]) if name == "configuration" else True
    assert driver.of_tree(name)


def test_a_driver_holds_lists_and_the_benchmark_runs_its_program(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log, side("today", ROOT, log) as today, place() as here:
        run = Run(here, {"today": today}, Record({}, {}), lambda _: None)
        with cable() as laid, programs(run, laid) as loaded:
            empty = kernel_memory(loaded["today"].maps)
            hold(loaded, 1000, 1, REGISTERED)
            fds = {"today": loaded["today"].fd}
            for name, verdict in {"registered": PASS, "registered6": PASS, "dropped": DROP, "ordinary": PASS}.items():
                assert laid.costs(fds, packets()[name], ONCE, verdict).keys() == fds.keys()
            with pytest.raises(WrongVerdictError, match="the verdict is 1, not 2"):
                laid.costs(fds, packets()["dropped"], ONCE, PASS)
            assert today.ask("counts") == {"packets": 5, "dropped": 2}
            assert kernel_memory(loaded["today"].maps) > empty
        assert not loaded["today"].pin.exists()


def test_what_a_driver_cannot_do_is_said(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log, side("today", ROOT, log) as today:
        with pytest.raises(DriverError, match="it could not fly"):
            today.ask("fly")
        today.process.kill()
        today.process.wait()
        with pytest.raises(DriverError, match="the driver has ended"):
            today.ask("counts")


def test_a_commits_tree_is_there_and_then_gone() -> None:
    try:
        commit = commit_of("HEAD")
    except (RuntimeError, OSError):
        pytest.skip("no git")
    with pytest.raises(ZeroDivisionError), worktree(commit) as tree:
        assert (tree / "bpf" / "wicket.c").exists()
        raise ZeroDivisionError
    assert not tree.exists()
