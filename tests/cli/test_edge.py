"""wicket attach, detach, status, policy and counters: the edge itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from control.vocabulary import VPN_PROTOCOLS
from tests.cli.conftest import Cli

WELL = {"faults": [], "incomplete": False}


@pytest.fixture
def attached(wicket: Cli) -> Iterator[Cli]:
    """With eth0 guarded."""
    assert wicket("attach", "eth0").status == 0
    yield wicket
    wicket("detach")


def test_attach_and_detach(wicket: Cli) -> None:
    said = wicket("attach", "eth0")
    assert (said.status, said.out) == (0, "eth0: attached in native mode\n")
    (state,) = wicket("status", "--json").json["interfaces"]
    assert (state["name"], state["requested"], state["mode"], state["attached"]) == ("eth0", "auto", "native", True)
    assert wicket("detach", "eth0").out == "detached: eth0\n"
    assert wicket("status", "--json").json["interfaces"] == []
    assert wicket("detach", "eth0").out == "detached: nothing was attached\n"


def test_attach_and_detach_in_json(wicket: Cli) -> None:
    state = wicket("attach", "eth0", "--mode", "generic", "--json").json
    assert (state["name"], state["requested"], state["mode"]) == ("eth0", "generic", "generic")
    assert wicket("detach", "--json").json == {
        "detached": ["eth0"],
        "removed": False,
        "faults": [],
        "incomplete": False,
    }


def test_native_is_not_quietly_generic(wicket: Cli) -> None:
    wicket("attach", "eth0", "--mode", "generic")
    refused = wicket("attach", "eth0", "--mode", "native", "--json").refused
    assert refused["kind"] == "interface"
    (fault,) = refused["faults"]
    assert ("generic" in fault["why"], "wicket detach eth0" in fault["mend"]) == (True, True)
    wicket("detach")


def test_an_unknown_interface_is_named_beside_those_there_are(wicket: Cli) -> None:
    for command in ("attach", "detach"):
        refused = wicket(command, "eth7", "--json").refused
        (fault,) = refused["faults"]
        assert (refused["kind"], fault["where"]) == ("interface", "eth7")
        assert "no interface of that name" in fault["why"] and "eth0, far" in fault["mend"]
        said = wicket(command, "eth7")
        assert (said.status, said.out) == (1, "")
        assert said.err.startswith("wicket: The interface does not exist\n  eth7: ")


def test_status(attached: Cli) -> None:
    said = attached.apart("status")
    assert (said.status, said.err) == (0, "")
    for words in ("3 entries, serial", "eth0", "native", "lease", "3,600 s left", *VPN_PROTOCOLS):
        assert words in said.out
    state = attached("status", "--json").json
    assert (state["count"], state["pinned"], state["generation"]["revision"]) == (3, True, state["serial"])
    assert set(state["policy"]) == set(VPN_PROTOCOLS)


def test_policies(wicket: Cli) -> None:
    before = wicket("policy", "get", "--json").json
    assert before == {name: {"mode": "monitor", "share": 100} for name in VPN_PROTOCOLS}
    changed = wicket("policy", "set", "esp", "enforce", "--share", "5", "--json").json
    assert changed == before | {"esp": {"mode": "enforce", "share": 5}}
    shown = wicket("policy", "get")
    assert shown.status == 0 and "5 %" in shown.out
    assert wicket("policy", "set", "all", "monitor").status == 0
    assert wicket("policy", "get", "--json").json == before


@pytest.mark.parametrize(
    "words",
    [("set", "ipsec", "enforce"), ("set", "esp", "block"), ("set", "esp", "enforce", "--share", "101"), ("set", "esp")],
    ids=" ".join,
)  # fmt: skip
def test_a_policy_that_is_not_understood(wicket: Cli, words: tuple[str, ...]) -> None:
    said = wicket("policy", *words)
    assert (said.status, said.out) == (2, "") and "Usage" in said.err


def test_a_share_left_out_is_not_guessed(wicket: Cli) -> None:
    before = wicket("policy", "get", "--json").json
    said = wicket("policy", "set", "esp", "enforce")
    assert "in steps" in said.err and "esp" in said.out
    assert wicket("policy", "get", "--json").json["esp"] == {"mode": "enforce", "share": 1}
    assert "undone" in wicket("rollout", "undo", "esp").out
    assert wicket("policy", "get", "--json").json == before
    counted = wicket("policy", "set", "esp", "monitor", "--share", "7", "--json").json
    assert counted["esp"] == {"mode": "monitor", "share": 7}
    assert wicket("policy", "set", "esp", "monitor", "--json").json == before  # every flow is counted, none refused


def test_counters(wicket: Cli) -> None:
    assert "packets since the program was loaded" in wicket("counters").out
    assert isinstance(wicket("counters", "--json").json, list)


@pytest.mark.parametrize("rate", ["0", str(1 << 32)])
def test_a_rate_that_the_kernel_has_no_room_for(wicket: Cli, rate: str) -> None:
    said = wicket("events", "--rate", rate, "--for", "0.1")
    assert (said.status, said.out) == (2, "") and "--rate" in said.err


@pytest.mark.parametrize(
    "words",
    [("status",), ("attach", "eth0"), ("policy", "get"), ("policy", "set", "all", "monitor"), ("counters",),
     ("allow", "list"), ("allow", "add", "192.0.2.1"), ("explain", "--to", "192.0.2.1")],
    ids=" ".join,
)  # fmt: skip
def test_without_an_agent(alone: Cli, words: tuple[str, ...]) -> None:
    refused = alone(*words, "--json").refused
    (fault,) = refused["faults"]
    assert (refused["kind"], fault["where"]) == ("unavailable", str(alone.config.socket))
    assert "does not answer" in fault["why"] and "wicketd" in fault["mend"]


def test_detach_without_an_agent_takes_everything_out(alone: Cli, tmp_path: Path) -> None:
    process = alone.agent()
    try:
        assert alone("attach", "eth0").status == 0
        assert alone("allow", "add", "192.0.2.1").status == 0
    finally:
        process.kill()
        process.wait()
    assert (alone.config.pins / "live" / "program").exists()
    assert alone("detach", "far", "--json").json == {
        "detached": [],
        "removed": False,
        "faults": [],
        "incomplete": False,
    }
    assert alone("detach", "eth0", "--json").json == {
        "detached": ["eth0"],
        "removed": False,
        "faults": [],
        "incomplete": False,
    }
    said = alone.apart("detach")
    assert said.out == "detached: nothing was attached\nprogram and lists are removed from the kernel\n"
    assert not alone.config.pins.exists()
    assert alone("detach", "--json").json == {"detached": [], "removed": True} | WELL
    alone.config.socket.unlink()
