"""What happens to the unregistered: policies, the share of flows that enforcing means, and the lease."""

import time
from ipaddress import ip_address
from pathlib import Path

import pytest

from control.allowlist.allowlist import Allowlist
from control.allowlist.mapped import Address
from control.datapath.controls import Policy
from control.datapath.probe.frames import frame
from control.datapath.program.pins import temporary
from control.vocabulary import VPN_PROTOCOLS
from lab.packets import CLIENT4, CLIENT6, SERVER4, SERVER6
from lab.waiting import wait_for
from tests.kernel.questions import Question
from tests.kernel.situations import Edge

FLOWS4 = [(ip_address(0xC6336400 + i % 250), ip_address(0xCB007100 + i // 250)) for i in range(2000)]
FLOWS6 = [(ip_address(int(CLIENT6) + 9 * i), ip_address(int(SERVER6) + i % 7)) for i in range(2000)]
FLOWS: list[tuple[Address, Address]] = [*FLOWS4, *FLOWS6]
LEASE, SHORT = 60.0, 0.2  # seconds
COARSE = 0.02  # seconds: the kernel's coarse clock ticks at least so often


@pytest.fixture
def enforcing(edge: Edge) -> Edge:
    edge.register(Allowlist.empty())
    edge.set_all("enforce")
    edge.controls.renew_lease(3600)
    return edge


def reason(edge: Edge, protocol: str = "wireguard") -> str:
    return edge.probe(frame(protocol, CLIENT4, SERVER4)).reason


@pytest.mark.parametrize("protocol", VPN_PROTOCOLS)
def test_a_policy_is_its_protocols_alone(enforcing: Edge, protocol: str) -> None:
    enforcing.set_all("monitor")
    enforcing.controls.set_policies({protocol: Policy("enforce", 100)})
    expected = {name: "enforced" if name == protocol else "monitor" for name in VPN_PROTOCOLS}
    assert {name: reason(enforcing, name) for name in VPN_PROTOCOLS} == expected
    assert enforcing.controls.policies()[protocol] == Policy("enforce", 100)


def test_a_new_program_drops_nothing(bpffs: Path) -> None:
    """Nobody has told it anything: no list, no lease, every policy monitor."""
    with temporary(bpffs) as pinned:
        edge = Edge(pinned)
        assert {policy.mode for policy in edge.controls.policies().values()} == {"monitor"}
        assert edge.controls.lease_left() == 0
        assert edge.controls.counts() == []
        assert {reason(edge, protocol) for protocol in VPN_PROTOCOLS} == {"no_list"}


def enforced(edge: Edge, share: int) -> set[tuple[Address, Address]]:
    edge.set_all("enforce", share)
    return {flow for flow in FLOWS if edge.probe(Question(*flow).frame).verdict == "drop"}


def test_a_larger_share_only_adds(enforcing: Edge) -> None:
    smaller: set[tuple[Address, Address]] = set()
    for share in range(0, 101, 5):
        larger = enforced(enforcing, share)
        assert smaller <= larger
        assert abs(len(larger) - len(FLOWS) * share / 100) < 0.04 * len(FLOWS)
        smaller = larger
    assert smaller == set(FLOWS)
    assert not enforced(enforcing, 0)


def test_one_percent_is_within_five_and_not_nobody(enforcing: Edge) -> None:
    one = enforced(enforcing, 1)
    assert one and one <= enforced(enforcing, 5)


def test_the_answer_names_the_share_from_which_on(enforcing: Edge) -> None:
    for flow in FLOWS[::40]:
        share = enforcing.probe(Question(*flow).frame).share
        assert 1 <= share <= 100
        for percent, expected in ((share - 1, "outside_share"), (share, "enforced")):
            enforcing.set_all("enforce", percent)
            assert enforcing.probe(Question(*flow).frame).reason == expected


def test_a_flow_has_one_share(enforcing: Edge) -> None:
    """Both directions, every port, every rekey and every protocol: a session is enforced whole or not at all."""
    for source, destination in FLOWS[::40]:
        frames = [
            Question(source, destination).frame,
            Question(destination, source).frame,
            Question(source, destination, port=443).frame,
            *(frame(protocol, source, destination) for protocol in VPN_PROTOCOLS),
        ]
        assert len({enforcing.probe(each).share for each in frames}) == 1


def test_past_the_lease_nothing_is_dropped(enforcing: Edge) -> None:
    enforcing.controls.renew_lease(LEASE)
    assert reason(enforcing) == "enforced"
    assert 0 < enforcing.controls.lease_left() <= LEASE
    enforcing.controls.renew_lease(SHORT)
    wait_for(lambda: enforcing.controls.lease_left() == 0, "the lease is over")
    time.sleep(COARSE)
    assert {reason(enforcing, protocol) for protocol in VPN_PROTOCOLS} == {"lease_over"}
    assert enforcing.controls.lease_left() == 0
    enforcing.controls.renew_lease(LEASE)
    assert reason(enforcing) == "enforced"


def test_the_lease_does_not_matter_to_who_monitors(enforcing: Edge) -> None:
    enforcing.controls.renew_lease(-1)
    enforcing.set_all("monitor")
    assert reason(enforcing) == "monitor"
