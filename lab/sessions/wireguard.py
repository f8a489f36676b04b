"""WireGuard sessions, IPv4 or IPv6 outside: wireguard-go on both sides, or the kernel's own."""

from __future__ import annotations

import contextlib
import subprocess

from lab.command import run
from lab.sessions.session import Site, TunnelSession
from lab.stage.namespace import Namespace
from lab.vpn import wireguard
from lab.waiting import listens, wait_until_ready


class WireGuardSession(TunnelSession):
    """One wireguard-go on each side."""

    protocol = "wireguard"
    daemons: tuple[subprocess.Popen[bytes], ...] = ()

    def __init__(self, site: Site) -> None:
        super().__init__(site, f"wireguard v{site.peers.version}")
        self._handshakes: set[str] = set()

    def start(self) -> None:
        self.daemons = (
            self._daemon(self.stage.internet, "server"),
            self._daemon(self.stage.subscriber, "client"),
        )
        settings, inner = wireguard.settings(self.peers), self.peers.inner
        self._configure(self.daemons[0], inner.server, settings["server"])
        self._configure(self.daemons[1], inner.client, settings["client"])

    def stop(self) -> None:
        self.stage.end(*self.daemons)
        self.daemons = ()

    def rekeys(self) -> int:
        """How many handshakes the client has made since this was first asked, as far as it was asked often enough."""
        said = run(*self._inside(self.daemons[1]), "wg", "show", self._interface, "latest-handshakes")
        self._handshakes.add(said.split()[-1])
        return len(self._handshakes) - 1

    @property
    def _interface(self) -> str:
        return wireguard.interface(self.peers)

    def _daemon(self, namespace: Namespace, side: str) -> subprocess.Popen[bytes]:
        return self.stage.spawn_private(namespace, "wireguard-go", "-f", self._interface, log=f"{self.log}-{side}")

    @staticmethod
    def _inside(daemon: subprocess.Popen[bytes]) -> tuple[str, ...]:
        return ("nsenter", "--target", str(daemon.pid), "--mount", "--net", "--")

    def _configure(self, daemon: subprocess.Popen[bytes], inner: str, settings: str) -> None:
        inside = self._inside(daemon)
        control = self.stage.private_run(daemon, "wireguard", f"{self._interface}.sock")
        # For `wg` does not try twice.
        wait_until_ready([daemon], lambda: listens(control), f"wireguard-go of {self.name} listens")
        run(*inside, "wg", "setconf", self._interface, "/dev/stdin", text=settings)
        run(*inside, "ip", "address", "add", f"{inner}/30", "dev", self._interface)
        run(*inside, "ip", "link", "set", self._interface, "txqueuelen", self.queue, "up")


class KernelWireGuardSession(TunnelSession):
    """WireGuard in the kernel, on both sides; the machine must have it."""

    protocol = "wireguard"
    daemons: tuple[subprocess.Popen[bytes], ...] = ()

    def __init__(self, site: Site) -> None:
        super().__init__(site, f"kernel-wireguard v{site.peers.version}")

    def start(self) -> None:
        self.stop()
        settings, inner = wireguard.settings(self.peers), self.peers.inner
        self._add(self.stage.internet, inner.server, settings["server"])
        self._add(self.stage.subscriber, inner.client, settings["client"])

    def stop(self) -> None:
        for namespace in (self.stage.internet, self.stage.subscriber):
            with contextlib.suppress(RuntimeError):
                namespace.ip_batch([f"link delete {wireguard.interface(self.peers)}"])

    def _add(self, namespace: Namespace, inner: str, settings: str) -> None:
        name = wireguard.interface(self.peers)
        namespace.ip_batch([f"link add {name} type wireguard"])
        self.stage.run(namespace, "wg", "setconf", name, "/dev/stdin", text=settings)
        namespace.ip_batch([f"address add {inner}/30 dev {name}", f"link set {name} txqueuelen {self.queue} up"])
