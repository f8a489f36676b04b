"""The brake, once it is pulled: whatever starts, is built anew or is lost, nobody lets go of it but who says so."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from control import config as configuration
from control.commands.client import AgentSocket
from control.commands.interfaces import Attach
from control.datapath import brake, datapath
from control.datapath.controls import Brake, Policy
from control.datapath.interfaces import everywhere, links
from control.datapath.interfaces.everywhere import Namespace
from control.edge.edge import Edge
from control.edge.state.stops import Stops
from control.fault import Refused
from lab.gateway import AGENT, configure, wait_for_start
from lab.stage import namespace as network
from tests.edge.place import Place, policies_of, set_policies

pytestmark = pytest.mark.usefixtures("copied_program")

ENFORCED = {"esp": {"mode": "enforce", "share": 100}}


def pull(edge: Edge) -> None:
    with edge.turn() as turn:
        edge.bypass.set(turn, True)


def lose_program(place: Place) -> None:
    (place.live / "program").unlink()


def lose_pins(place: Place) -> None:
    shutil.rmtree(place.live)


def restart_machine(place: Place) -> None:
    place.remove()


def lose_disk(place: Place) -> None:
    shutil.rmtree(place.config.state)


def nothing(_: Place) -> None:
    pass


AFTER: list[Callable[[Place], None]] = [nothing, lose_program, lose_pins, restart_machine, lose_disk]


@pytest.mark.parametrize("happens", AFTER)
@pytest.mark.parametrize("has_agent", [True, False], ids=["by the agent", "past it"])
def test_it_stays_pulled(used: Place, happens: Callable[[Place], None], has_agent: bool) -> None:
    with used.edge() as edge:
        set_policies(edge, ENFORCED)
        if has_agent:
            pull(edge)
    if not has_agent:
        assert brake.pull(used.config.pins) == 1
        assert not Stops(used.config.pins, used.config.state_dir).stop_dropping()
    happens(used)
    for _ in range(2):
        with used.edge() as edge:
            assert edge.bypass.state.on and edge.bypass.state.by == ["command"]
            assert brake.state(used.config.pins) == Brake(by_command=True)
    with used.edge() as edge, edge.turn() as turn:
        assert not edge.bypass.set(turn, False).on
    with used.edge() as edge:
        assert not edge.bypass.state.on


def test_its_file_pulls_it_and_nobody_else_lets_go_of_that(used: Place) -> None:
    file = used.config.state / "bypass"
    there = Place(used.config.model_copy(update={"bypass_file": str(file)}))
    with there.edge() as edge:
        file.touch()
        edge.bypass.watch()
        assert edge.bypass.state.by == ["file"]
        with edge.turn() as turn, pytest.raises(Refused, match="pulled by a file"):
            edge.bypass.set(turn, False)
        assert edge.bypass.state.on
    with there.edge() as edge:
        assert edge.bypass.state.by == ["file"]
        file.unlink()
        edge.bypass.watch()
        assert not edge.bypass.state.on


@pytest.mark.parametrize("wanted", [Policy("monitor"), Policy("enforce", 5)], ids=str)
def test_what_was_loosened_past_the_agent_is_kept_by_the_next(used: Place, wanted: Policy) -> None:
    with used.edge() as edge:
        set_policies(edge, {"esp": {"mode": "enforce", "share": 50}})
    assert brake.loosen(used.config.pins, {"esp": wanted})
    assert not brake.loosen(used.config.pins, {"esp": Policy("enforce", 60)}), "that tightens"
    for _ in range(2):
        with used.edge() as edge:
            assert policies_of(edge)["esp"] == wanted
            edge.sweep()
    used.remove()
    with used.edge() as edge:
        assert policies_of(edge)["esp"] == wanted


def test_a_lease_is_not_earned_by_starting(place: Place) -> None:
    for number in range(1, 4):
        edge = Edge.open(place.config)
        try:
            assert edge.lease.left == 0
            assert edge.datapath.controls.starts == number
            assert (edge.lease.earned_after > 1) == (number > 1)
            edge.lease.work()
            assert edge.lease.left == 0, "it has only begun to work"
        finally:
            edge.close()
    edge = Edge.open(place.config)
    edge.lease.end()
    edge.close()
    edge = Edge.open(place.config)
    assert edge.datapath.controls.starts == 1
    edge.close()


def test_a_brake_that_is_hidden_is_not_taken_for_one_that_is_off(place: Place) -> None:
    assert brake.state(place.config.pins) is None
    with place.edge():
        assert brake.state(place.config.pins) == Brake()
        assert not brake.is_dropping(place.config.pins)


@pytest.fixture
def half_blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not every process is seen here, as in a namespace of processes, and so no other network namespace."""
    monkeypatch.setattr(everywhere, "sees_all", lambda: False)
    monkeypatch.setattr(everywhere, "find", lambda _: None)
    monkeypatch.setattr(everywhere, "namespaces", lambda: iter([Namespace(everywhere.own(), everywhere.OWN)]))


@pytest.fixture
def served(tmp_path: Path, bpffs: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes], network.Namespace]]:
    """An agent that guards a link in a namespace of its own: its pins, its process, and the namespace."""
    there = network.Namespace(f"wk-brake-{os.urandom(4).hex()}")
    there.create()
    file = configure(tmp_path, bpffs, port=8080)
    config = configuration.load(file)
    process = subprocess.Popen([*there.enter(), AGENT, "--config", str(file)])
    try:
        there.ip_batch(["link add eth0 type veth peer name far", "link set eth0 up"])
        wait_for_start([process], config.socket.exists, "the agent listens")
        AgentSocket(config.socket).ask(Attach(interface="eth0"))
        yield config.pins, process, there
    finally:
        process.kill()
        process.wait()
        there.remove()


@pytest.mark.usefixtures("half_blind")
def test_a_namespace_that_is_gone_is_told_from_one_that_is_not_seen(
    served: tuple[Path, subprocess.Popen[bytes], network.Namespace],
) -> None:
    pins, process, there = served
    assert "nothing leads into it" in brake.detach(pins).faults[0].why, "the agent holds its program"
    process.kill()
    process.wait()
    with pytest.raises(Refused, match="nothing leads into it"):
        datapath.remove(pins)
    assert (pins / "live/program").exists(), "without the pins nobody would find what is attached there"
    assert there.inside(links.all_links)["eth0"].program
    there.remove()
    assert datapath.remove(pins) == []
    assert not pins.exists()
