"""IKEv2 by strongSwan, ESP by the kernel: in a packet of its own or, with NAT-T, in UDP 4500 (RFC 3948)."""

from __future__ import annotations

from functools import partial

from lab.machines.machine import wait_for
from lab.machines.sessions.session import Session, Site
from lab.network import SIDES, Side
from lab.vpn import strongswan

_START_SECONDS = 30.0


class Ipsec(Session):
    """One strongSwan on each side with one child.

    A tunnel between the inner addresses or, with `transport`, what L2TP needs between the outer ones, which then
    starts by itself when L2TP sends.
    """

    def __init__(self, site: Site, *, nat_t: bool, transport: bool = False) -> None:
        super().__init__(site)
        self.protocols = ("ike",) if nat_t else ("ike", "esp")
        self._nat_t = nat_t
        self._transport = transport

    def start(self) -> None:
        for side in SIDES:
            files = {
                self._settings(side): strongswan.daemon(self._socket(side), userspace=False),
                self._connections(side): strongswan.connection(
                    side, self.site.peers, nat_t=self._nat_t, transport=self._transport
                ),
            }
            command = f"env {self._environment(side)} {strongswan.CHARON}"
            if not self._transport:
                command = f"sh -c 'ip address replace {self._inner(side)}/32 dev lo; exec {command}'"
            self.site.place(side).start(self._unit, command, files=files, private_run=True)
        for side in SIDES:
            wait_for(partial(self._loads, side), f"the {side}'s strongSwan has its connection", _START_SECONDS)
        if not self._transport:
            self._control("client", f"--initiate --child {strongswan.name(self.site.peers)} --timeout -1")

    def stop(self) -> None:
        for side in SIDES:
            place = self.site.place(side)
            place.stop(self._unit)
            # What a daemon that had to be killed leaves in the kernel would carry on without it.
            address = f"ip address delete {self._inner(side)}/32 dev lo 2>/dev/null || true"
            place.run(f"ip xfrm state flush; ip xfrm policy flush; {address}")

    def explain(self) -> str:
        return self.site.subscriber.said(self._unit)

    @property
    def _unit(self) -> str:
        return f"charon-{self.site.peers.index}"

    def _inner(self, side: Side) -> str:
        return self.site.peers.inner.seen_from(side)[0]

    def _settings(self, side: Side) -> str:
        return self.path(side, "strongswan.conf")

    def _connections(self, side: Side) -> str:
        return self.path(side, "swanctl.conf")

    def _socket(self, side: Side) -> str:
        return self.path(side, "vici")

    def _environment(self, side: Side) -> str:
        return f"STRONGSWAN_CONF={self._settings(side)}"

    def _loads(self, side: Side) -> bool:
        said = self._control(side, f"--load-all --file {self._connections(side)}")
        return f"loaded connection '{strongswan.name(self.site.peers)}'" in said

    def _control(self, side: Side, words: str) -> str:
        command = f"{self._environment(side)} swanctl {words} --uri unix://{self._socket(side)} 2>&1"
        return self.site.place(side).run(command, check=False)
