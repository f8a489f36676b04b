"""How everything stands that an edge shares with its neighbour router, as its daemons say."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from lab.routers.configuration import EDGE, PROTECTED
from lab.routers.router import Router

_NONE = "none"
_VERSIONS = (4, 6)


def adjacencies(edge: Router, neighbour: Router) -> dict[str, str]:
    """How each stands, by name; `amiss` says which are not as they must be."""
    return dict((*_ospf(edge), *_bfd(edge), *_pim(edge), *_vrrp(edge, neighbour)))


def amiss(stand: dict[str, str]) -> dict[str, str]:
    """Those that are not up, or of which the edge has become the master: which backs the neighbour up."""
    return {name: state for name, state in stand.items() if state not in ("Full", "up", "Backup")}


def _ospf(edge: Router) -> Iterator[tuple[str, str]]:
    two = [one for neighbours in edge.show("ip ospf neighbor")["neighbors"].values() for one in neighbours]
    yield "OSPFv2", next((one["nbrState"].partition("/")[0] for one in two), _NONE)
    three = {one["interfaceName"]: one["state"] for one in edge.show("ipv6 ospf6 neighbor")["neighbors"]}
    for link in (EDGE.interface, *PROTECTED):
        yield f"OSPFv3 on {link}", three.get(link, _NONE)


def _bfd(edge: Router) -> Iterator[tuple[str, str]]:
    peers, counters = _by_version(edge.show("bfd peers")), _by_version(edge.show("bfd peers counters"))
    for version in _VERSIONS:
        was_down = counters.get(version, {}).get("session-down", 0)
        yield f"BFD, IPv{version}", "was down" if was_down else peers.get(version, {}).get("status", _NONE)


def _by_version(peers: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    return {ipaddress.ip_address(peer["peer"]).version: peer for peer in peers}


def _pim(edge: Router) -> Iterator[tuple[str, str]]:
    yield "PIM", "up" if edge.show("ip pim neighbor").get(EDGE.interface) else _NONE


def _vrrp(edge: Router, neighbour: Router) -> Iterator[tuple[str, str]]:
    ours, theirs = (_groups(router) for router in (edge, neighbour))
    for version in _VERSIONS:
        # Before the neighbour is master, the edge is a backup of nobody.
        yield f"VRRP, IPv{version}", ours[version] if theirs[version] == "Master" else f"not by {theirs[version]}"


def _groups(router: Router) -> dict[int, str]:
    group: dict[str, Any] = next(iter(router.show("vrrp")), {})
    return {version: group.get(f"v{version}", {}).get("status", _NONE) for version in _VERSIONS}
