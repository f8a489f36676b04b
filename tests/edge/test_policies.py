"""Policies: an operator's decision outlives restarts, rebuilds and a kernel that was emptied."""

from typing import Any

import pytest

from control.datapath.controls import Policy
from control.edge.edge import Edge
from control.fault import Refused
from control.vocabulary import VPN_PROTOCOLS
from tests.edge.place import Place, policies_of, set_policies

pytestmark = pytest.mark.usefixtures("copied_program")

SET = {"wireguard": Policy("enforce", 5), "esp": Policy("enforce", 100), "pptp": Policy("monitor", 40)}
ALL = dict.fromkeys(VPN_PROTOCOLS, Policy()) | SET


def choose(edge: Edge) -> None:
    for name, policy in SET.items():
        set_policies(edge, {name: {"mode": policy.mode, "share": policy.share}})


def test_every_protocol_starts_in_monitor(place: Place) -> None:
    with place.edge() as edge:
        assert policies_of(edge) == dict.fromkeys(VPN_PROTOCOLS, Policy("monitor", 100))


def test_they_outlive_a_restart(place: Place) -> None:
    with place.edge() as edge:
        choose(edge)
        etag = edge.policies.etag
    with place.edge() as edge:
        assert (policies_of(edge), edge.policies.etag) == (ALL, etag)


def test_they_outlive_a_rebuild(place: Place) -> None:
    with place.edge() as edge:
        choose(edge)
    (place.live / "program").unlink()
    with place.edge() as edge:
        assert policies_of(edge) == ALL


def test_they_outlive_a_reboot(place: Place) -> None:
    with place.edge() as edge:
        choose(edge)
    place.remove()
    with place.edge() as edge:
        assert policies_of(edge) == ALL


@pytest.mark.parametrize(
    ("in_kernel", "then"),
    [
        (Policy("enforce", 1), Policy("enforce", 1)),
        (Policy("monitor"), Policy("monitor")),
        (Policy("enforce", 60), Policy("enforce", 50)),
    ],
)
def test_of_policies_that_somebody_changed_the_looser_holds(place: Place, in_kernel: Policy, then: Policy) -> None:
    with place.edge() as edge:
        set_policies(edge, {"esp": {"mode": "enforce", "share": 50}})
        edge.datapath.controls.set_policies({"esp": in_kernel})
    for _ in range(2):
        with place.edge() as edge:
            assert policies_of(edge)["esp"] == then


def test_what_the_disk_has_of_an_earlier_day_gives_way(place: Place) -> None:
    with place.edge() as edge:
        set_policies(edge, {"esp": {"mode": "enforce", "share": 100}})
    earlier = place.database.read_bytes()
    with place.edge() as edge:
        set_policies(edge, {"esp": {"mode": "monitor", "share": 100}, "ah": {"mode": "enforce", "share": 3}})
        kept = policies_of(edge)
    place.database.write_bytes(earlier)
    for _ in range(2):
        with place.edge() as edge:
            assert policies_of(edge) == kept
            assert len(edge.policies.found) == (0 if _ else 1)


def test_the_kernels_are_kept_where_the_store_has_none(place: Place) -> None:
    with place.edge() as edge:
        choose(edge)
    place.sql("DELETE FROM policy")
    with place.edge() as edge:
        assert policies_of(edge) == ALL
    place.remove()
    with place.edge() as edge:
        assert policies_of(edge) == ALL


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "policy: {}: dictionary should have at least 1 item"),
    ({"ipsec": {"mode": "enforce", "share": 1}}, "policy, ipsec: ipsec: it must be one of wireguard, openvpn"),
    ({"esp": {"mode": "block", "share": 1}}, "policy, esp, mode: block: it must be one of monitor, enforce"),
    ({"esp": {"share": 5}}, "policy, esp, mode: is missing"),
    ({"esp": {"mode": "enforce"}}, "policy, esp, share: is missing"),
    ({"esp": {"mode": "enforce", "share": 101}}, "policy, esp, share: 101: input should be less than or equal to 100"),
    ({"esp": {"mode": "enforce", "share": -1}}, "policy, esp, share: -1: input should be greater than or equal to 0"),
    ({"esp": {"mode": "enforce", "share": True}}, "policy, esp, share: True: input should be a valid integer"),
    ({"esp": {"mode": "enforce", "share": 2.5}}, "policy, esp, share: 2.5: input should be a valid integer"),
    ({"ah": {"mode": "enforce", "share": 1}, "esp": {"mode": "no", "share": 1}}, "policy, esp, mode: no: it must be"),
    ({"esp": "enforce"}, "policy, esp: enforce: input should be a valid dictionary"),
    ({"esp": {"mode": ["enforce"], "share": 1}}, "policy, esp, mode: ['enforce']: input should be a valid string"),
    ({"esp": {"mode": "enforce", "share": 1, "shares": 5}}, "policy, esp, shares: set_policy has no such argument"),
]


@pytest.mark.parametrize(("policies", "words"), BAD, ids=[words for _, words in BAD])
def test_a_bad_policy_changes_none(edge: Edge, policies: dict[str, Any], words: str) -> None:
    before, etag = policies_of(edge), edge.policies.etag
    with pytest.raises(Refused, match="arguments are wrong") as refused:
        set_policies(edge, policies)
    assert refused.value.kind == "bad-request"
    assert words in str(refused.value)
    assert (policies_of(edge), edge.policies.etag) == (before, etag)


def test_who_has_read_another_policy_is_refused(edge: Edge) -> None:
    read = edge.policies.etag
    set_policies(edge, {"esp": {"mode": "enforce", "share": 100}}, if_match=read)
    with pytest.raises(Refused, match="has changed since you read it") as refused:
        set_policies(edge, {"esp": {"mode": "monitor", "share": 0}}, if_match=read)
    assert refused.value.kind == "stale"
    assert policies_of(edge)["esp"].mode == "enforce"
