"""What becomes of flows: which are registered, which would be refused, and what enforcing would do."""

import pytest

from control.replay.flow import Flow, Tally
from control.replay.flows import AsIfEnforced
from control.vocabulary import REASONS, REFUSABLE, VERDICTS
from tests.unit.test_flows import BETWEEN4, OPENING, Script, answer

PASSING = ("ordinary", "fragment", "truncated", "unknown", "registered", "no_list", "established", "moved", "local")
"""Reasons of packets that pass whatever the policies are."""


def flow_of(*reasons: str, protocol: str = "wireguard") -> Flow:
    flow = Flow.between(17, *BETWEEN4)
    for reason in reasons:
        flow.add(answer(protocol, reason=reason, verdict="drop" if reason == "enforced" else "pass"))
    return flow


def test_every_reason_is_of_packets_that_enforcing_drops_or_of_such_as_pass() -> None:
    assert sorted((*REFUSABLE, *PASSING)) == sorted(REASONS)


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("reason", REASONS)
def test_enforcing_drops_what_can_be_refused_and_nothing_else(reason: str, verdict: str) -> None:
    said = answer("wireguard", handshake=True, reason=reason, verdict=verdict)
    (enforced,) = AsIfEnforced(Script(said)).probe_all([bytes(60)])
    assert enforced.verdict == ("pass" if reason in PASSING else "drop")
    assert (enforced.protocol, enforced.handshake, enforced.reason) == ("wireguard", True, reason)


FLOWS = {
    "registered": (("registered", "registered"), "pass", 2, 0),
    "monitored": (("monitor", "established", "established"), "pass", 0, 1),
    "enforced": (("enforced", "enforced", "established"), "drop", 0, 2),
    "on the list for something else": (("other_terms",), "pass", 0, 1),
    "established": (("established",), "pass", 0, 0),
    "registered in the middle": (("monitor", "registered"), "pass", 1, 1),
}


@pytest.mark.parametrize(("reasons", "verdict", "registered", "refusable"), FLOWS.values(), ids=FLOWS)
def test_packets_are_counted_by_reason(reasons: tuple[str, ...], verdict: str, registered: int, refusable: int) -> None:
    flow = flow_of(*reasons)
    assert (flow.verdict, flow.registered, flow.refusable) == (verdict, registered, refusable)
    assert sorted(flow.reasons.elements()) == sorted(reasons)


def test_flows_are_counted_by_what_becomes_of_them() -> None:
    flows = [flow_of(*reasons) for reasons, *_ in FLOWS.values()]
    unknown, ordinary = flow_of("ordinary", protocol="none"), flow_of("ordinary", protocol="none")
    unknown.unjudged = 1
    assert Tally.of([*flows, unknown, ordinary, ordinary]) == Tally(
        vpn=6, registered=1, refusable=4, unknown=1, ordinary=2
    )
    assert Tally.of([]) == Tally(0, 0, 0, 0, 0)


def test_an_opening_packet_decides_what_a_flow_is() -> None:
    flow = flow_of("established", "established", protocol="ike")
    flow.add(OPENING)
    assert (flow.protocol, dict(flow.protocols)) == ("openvpn", {"ike": 2, "openvpn": 1})
