"""OpenVPN sessions: UDP and TCP, in every mode of the control channel."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from lab.network import Side
from lab.sessions.session import Site, TunnelSession
from lab.vpn import openvpn
from lab.vpn.authority import Authority
from lab.waiting import wait_until_ready


class OpenVpnKeys:
    """The keys and certificates that all OpenVPN sessions of a stage share."""

    def __init__(self, authority: Authority, directory: Path) -> None:
        self._root = authority.root.certificate
        self._own = authority.pair()
        self.control = openvpn.ControlKeys(directory)

    def identity(self, side: Side) -> openvpn.Identity:
        """The certificates of one side."""
        own = self._own[side]
        return openvpn.Identity(str(self._root), str(own.certificate), str(own.key))


class OpenVpnSession(TunnelSession):
    """One openvpn server and one client.

    `mode` is one of openvpn.MODES, `port` the server's, `more` what either side is told besides.
    """

    protocol = "openvpn"
    daemons: tuple[subprocess.Popen[bytes], ...] = ()

    def __init__(
        self,
        site: Site,
        *,
        keys: OpenVpnKeys,
        mode: str,
        transport: openvpn.Transport,
        port: int = openvpn.PORT,
        more: Mapping[Side, tuple[str, ...]] | None = None,
    ) -> None:
        super().__init__(site, f"openvpn-{transport}{site.peers.version} {mode}")
        self._keys = keys
        self._mode = mode
        self._transport = transport
        self._port = port
        self._more = more or {}

    def start(self) -> None:
        server_log = f"{self.log}-server"
        server = self.stage.spawn(self.stage.internet, *self._command("server"), log=server_log)
        said = self.stage.log_path(server_log)
        wait_until_ready([server], lambda: openvpn.LISTENING in said.read_text(), f"{self.name}: the server listens")
        client = self.stage.spawn(self.stage.subscriber, *self._command("client"), log=f"{self.log}-client")
        self.daemons = (server, client)

    def stop(self) -> None:
        self.stage.end(*self.daemons)
        self.daemons = ()

    def rekeys(self) -> int:
        """How often the client has agreed on new keys since it is up, as it says itself."""
        return max(0, self.stage.log_path(f"{self.log}-client").read_text().count(openvpn.AGREED) - 1)

    def _command(self, side: Side) -> tuple[str, ...]:
        identity = self._keys.identity(side)
        command = openvpn.command(side, self.seen_by(side), identity, transport=self._transport, port=self._port)
        mode = self._keys.control.words(side, self._mode)
        return (*command, "--txqueuelen", self.queue, *mode, *self._more.get(side, ()))
