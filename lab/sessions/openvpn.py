"""OpenVPN sessions: UDP and TCP, in every mode of the control channel."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import ClassVar

from lab.sessions.session import Place, TunnelSession
from lab.stage.namespace import run
from lab.vpn.authority import Authority, Certificate
from lab.waiting import wait_for

PORT = "1194"
MODES = ("plain", "tls-auth", "tls-crypt", "tls-crypt-v2")
# A refused client starts anew after this, so that a policy that opens is seen within seconds.
_HANDSHAKE_SECONDS = "6"
_LISTENING = "Initialization Sequence Completed"


class OpenVpnKeys:
    """The keys and certificates that all OpenVPN sessions of a stage share."""

    def __init__(self, authority: Authority, directory: Path) -> None:
        self.root = authority.root.certificate
        self.server, self.client = authority.pair()
        self._shared = directory / "openvpn.key"
        self._v2_server = directory / "openvpn-v2-server.key"
        self._v2_client = directory / "openvpn-v2-client.key"
        run("openvpn", "--genkey", "secret", str(self._shared))
        run("openvpn", "--genkey", "tls-crypt-v2-server", str(self._v2_server))
        v2_server = ("--tls-crypt-v2", str(self._v2_server))
        run("openvpn", *v2_server, "--genkey", "tls-crypt-v2-client", str(self._v2_client))

    def options(self, mode: str, *, server: bool) -> tuple[str, ...]:
        """The words that choose a mode of the control channel on one side."""
        if mode == "plain":
            return ()
        if mode == "tls-auth":
            return ("--tls-auth", str(self._shared), "0" if server else "1")
        if mode == "tls-crypt":
            return ("--tls-crypt", str(self._shared))
        return ("--tls-crypt-v2", str(self._v2_server if server else self._v2_client))


class OpenVpnSession(TunnelSession):
    """One openvpn server and one client; `mode` is one of MODES, `transport` udp or tcp."""

    protocol = "openvpn"
    _common: ClassVar = ("openvpn", "--verb", "3", "--dev-type", "tun", "--topology", "subnet")
    daemons: tuple[subprocess.Popen[bytes], ...] = ()

    def __init__(self, place: Place, *, keys: OpenVpnKeys, mode: str, transport: str) -> None:
        super().__init__(place, f"openvpn-{transport}{place.ends.version} {mode}")
        self._keys = keys
        self._mode = mode
        self._transport = f"{transport}{place.ends.version}"

    def start(self) -> None:
        server = self.stage.spawn(
            self.stage.internet,
            *(*self._common, *self._identity(self._keys.server)),
            *("--dev", self._device, "--txqueuelen", self.queue, "--proto", self._protocol_word("server")),
            *("--local", self.ends.server, "--port", PORT, "--dh", "none"),
            *("--server", f"10.200.{self.ends.index}.0", "255.255.255.0", "--keepalive", "5", "60"),
            *self._keys.options(self._mode, server=True),
            log=f"{self.log}-server",
        )
        # A client that comes first would wait two seconds for its second try.
        log = self.stage.log_path(f"{self.log}-server")
        wait_for(lambda: _LISTENING in log.read_text(), f"{self.name}: the server listens")
        client = self.stage.spawn(
            self.stage.subscriber,
            *(*self._common, *self._identity(self._keys.client), "--client", "--nobind"),
            *("--dev", self._device, "--txqueuelen", self.queue, "--proto", self._protocol_word("client")),
            *("--remote", self.ends.server, PORT, "--remote-cert-tls", "server"),
            *("--hand-window", _HANDSHAKE_SECONDS, "--connect-timeout", _HANDSHAKE_SECONDS),
            *("--connect-retry", "1", "1"),
            *self._keys.options(self._mode, server=False),
            log=f"{self.log}-client",
        )
        self.daemons = (server, client)

    def stop(self) -> None:
        self.stage.end(*self.daemons)
        self.daemons = ()

    @property
    def _device(self) -> str:
        return f"ovpn{self.ends.index}"

    def _protocol_word(self, side: str) -> str:
        return self._transport if self._transport.startswith("udp") else f"{self._transport}-{side}"

    def _identity(self, certificate: Certificate) -> tuple[str, ...]:
        return (
            *("--ca", str(self._keys.root)),
            *("--cert", str(certificate.certificate), "--key", str(certificate.key)),
        )
