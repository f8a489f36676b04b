"""OpenVPN over UDP, its control channel plain TLS."""

from __future__ import annotations

import shlex
import tempfile
from dataclasses import astuple
from functools import cache
from pathlib import Path

from lab.machines.machine import wait_for
from lab.machines.sessions.session import Session
from lab.network import Side
from lab.vpn import openvpn
from lab.vpn.authority import Authority

_START_SECONDS = 30.0


@cache
def _texts() -> dict[Side, openvpn.Identity]:
    """For each side, what is in its files; one authority for the whole run."""
    with tempfile.TemporaryDirectory() as directory:
        authority = Authority(Path(directory))
        root = authority.root.certificate.read_text()
        return {
            side: openvpn.Identity(root, own.certificate.read_text(), own.key.read_text())
            for side, own in authority.pair().items()
        }


class OpenVpn(Session):
    """One daemon on each side."""

    protocols = ("openvpn",)

    def start(self) -> None:
        self._daemon("server")
        server = self.site.internet
        wait_for(lambda: openvpn.LISTENING in server.said(self._unit), "openvpn's server listens", _START_SECONDS)
        self._daemon("client")

    def stop(self) -> None:
        for place in (self.site.subscriber, self.site.internet):
            place.stop(self._unit)

    def explain(self) -> str:
        return self.site.subscriber.said(self._unit)

    @property
    def _unit(self) -> str:
        return f"openvpn-{self.site.peers.index}"

    def _daemon(self, side: Side) -> None:
        there = openvpn.Identity(self.path(side, "ca.crt"), self.path(side, "own.crt"), self.path(side, "own.key"))
        files = dict(zip(astuple(there), astuple(_texts()[side]), strict=True))
        command = shlex.join(openvpn.command(side, self.site.peers, there))
        self.site.place(side).start(self._unit, command, files=files)
