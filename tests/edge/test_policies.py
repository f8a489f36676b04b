"""Policies: an operator's decision outlives restarts, rebuilds and a kernel that was emptied."""

from typing import Any

import pytest

from control.datapath.controls import Policy
from control.edge.edge import Edge
from control.fault import Refused
from control.vocabulary import VPN_PROTOCOLS
from tests.edge.place import Place, policies_of

pytestmark = pytest.mark.usefixtures("copied_program")

SET = {"wireguard": Policy("enforce", 5), "esp": Policy("enforce", 100), "pptp": Policy("monitor", 40)}
ALL = dict.fromkeys(VPN_PROTOCOLS, Policy()) | SET


def choose(edge: Edge) -> None:
    for name, policy in SET.items():
        edge.set_policies({name: {"mode": policy.mode, "share": policy.share}})


def test_every_protocol_starts_in_monitor(place: Place) -> None:
    with place.edge() as edge:
        assert policies_of(edge) == dict.fromkeys(VPN_PROTOCOLS, Policy("monitor", 100))


def test_they_outlive_a_restart(place: Place) -> None:
    with place.edge() as edge:
        choose(edge)
        etag = edge.policy_etag
    with place.edge() as edge:
        assert (policies_of(edge), edge.policy_etag) == (ALL, etag)


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


def test_the_store_decides_where_the_kernel_differs(place: Place) -> None:
    with place.edge() as edge:
        choose(edge)
        edge.datapath.controls.set_policies({"esp": Policy("enforce", 1)})
    with place.edge() as edge:
        assert policies_of(edge) == ALL


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
    ({}, "no protocol is named"),
    ({"ipsec": {"mode": "enforce"}}, "ipsec: this protocol is not known; name one of wireguard"),
    ({"esp": {"mode": "block"}}, "esp, mode: block is no mode; give one of monitor, enforce"),
    ({"esp": {"share": 5}}, "esp, mode: None is no mode"),
    ({"esp": {"mode": "enforce", "share": 101}}, "esp, share: 101 is no share; give a whole number from 0 to 100"),
    ({"esp": {"mode": "enforce", "share": -1}}, "esp, share: -1 is no share"),
    ({"esp": {"mode": "enforce", "share": True}}, "esp, share: True is no share"),
    ({"esp": {"mode": "enforce", "share": 2.5}}, "esp, share: 2.5 is no share"),
    ({"ah": {"mode": "enforce"}, "esp": {"mode": "no"}}, "esp, mode: no is no mode"),
    ({"esp": "enforce"}, "esp: enforce is no policy"),
    ({"esp": {"mode": ["enforce"]}}, "esp, mode: ['enforce'] is no mode"),
    ({"esp": {"mode": "enforce", "shares": 5}}, "esp, shares: there is no such field; give mode and share"),
]


@pytest.mark.parametrize(("policies", "words"), BAD, ids=[words for _, words in BAD])
def test_a_bad_policy_changes_none(edge: Edge, policies: dict[str, Any], words: str) -> None:
    before, etag = policies_of(edge), edge.policy_etag
    with pytest.raises(Refused, match="policy is not understood") as refused:
        edge.set_policies(policies)
    assert refused.value.kind == "invalid"
    assert words in str(refused.value)
    assert (policies_of(edge), edge.policy_etag) == (before, etag)


def test_who_has_read_another_policy_is_refused(edge: Edge) -> None:
    read = edge.policy_etag
    edge.set_policies({"esp": {"mode": "enforce"}}, if_match=read)
    with pytest.raises(Refused, match="has changed since you read it") as refused:
        edge.set_policies({"esp": {"mode": "monitor"}}, if_match=read)
    assert refused.value.kind == "stale"
    assert policies_of(edge)["esp"].mode == "enforce"
