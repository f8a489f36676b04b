"""OpenVPN over UDP, its control channel plain TLS."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from lab.machines.machine import Place, wait_for
from lab.machines.sessions.session import Session
from lab.vpn.authority import Authority

_PORT = 1194
_START_SECONDS = 30.0
_LISTENING = "Initialization Sequence Completed"
_COMMON = "openvpn --verb 3 --dev-type tun --topology subnet --ca ca.crt --cert own.crt --key own.key"


@cache
def _files() -> dict[str, dict[str, str]]:
    """For each side, the files that it needs, by name; one authority for the whole run."""
    with tempfile.TemporaryDirectory() as directory:
        authority = Authority(Path(directory))
        root = authority.root.certificate.read_text()
        sides = dict(zip(("server", "client"), authority.pair(), strict=True))
        return {
            side: {"ca.crt": root, "own.crt": own.certificate.read_text(), "own.key": own.key.read_text()}
            for side, own in sides.items()
        }


class OpenVpn(Session):
    """One daemon on each side."""

    protocols = ("openvpn",)

    def start(self) -> None:
        ends, network = self.site.ends, self.site.server_inner.rsplit(".", 1)[0]
        common = f"--proto udp{ends.version} --dev ovpn{self.site.index}"
        listen = f"--local {ends.server} --port {_PORT} --dh none --server {network}.0 255.255.255.0 --keepalive 5 60"
        self._daemon("server", self.site.internet, f"{common} {listen}")
        server = self.site.internet
        wait_for(lambda: _LISTENING in server.said(self._unit), "openvpn's server listens", _START_SECONDS)
        connect = f"--client --nobind --remote {ends.server} {_PORT} --remote-cert-tls server"
        self._daemon("client", self.site.subscriber, f"{common} {connect} --connect-retry 1 1 --hand-window 6")

    def stop(self) -> None:
        for place in (self.site.subscriber, self.site.internet):
            place.stop(self._unit)

    def explain(self) -> str:
        return self.site.subscriber.said(self._unit)

    @property
    def _unit(self) -> str:
        return f"openvpn-{self.site.index}"

    def _daemon(self, side: str, place: Place, words: str) -> None:
        files = {self.path(side, name): text for name, text in _files()[side].items()}
        place.start(self._unit, f"{_COMMON} --cd {self.path(side, '')} {words}", files=files)
