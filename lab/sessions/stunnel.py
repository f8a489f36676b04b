"""A TLS session by stunnel: what it carries is anybody's guess, and so it passes."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from lab.sessions.dialled import ForwardedSession
from lab.sessions.session import Site
from lab.vpn.authority import Certificate

_PORT = 443
_COMMON = "foreground = yes\npid =\nsyslog = no\ndebug = notice\n"


class StunnelSession(ForwardedSession):
    """One stunnel on each side."""

    def __init__(self, site: Site, identity: Certificate) -> None:
        super().__init__(site, f"stunnel v{site.peers.version}")
        self._identity = identity

    def _launch(self) -> Sequence[subprocess.Popen[bytes]]:
        server, near, far = _joined((self.peers.server, _PORT)), _joined(self.near), _joined(self.far)
        certificate = f"cert = {self._identity.certificate}\nkey = {self._identity.key}\n"
        listens = f"{_COMMON}[lab]\naccept = {server}\nconnect = {far}\n{certificate}"
        dials = f"{_COMMON}[lab]\nclient = yes\naccept = {near}\nconnect = {server}\nlocal = {self.peers.client}\n"
        return [
            self.stage.spawn(namespace, "stunnel4", self._keep(side, told), log=f"{self.log}-{side}")
            for namespace, side, told in (
                (self.stage.internet, "server", listens),
                (self.stage.subscriber, "client", dials),
            )
        ]

    def _keep(self, side: str, told: str) -> str:
        file = self.stage.directory / f"{self.log}-{side}.conf"
        file.write_text(told)
        return str(file)


def _joined(end: tuple[str, int]) -> str:
    """As stunnel wants it, IPv6 too: without brackets."""
    return f"{end[0]}:{end[1]}"
