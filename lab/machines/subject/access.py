"""Ways in which subscribers reach the edge: a VLAN (802.1Q) and PPPoE, under enforce."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from lab.machines.lab import Lab
from lab.machines.machine import GUEST, GUEST_DIRECTORY, wait_for
from lab.machines.sessions.session import Site
from lab.machines.sessions.wireguard import WireGuard
from lab.machines.subject.ordinary import ordinary_rows
from lab.machines.subject.sessions import REFUSED_SECONDS, UP_SECONDS, attempt, tally
from lab.network import Peers

VLAN = 100
_FIRST = 26  # of the pairs whose servers are used here: registered, unregistered, ordinary
_PORTS = ((443, True), (53, False))
_UP_SECONDS = 60.0
_PPPD = f"{GUEST_DIRECTORY}/pppd-kernel"
_PPP_OPTIONS = "noauth\nnoccp\nipv6cp-accept-local\n+ipv6\nlcp-echo-interval 0\nmtu 1492\nmru 1492\n"


def access(lab: Lab) -> None:
    """A registered and an unregistered WireGuard session, and ordinary traffic, through each."""
    for name, network4, network6, way in (
        ("VLAN", "45.83.17.", "2a0d:5600:17::", _vlan),
        ("PPPoE", "45.83.18.", "2a0d:5600:18::", _pppoe),
    ):
        peers = {
            version: [
                replace(lab.topology.peers(index, version), client=f"{network6}a" if version == 6 else f"{network4}10")
                for index in range(_FIRST, _FIRST + 3)
            ]
            for version in (4, 6)
        }
        try:
            lab.gateway.guard(list_=[three[0].server for three in peers.values()], enforce=True)
            with way(lab, network4, network6, [pair for three in peers.values() for pair in three]):
                for version, three in peers.items():
                    _rows(lab, f"{name}, IPv{version}", three)
        finally:
            lab.gateway.release()


def _rows(lab: Lab, name: str, peers: list[Peers]) -> None:
    for index, registered in ((0, True), (1, False)):
        session = WireGuard(Site(lab.subscriber, lab.internet, peers[index]))
        expected = "up, none dropped" if registered else "not up, some dropped"
        with lab.table.row("access", f"{name}: WireGuard {'' if registered else 'un'}registered", expected) as row:
            before = lab.gateway.counts()
            trial = attempt(lab, session, UP_SECONDS if registered else REFUSED_SECONDS)
            passed, _, dropped = tally(lab.gateway.counts() - before, session.protocols)
            right = trial.up and passed > 0 and not dropped if registered else not trial.up and dropped > 0
            row.see(f"{trial.words}; {passed} registered passed, {dropped} dropped", right and not trial.trouble)
    ordinary_rows(lab, "access", name, peers[2], _PORTS)


@contextmanager
def _vlan(lab: Lab, network4: str, network6: str, peers: list[Peers]) -> Iterator[None]:
    """A VLAN between the edge's access card and the subscriber's."""
    nic = f"{lab.topology.access.router_interface}.{VLAN}"
    routes = _routes(peers, {4: f"via {network4}1", 6: f"via {network6}1"})
    try:
        lab.edge.run(
            f"ip link add link {lab.topology.access.router_interface} name {nic} type vlan id {VLAN}; "
            f"ip address add {network4}1/24 dev {nic}; ip address add {network6}1/64 dev {nic} nodad; "
            f"ip link set {nic} up"
        )
        lab.subscriber.run(
            f"ip link add link uplink name uplink.{VLAN} type vlan id {VLAN}; "
            f"ip address add {network4}10/24 dev uplink.{VLAN}; ip address add {network6}a/64 dev uplink.{VLAN} nodad; "
            f"ip link set uplink.{VLAN} up; ip -batch -",
            text=routes,
        )
        with lab.table.row("access", f"VLAN {VLAN} on the access card", "a ping to the edge is answered") as row:
            answered = lab.subscriber.succeeds(f"ping -n -q -c 1 -w 20 {network4}1")
            row.see("answered" if answered else "not answered", answered)
        yield
    finally:
        lab.edge.run(f"ip link delete {nic} 2>/dev/null || true")
        lab.subscriber.run(f"ip link delete uplink.{VLAN} 2>/dev/null || true")
        lab.prepare_routes()


@contextmanager
def _pppoe(lab: Lab, network4: str, network6: str, peers: list[Peers]) -> Iterator[None]:
    """A PPPoE server on the edge's access card; the kernel's PPPoE on both sides."""
    options, log = f"{GUEST_DIRECTORY}/pppoe-options", f"{GUEST_DIRECTORY}/pppoe-client.log"
    nic = lab.topology.access.router_interface
    # pppoe-server needs an absolute path of what it starts.
    server = f"pppoe-server -F -I {nic} -L {network4}1 -R {network4}10 -N 1 -O {options} -q {_PPPD}"
    try:
        lab.edge.machine.put(GUEST / "pppd-kernel", _PPPD)
        lab.edge.start(
            "pppoe", f"sh -c 'chmod +x {_PPPD} && modprobe pppoe && exec {server}'", files={options: _PPP_OPTIONS}
        )
        words = "nodetach nodefaultroute persist maxfail 0 holdoff 1"
        client = f"pppd plugin rp-pppoe.so nic-uplink {words} file {options} logfile {log}"
        lab.subscriber.start(
            "pppoe", f"sh -c 'modprobe pppoe && exec {client}'", files={options: _PPP_OPTIONS}, private_run=True
        )
        with lab.table.row(
            "access", "PPPoE over the access card", "ppp0 has the address, by the kernel's PPPoE"
        ) as row:
            took = wait_for(
                lambda: lab.subscriber.succeeds(f"ip address show dev ppp0 | grep -q '{network4}10 '"),
                "ppp0 has its address",
                _UP_SECONDS,
            )
            kernel = lab.subscriber.run("cat /proc/net/pppoe").splitlines()
            row.see(f"after {took:.0f} s, {len(kernel) - 1} sessions in /proc/net/pppoe", len(kernel) > 1)
        lab.edge.run(
            f"ip -6 address replace {network6}1/128 dev ppp0 nodad; ip -6 route replace {network6}/64 dev ppp0"
        )
        lab.subscriber.run(
            f"ip -6 address replace {network6}a/128 dev ppp0 nodad; ip -batch -",
            text=_routes(peers, dict.fromkeys((4, 6), "dev ppp0")),
        )
        yield
    finally:
        lab.subscriber.stop("pppoe")
        lab.edge.stop("pppoe")
        lab.prepare_routes()


def _routes(peers: list[Peers], ways: Mapping[int, str]) -> str:
    """Lines for `ip -batch`: each server is reached by the way of its IP version."""
    return "".join(f"{pair.route(ways[pair.version])}\n" for pair in peers)
