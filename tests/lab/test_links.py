"""Interfaces that vanish, come back, are renamed, cannot do what is demanded, or are somebody else's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from control.datapath.interfaces.links import FIRST_PAGE
from control.fault import Refused
from lab.waiting import wait_for
from tests.lab import foreign
from tests.lab.box import Box, box

ALWAYS_GUARDED = "ours"
AGAIN = 6.0  # seconds after which an agent that is not told of a change has looked by itself


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory, bpffs: Path) -> Iterator[Box]:
    with box(tmp_path_factory.mktemp("box"), bpffs) as edge:
        edge.add(ALWAYS_GUARDED)
        edge.wicket("attach", ALWAYS_GUARDED)
        yield edge


@pytest.fixture
def stranger(edge: Box, bpffs: Path) -> Iterator[str]:
    """The pin of a program that is not ours."""
    path = bpffs / "stranger" / edge.namespace.name
    foreign.pin(path)
    try:
        yield str(path)
    finally:
        path.unlink()


@contextmanager
def _refused(kind: str) -> Iterator[list[str]]:
    """What a refusal of this kind says, once the block is left."""
    said: list[str] = []
    with pytest.raises(Refused) as refusal:
        yield said
    assert refusal.value.kind == kind
    said.extend(str(fault) for fault in refusal.value.faults)


def _ours(edge: Box) -> int:
    """The id of our program."""
    return edge.link(ALWAYS_GUARDED).program


def test_a_link_that_comes_back_is_guarded_again(edge: Box) -> None:
    edge.add("flap")
    assert edge.wicket("attach", "flap")["mode"] == "native"
    index = edge.link("flap").index
    for _ in range(3):
        edge.ip("link delete flap")
        wait_for(lambda: not edge.state("flap")["present"], "its loss is seen")
        assert "not there" in edge.state("flap")["trouble"]
        edge.add("flap")
        edge.wait_until_guarded("flap")
        state, link = edge.state("flap"), edge.link("flap")
        assert (state["mode"], state["trouble"]) == ("native", None)
        assert link.index != index
        assert link.program == _ours(edge)
        index = link.index


def test_a_link_that_comes_back_at_once_is_guarded_again(edge: Box) -> None:
    """It is gone and back before anybody looks: the index alone tells."""
    edge.add("blink")
    edge.wicket("attach", "blink")
    edge.ip(
        "link delete blink",
        "link add blink type veth peer name blink-far",
        "link set blink up",
        "link set blink-far up",
    )
    edge.wait_until_guarded("blink")
    assert edge.state("blink")["trouble"] is None


def test_a_renamed_link_stays_guarded(edge: Box) -> None:
    edge.add("before")
    edge.wicket("attach", "before")
    edge.ip("link set before down", "link set before name after", "link set after up")
    edge.wait_until_guarded("after")
    assert edge.state("before") == {}
    assert edge.link("after").program == _ours(edge)
    edge.stop()
    edge.start()
    assert edge.state("after")["attached"]


def test_a_link_renamed_while_there_is_no_agent_stays_guarded(edge: Box) -> None:
    edge.add("early")
    edge.wicket("attach", "early")
    edge.stop(kill=True)
    edge.ip("link set early down", "link set early name late", "link set late up")
    edge.start()
    edge.wait_until_guarded("late")
    assert edge.link("late").program == _ours(edge)


def test_a_program_that_was_taken_off_is_left_off(edge: Box) -> None:
    edge.add("off")
    edge.wicket("attach", "off")
    edge.ip("link set off xdp off")
    wait_for(lambda: edge.state("off")["trouble"] is not None, "it is said")
    state = edge.state("off")
    assert (state["attached"], state["mode"]) == (False, None)
    assert "taken off" in state["trouble"]
    edge.stays(AGAIN, "off", 0)
    edge.wicket("attach", "off")
    assert edge.state("off") | {"attached": True, "trouble": None} == edge.state("off")


def test_native_where_the_packets_are_too_long(edge: Box) -> None:
    edge.add("long", mtu=FIRST_PAGE + 1)
    with _refused("interface") as said:
        edge.wicket("attach", "long", "--mode", "native")
    assert f"MTU {FIRST_PAGE + 1}" in said[0]
    assert f"ip link set long mtu {FIRST_PAGE}" in said[0]
    assert edge.link("long").program == 0


def test_native_where_the_driver_has_none(edge: Box) -> None:
    edge.ip("link add span type bridge", "link set span up")
    with _refused("interface") as said:
        edge.wicket("attach", "span", "--mode", "native")
    assert "driver does not take the program in native mode" in said[0]
    assert edge.link("span").program == 0
    assert edge.state("span") == {}
    answer = edge.wicket("attach", "span")
    assert (answer["requested"], answer["mode"]) == ("auto", "generic")
    assert "generic" in answer["warnings"][0]


def test_native_where_it_is_guarded_in_generic_mode(edge: Box) -> None:
    """The kernel changes modes by taking the program off only: that is the operator's to say."""
    edge.add("slow")
    assert edge.wicket("attach", "slow", "--mode", "generic")["mode"] == "generic"
    with _refused("interface") as said:
        edge.wicket("attach", "slow", "--mode", "native")
    assert "wicket detach slow" in said[0]
    assert (edge.state("slow")["requested"], edge.state("slow")["mode"]) == ("generic", "generic")
    edge.wicket("detach", "slow")
    assert edge.wicket("attach", "slow", "--mode", "native")["mode"] == "native"


def test_a_foreign_program_is_not_displaced(edge: Box, stranger: str) -> None:
    edge.add("theirs")
    edge.ip(f"link set theirs xdpdrv pinned {stranger}")
    program = edge.link("theirs").program
    for mode in ("auto", "native", "generic"):
        with _refused("foreign-program") as said:
            edge.wicket("attach", "theirs", "--mode", mode)
        assert "'stranger'" in said[0]
    with _refused("foreign-program"):
        edge.wicket("detach", "theirs")
    assert edge.link("theirs").program == program


def test_a_foreign_program_in_our_place_is_not_displaced(edge: Box, stranger: str) -> None:
    """Not while the agent runs, not at its restart, and not by `wicket detach`."""
    edge.add("taken")
    edge.wicket("attach", "taken")
    edge.ip("link set taken xdp off", f"link set taken xdpdrv pinned {stranger}")
    program = edge.link("taken").program
    wait_for(lambda: edge.state("taken")["trouble"] is not None, "it is said")
    edge.stop()
    edge.start()
    wait_for(lambda: "stranger" in (edge.state("taken")["trouble"] or ""), "it is said again")
    assert edge.link("taken").program == program
    with _refused("foreign-program"):
        edge.wicket("detach", "taken")
    assert edge.link("taken").program == program


def test_the_loopback_is_refused(edge: Box) -> None:
    with _refused("interface") as said:
        edge.wicket("attach", "lo")
    assert "loopback" in said[0]


def test_an_unknown_interface_is_refused_with_those_that_are_there(edge: Box) -> None:
    edge.add("known")
    with _refused("interface") as said:
        edge.wicket("attach", "unknown")
    assert "there is no interface of that name" in said[0]
    assert "known, known-far" in said[0]
    assert "lo," not in said[0]


def test_what_is_guarded_outlives_the_agent(edge: Box) -> None:
    """SIGTERM leaves all attached, and the next agent finds it as it was asked for."""
    for name, mode in (("third", "generic"), ("first", "native"), ("second", "auto")):
        edge.add(name)
        edge.wicket("attach", name, "--mode", mode)
    asked = [(state["name"], state["requested"], state["mode"]) for state in edge.states()]
    before = {name: edge.link(name).program for name in ("first", "second", "third")}
    edge.stop()
    assert {name: edge.link(name).program for name in before} == before
    assert (edge.pins / "live" / "program").exists()
    edge.start()
    assert {name: edge.link(name).program for name in before} == before
    assert [(state["name"], state["requested"], state["mode"]) for state in edge.states()] == asked


def test_a_second_agent_is_refused(edge: Box) -> None:
    done = edge.second_agent()
    assert done.returncode == 1
    assert "another process drives this instance" in done.stderr
    edge.add("still")
    edge.wicket("attach", "still")
    assert edge.state("still")["attached"]


def test_detach_removes_everything(tmp_path: Path, bpffs: Path) -> None:
    with box(tmp_path, bpffs) as edge:
        foreign.pin(bpffs / edge.namespace.name)
        for name in ("one", "two", "other"):
            edge.add(name)
        edge.wicket("attach", "one")
        edge.wicket("attach", "two", "--mode", "generic")
        edge.ip(f"link set other xdpdrv pinned {bpffs / edge.namespace.name}")
        edge.stop()
        program = edge.link("other").program
        answer = edge.wicket("detach")
        assert (sorted(answer["detached"]), answer["removed"]) == (["one", "two"], True)
        assert [edge.link(name).program for name in ("one", "two", "other")] == [0, 0, program]
        assert not edge.pins.exists()
        (bpffs / edge.namespace.name).unlink()
