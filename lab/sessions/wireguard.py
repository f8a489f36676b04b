"""WireGuard sessions: wireguard-go on both sides, IPv4 or IPv6 outside."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lab.sessions.session import Place, TunnelSession
from lab.stage.namespace import Namespace, run
from lab.waiting import wait_for

# Each server has a port of its own, for wireguard-go listens on every address of its namespace.
# 51820 is left to the ordinary traffic that looks like WireGuard by its port alone.
_FIRST_PORT = 51900


@dataclass(frozen=True)
class _Key:
    private: str
    public: str


class WireGuardSession(TunnelSession):
    """One wireguard-go on each side."""

    protocol = "wireguard"
    daemons: tuple[subprocess.Popen[bytes], ...] = ()

    def __init__(self, place: Place) -> None:
        super().__init__(place, f"wireguard v{place.ends.version}")

    def start(self) -> None:
        port = _FIRST_PORT + self.ends.index
        host = f"[{self.ends.server}]" if self.ends.version == 6 else self.ends.server
        server, client = _new_key(), _new_key()
        self.daemons = (
            self._daemon(self.stage.internet, "server"),
            self._daemon(self.stage.subscriber, "client"),
        )
        self._configure(
            self.daemons[0],
            self.server_inner,
            f"[Interface]\nPrivateKey = {server.private}\nListenPort = {port}\n"
            f"[Peer]\nPublicKey = {client.public}\nAllowedIPs = {self.client_inner}/32\n",
        )
        self._configure(
            self.daemons[1],
            self.client_inner,
            f"[Interface]\nPrivateKey = {client.private}\n"
            f"[Peer]\nPublicKey = {server.public}\nAllowedIPs = {self.server_inner}/32\n"
            f"Endpoint = {host}:{port}\n",
        )

    def stop(self) -> None:
        self.stage.end(*self.daemons)
        self.daemons = ()

    @property
    def _interface(self) -> str:
        return f"wg{self.ends.index}"

    def _daemon(self, namespace: Namespace, side: str) -> subprocess.Popen[bytes]:
        return self.stage.spawn_private(namespace, "wireguard-go", "-f", self._interface, log=f"{self.log}-{side}")

    def _configure(self, daemon: subprocess.Popen[bytes], inner: str, settings: str) -> None:
        inside = ("nsenter", "--target", str(daemon.pid), "--mount", "--net", "--")
        control = self.stage.private_run(daemon, "wireguard", f"{self._interface}.sock")
        wait_for(lambda: _listens(control), f"wireguard-go of {self.name} listens")
        run(*inside, "wg", "setconf", self._interface, "/dev/stdin", text=settings)
        run(*inside, "ip", "address", "add", f"{inner}/30", "dev", self._interface)
        run(*inside, "ip", "link", "set", self._interface, "txqueuelen", self.queue, "up")


def _listens(path: Path) -> bool:
    """Whether a daemon takes connections: its socket is there a moment earlier, and `wg` does not try twice."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as asker:
        asker.connect(str(path))
        return True
    return False


def _new_key() -> _Key:
    private = run("wg", "genkey").strip()
    return _Key(private, run("wg", "pubkey", text=private).strip())
