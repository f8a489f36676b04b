"""A router that is guarded, and everything enforced on it: what routers say to each other goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from control.vocabulary import VPN_PROTOCOLS
from lab.routers import packets
from lab.routers.adjacencies import amiss
from lab.routers.configuration import EDGE, is_there_macvlan
from lab.routers.keepalived import VIRTUAL
from lab.routers.lab import Lab, lab
from lab.routers.outcome import ENFORCED, LOCAL, by_hand, by_the_daemons
from lab.routers.routers import OFTEN, SELDOM
from lab.sessions.kinds import start_all, which_are_up
from lab.stage import addresses
from lab.traffic.exchange import steady
from lab.waiting import wait_for

LONG_LIST = 50_000
MANY = 1000  # addresses


@pytest.fixture(scope="module")
def here(bpffs: Path) -> Iterator[Lab]:
    if not is_there_macvlan():
        pytest.skip("this kernel has no macvlan devices (CONFIG_MACVLAN), on which FRR's VRRP runs")
    with lab(bpffs) as here:
        here.routers.settle()
        start_all(here.sessions)
        yield here


def arrived(here: Lab, address: str) -> set[int]:
    """How many packets of each protocol to an address arrived, of one each."""
    return {crossing.passed for crossing in here.routers.say(packets.to(address), 1).values()}


def refused(here: Lab, address: str) -> None:
    """Nothing that goes to an address arrives: it is a stranger's."""
    assert arrived(here, address) == {0}


def comes(here: Lab, address: str) -> None:
    """Wait until every protocol to an address arrives."""
    wait_for(lambda: arrived(here, address) == {1}, f"every protocol to {address} arrives")


def stays(here: Lab, address: str) -> None:
    """An address that went a moment ago is not refused: it may be on its way to a neighbour, or back."""
    assert address not in here.gateway.stage.run(here.gateway.stage.edge, "ip", "address", "show")
    assert arrived(here, address) == {1}


def test_adjacencies_come_up_where_everything_is_enforced(here: Lab) -> None:
    here.routers.hear(SELDOM, 1)
    assert [outcome for outcome in by_the_daemons(here) if not outcome.as_it_must_be] == []


def test_registered_sessions_go_by_the_routes_that_are_learned(here: Lab) -> None:
    assert which_are_up(here.sessions) == dict.fromkeys((session.name for session in here.sessions), True)


def test_whatever_the_gateway_does_nothing_is_lost(here: Lab) -> None:
    """A list, a policy, a crash, an upgrade's restart, an interface let go and guarded again."""
    routers, gateway = here.routers, here.gateway

    def let_go() -> None:
        gateway.wicket("detach", EDGE.interface)
        routers.hear(OFTEN, 1)
        gateway.wicket("attach", EDGE.interface, "--mode", "native")

    def crash() -> None:
        gateway.kill_agent()
        routers.hear(OFTEN, 1)
        gateway.start_agent()

    def relist() -> None:
        gateway.push([*(f"11.0.{n >> 8}.{n & 255}" for n in range(1, LONG_LIST)), *here.servers])

    def turn() -> None:
        gateway.set_policy("monitor", VPN_PROTOCOLS)
        routers.hear(OFTEN, 1)
        gateway.set_policy("enforce", VPN_PROTOCOLS)

    assert all(which_are_up(here.sessions).values())
    steps: list[Callable[[], None]] = [relist, turn, crash, let_go]
    with steady([session.steady_ping() for session in here.sessions]) as tallies:
        for step in steps:
            step()
            routers.hear(OFTEN)
        routers.hear(SELDOM, 1)
    assert {name: crossing.dropped for name, crossing in routers.talk().items() if crossing.dropped} == {}
    assert amiss(routers.stand()) == {}
    assert {tally.name: tally.lost for tally in tallies if tally.lost} == {}


def test_what_stays_on_the_link_or_goes_to_the_router_passes_and_the_same_to_strangers_is_refused(here: Lab) -> None:
    outcomes = by_hand(here)
    assert {outcome.wanted for outcome in outcomes} == {LOCAL, ENFORCED}
    assert [outcome for outcome in outcomes if not outcome.as_it_must_be] == []


def test_an_address_that_vrrp_brings_is_the_routers_own(here: Lab) -> None:
    refused(here, VIRTUAL)
    here.routers.neighbours_keepalived.stop()
    wait_for(lambda: here.routers.edges_keepalived.turns[-1] == "master", "the edge is master")
    comes(here, VIRTUAL)


@pytest.mark.parametrize("version", [4, 6])
def test_addresses_that_come_and_go_are_followed(here: Lab, version: int) -> None:
    address, bits = addresses.INTERNET.address(version, 200), {4: 32, 6: 128}[version]
    more = " nodad" if version == 6 else ""
    refused(here, address)
    here.gateway.stage.edge.ip_batch([f"address add {address}/{bits} dev {EDGE.interface}{more}"])
    comes(here, address)
    here.gateway.stage.edge.ip_batch([f"address del {address}/{bits} dev {EDGE.interface}"])
    stays(here, address)


def test_addresses_of_interfaces_that_come_and_go_are_followed(here: Lab) -> None:
    edge, new = here.gateway.stage.edge, ["45.83.67.1", "2a0d:5600:67::1"]
    for address in new:
        refused(here, address)
    edge.ip_batch(
        [
            "link add new type veth peer name new-far",
            f"address add {new[0]}/24 dev new",
            f"address add {new[1]}/64 dev new nodad",
            "link set new up",
            "link set new-far up",
        ]
    )
    for address in new:
        comes(here, address)
    edge.ip_batch(["link delete new"])
    for address in new:
        stays(here, address)


def test_addresses_that_changed_while_there_was_no_agent_are_known_to_the_next(here: Lab) -> None:
    edge = here.gateway.stage.edge
    gone, come = (addresses.INTERNET.address(4, host) for host in (201, 202))
    edge.ip_batch([f"address add {gone}/32 dev {EDGE.interface}"])
    comes(here, gone)
    here.gateway.kill_agent()
    edge.ip_batch([f"address del {gone}/32 dev {EDGE.interface}", f"address add {come}/32 dev {EDGE.interface}"])
    refused(here, come)  # nobody has told the program
    here.gateway.start_agent()
    comes(here, come)
    stays(here, gone)


def test_many_addresses_at_once_are_followed(here: Lab) -> None:
    edge = here.gateway.stage.edge
    many = [f"45.83.{68 + n // 250}.{1 + n % 250}" for n in range(MANY)]
    for address in (many[0], many[-1]):
        refused(here, address)
    edge.ip_batch(f"address add {address}/32 dev lo" for address in many)
    for address in (many[0], many[-1]):
        comes(here, address)
    edge.ip_batch(f"address del {address}/32 dev lo" for address in many)
