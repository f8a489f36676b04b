"""Upgrades and outages, with live sessions of every protocol: the kernel goes on, and the next agent takes over."""

import random
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from control.datapath.program.maps import array
from control.datapath.program.pins import Pinned
from control.vocabulary import VPN_PROTOCOLS
from lab.gateway import AGENT
from lab.guarding import EdgeGateway
from lab.live import Live, live
from lab.traffic.exchange import steady
from lab.waiting import wait_for
from tests.lab import foreign

KILLS_IN_UPGRADE = 3
LEASE = 10  # seconds, the shortest that a configuration takes


@pytest.fixture(scope="module")
def lab(bpffs: Path) -> Iterator[Live]:
    with live(bpffs) as lab:
        yield lab


def _program(gateway: EdgeGateway) -> int:
    return gateway.guarded()[0].program


def _be_of_another_version(gateway: EdgeGateway) -> None:
    pinned = Pinned(gateway.pins / "live")
    array(pinned, "instances")[0]["schema"][:] = 0xFF
    pinned.close()


def _lose_a_map(gateway: EdgeGateway) -> None:
    (gateway.pins / "live" / "maps" / "counters").unlink()


@pytest.mark.parametrize("spoil", [_be_of_another_version, _lose_a_map])
def test_an_upgrade_swaps_the_program_in_one_step(lab: Live, spoil: Callable[[EdgeGateway], None]) -> None:
    program = _program(lab.gateway)
    with lab.nothing_let_through(), lab.nothing_lost():
        lab.gateway.kill_agent()
        spoil(lab.gateway)
        lab.gateway.start_agent()
    assert _program(lab.gateway) != program
    assert lab.must_be_healthy()["count"] == len(lab.servers)
    lab.registered_start()
    lab.unregistered_are_refused()


def test_the_agent_is_killed_in_an_upgrade(lab: Live) -> None:
    """At any instant of it: another start ends with one program on both interfaces and no other pins."""
    lab.gateway.kill_agent()
    started = time.monotonic()
    _be_of_another_version(lab.gateway)
    lab.gateway.start_agent()
    seconds = time.monotonic() - started
    with lab.nothing_let_through(), lab.nothing_lost():
        for _ in range(KILLS_IN_UPGRADE):
            lab.gateway.kill_agent()
            _be_of_another_version(lab.gateway)
            lab.gateway.launch_agent()
            time.sleep(random.uniform(0.2, 1.0) * seconds)
            lab.gateway.kill_agent()
            lab.gateway.start_agent()
            lab.must_be_healthy()
    lab.unregistered_are_refused()


def test_an_agent_goes_back_to_the_version_before(lab: Live) -> None:
    """A new version was killed with one interface taken over: the old one takes it back."""
    gateway, interface = lab.gateway, lab.gateway.stage.edge_interfaces[1]
    gateway.kill_agent()
    with lab.nothing_lost():
        program = gateway.pins / "next" / "program"
        foreign.pin(program, "wicket")
        gateway.stage.run(
            gateway.stage.edge, "ip", "-force", "link", "set", "dev", interface, "xdpdrv", "pinned", str(program)
        )
        assert len({link.program for link in gateway.guarded()}) == 2
        gateway.start_agent()
    lab.must_be_healthy()
    lab.unregistered_are_refused()


def test_api_and_agent_are_gone(lab: Live) -> None:
    """The configuration cannot be read, so that no agent starts; and it says so."""
    gateway = lab.gateway
    configuration = gateway.config.read_text()
    try:
        with lab.nothing_lost():
            gateway.kill_agent()
            gateway.stop_api()
            gateway.config.write_text("instance = \n")
            done = subprocess.run(
                [*gateway.stage.edge.enter(), AGENT, "--config", str(gateway.config)],
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 1
            assert "line 1" in done.stderr
            lab.unregistered_are_refused()
        lab.registered_start()
    finally:
        gateway.config.write_text(configuration)
        gateway.start_api()
        gateway.start_agent()
    lab.must_be_healthy()


def test_a_lease_ends(lab: Live) -> None:
    """With the agent gone for longer than its lease, the program drops no more, until there is an agent again."""
    gateway, pings = lab.gateway, lab.refused_pings()
    configuration = gateway.config.read_text()
    gateway.kill_agent()
    gateway.config.write_text(f'lease = "{LEASE}s"\n{configuration}')
    gateway.start_agent()
    with lab.nothing_lost():
        with steady(pings) as tallies:
            gateway.kill_agent()
            asked = [ping.tally().sent for ping in pings]
            wait_for(lambda: all(ping.tally().received for ping in pings), "the lease is over")
        for tally, before in zip(tallies, asked, strict=True):  # dropped until a moment after the kill, then no more
            assert tally.missing == tuple(range(1, len(tally.missing) + 1))
            assert len(tally.missing) > before
        assert lab.starts(lab.unregistered) == [session.name for session in lab.unregistered]
    gateway.start_agent()
    lab.unregistered_are_refused()
    gateway.kill_agent()
    gateway.config.write_text(configuration)
    gateway.start_agent()
    wait_for(lambda: gateway.ask("GET", "/v1/status").json["lease"]["left"] > LEASE, "the lease is long again")
    policy = gateway.ask("GET", "/v1/policy").json
    assert [policy[name]["mode"] for name in VPN_PROTOCOLS] == ["enforce"] * len(VPN_PROTOCOLS)
