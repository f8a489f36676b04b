"""Whatever happens to the names of links: what is guarded stays guarded, and status and detach know every link."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from control.fault import Refused
from lab.stage.namespace import Namespace
from lab.waiting import wait_for
from tests.lab.box import Box, box

MOVES = {
    "swapped": ("east west", ["east name spare", "west name east", "spare name west"]),
    "rotated": ("east west north", ["east name spare", "north name east", "west name north", "spare name west"]),
    "one renamed onto a free name": ("east west", ["east name south"]),
    "a chain": ("east west", ["west name south", "east name west"]),
}
"""What is guarded, and what happens to it."""


@pytest.fixture
def edge(tmp_path: Path, bpffs: Path) -> Iterator[Box]:
    with box(tmp_path, bpffs) as edge:
        yield edge


@pytest.fixture
def other(edge: Box) -> Iterator[Namespace]:
    """Another namespace than the edge's."""
    namespace = Namespace(f"{edge.namespace.name}-other")
    namespace.create()
    try:
        yield namespace
    finally:
        namespace.remove()


def programs(edge: Box) -> dict[int, int]:
    """By index, which program each link carries that carries any."""
    told = json.loads(subprocess.check_output([*edge.namespace.enter(), "ip", "-json", "link"]))
    return {link["ifindex"]: link["xdp"]["prog"]["id"] for link in told if "xdp" in link}


def guarded(edge: Box) -> set[str]:
    return {state["name"] for state in edge.states() if state["attached"]}


@pytest.mark.parametrize("has_agent", [True, False], ids=["agent", "no agent"])
@pytest.mark.parametrize("what", MOVES)
def test_what_is_guarded_stays_so(edge: Box, what: str, has_agent: bool) -> None:
    names, lines = MOVES[what]
    for name in names.split():
        edge.add(name)
        edge.wicket("attach", name)
    before = programs(edge)
    if not has_agent:
        edge.stop(kill=True)
    edge.ip(*(f"link set {line}" for line in lines))
    if not has_agent:
        edge.start()
    expected = {name for name, index in links_there(edge).items() if index in before}
    wait_for(lambda: guarded(edge) == expected, f"{expected} are guarded: {edge.states()}")
    assert programs(edge) == before, "no link was let go of"
    edge.stop()
    edge.start()
    wait_for(lambda: guarded(edge) == expected, "after a restart as well")
    assert sorted(edge.wicket("detach")["detached"]) == sorted(expected)
    assert programs(edge) == {}


def links_there(edge: Box) -> dict[str, int]:
    told = json.loads(subprocess.check_output([*edge.namespace.enter(), "ip", "-json", "link"]))
    return {link["ifname"]: link["ifindex"] for link in told}


def test_a_link_that_was_away_in_another_namespace_is_known_when_it_is_back(edge: Box, other: Namespace) -> None:
    edge.add("roams")
    edge.wicket("attach", "roams")
    edge.ip(f"link set roams netns {other.name}")
    wait_for(lambda: not edge.state("roams")["present"], "its loss is seen")
    other.ip_batch([f"link set roams name came-back netns /proc/{edge.agent_pid}/ns/net"])
    wait_for(lambda: edge.state("came-back").get("attached") or edge.state("roams").get("attached"), "it is guarded")
    edge.wicket("detach")
    assert programs(edge) == {}


def test_a_link_elsewhere_is_cleared_by_detach(edge: Box, other: Namespace) -> None:
    edge.add("left")
    edge.wicket("attach", "left")
    edge.ip(f"link set left netns {other.name}")
    assert edge.wicket("detach")["detached"] == ["left"]
    assert "xdp" not in subprocess.check_output([*other.enter(), "ip", "link", "show", "left"], text=True)


def test_an_alternative_name_will_do(edge: Box) -> None:
    edge.add("eth7")
    edge.ip("link property add dev eth7 altname enp7s0-the-one-to-the-exchange")
    assert edge.wicket("attach", "enp7s0-the-one-to-the-exchange")["attached"]
    assert edge.link("eth7").program
    assert edge.wicket("detach", "enp7s0-the-one-to-the-exchange")["detached"]
    assert edge.link("eth7").program == 0


def test_a_device_without_an_ethernet_header_is_refused(edge: Box) -> None:
    edge.ip("tuntap add dev tun7 mode tun", "link set tun7 up")
    for mode in ("auto", "generic", "native"):
        with pytest.raises(Refused, match="not fit") as refused:
            edge.wicket("attach", "tun7", "--mode", mode)
        (fault,) = [fault for fault in refused.value.faults if "Ethernet header" in fault.why]
        assert fault.where == "tun7" and "guard the Ethernet device" in fault.mend
    assert edge.link("tun7").program == 0


def test_what_generic_mode_does_not_see_is_said(edge: Box) -> None:
    edge.add("slow")
    answer = edge.wicket("attach", "slow", "--mode", "generic")
    assert any("merged" in warning for warning in answer["warnings"])
    assert "merged" in edge.state("slow")["trouble"]
