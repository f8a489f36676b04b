"""Tunnels of a kind of their own: no standard says how they look, and they do not say themselves, so they pass."""

from __future__ import annotations

import subprocess
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

from lab.command import run
from lab.network import SIDES, Side
from lab.sessions.dialled import ForwardedSession
from lab.sessions.session import Site, TunnelSession
from lab.stage.namespace import Namespace

_SECRET = "a-secret-of-the-lab"


class OwnKindSession(TunnelSession):
    """One daemon on each side, and a device of its own between them, which exists before they start."""

    protocol = "none"
    daemons: tuple[subprocess.Popen[bytes], ...] = ()

    def __init__(self, site: Site, name: str) -> None:
        super().__init__(site, f"{name} v{site.peers.version}")
        self.device = f"own{site.peers.index}"
        self._told = False

    def start(self) -> None:
        if not self._told:
            for side in SIDES:
                self.folder(side).mkdir()
            self.tell()
            self._told = True
        for side in SIDES:
            own, _ = self.peers.inner.seen_from(side)
            lines = [f"tuntap add {self.device} mode tun", f"address add {own}/30 dev {self.device}"]
            self._namespace(side).ip_batch([*lines, f"link set {self.device} up txqueuelen {self.queue}"])
        self.daemons = tuple(
            self.stage.spawn(self._namespace(side), *self.command(side), log=f"{self.log}-{side}") for side in SIDES
        )

    def stop(self) -> None:
        if self.daemons:
            self.stage.end(*self.daemons)
            self.daemons = ()
            for side in SIDES:
                self._namespace(side).ip_batch([f"tuntap delete {self.device} mode tun"])

    def folder(self, side: Side) -> Path:
        """Where one side's files are."""
        return self.stage.directory / f"{self.log}-{side}"

    @abstractmethod
    def tell(self) -> None:
        """Write those files, once."""

    @abstractmethod
    def command(self, side: Side) -> tuple[str, ...]:
        """The words that start one side."""

    def _namespace(self, side: Side) -> Namespace:
        return self.stage.internet if side == "server" else self.stage.subscriber


class TincSession(OwnKindSession):
    """tinc 1.0: a meta connection in TCP, data in UDP, both on port 655."""

    def __init__(self, site: Site) -> None:
        super().__init__(site, "tinc")

    def tell(self) -> None:
        for side in SIDES:
            own, inner = self.peers.seen_from(side)[0], self.peers.inner.seen_from(side)[0]
            folder = self.folder(side)
            (folder / "hosts").mkdir()
            connects = "ConnectTo = server\n" if side == "client" else ""
            (folder / "tinc.conf").write_text(
                f"Name = {side}\nInterface = {self.device}\nDeviceType = tun\nBindToAddress = {own} 655\n{connects}"
            )
            (folder / "hosts" / side).write_text(f"Address = {own}\nSubnet = {inner}/32\n")
            run("tincd", "-c", str(folder), "-K", "2048", text="")
        for side, other in (SIDES, SIDES[::-1]):
            host = (self.folder(other) / "hosts" / other).read_text()
            (self.folder(side) / "hosts" / other).write_text(host)

    def command(self, side: Side) -> tuple[str, ...]:
        folder = self.folder(side)
        return ("tincd", "-c", str(folder), "-D", "-d2", "--pidfile", str(folder / "pid"))


class FastdSession(OwnKindSession):
    """fastd: all in UDP, on port 10000."""

    def __init__(self, site: Site) -> None:
        super().__init__(site, "fastd")

    def tell(self) -> None:
        keys = {side: _two_keys(run("fastd", "--generate-key")) for side in SIDES}
        for side, other in (SIDES, SIDES[::-1]):
            own, far = self.peers.seen_from(side)
            remote = f"remote {_bracketed(far)}:10000;" if side == "client" else ""
            bind = f"{_bracketed(own)}:10000" if side == "server" else _bracketed(own)
            (self.folder(side) / "fastd.conf").write_text(
                f'mode tun;\ninterface "{self.device}";\npersist interface yes;\nbind {bind};\n'
                f'method "salsa2012+umac";\nmtu 1300;\nsecret "{keys[side][0]}";\n'
                f'peer "{other}" {{ key "{keys[other][1]}"; {remote} }}\n'
            )

    def command(self, side: Side) -> tuple[str, ...]:
        return ("fastd", "--config", str(self.folder(side) / "fastd.conf"))


class ShadowsocksSession(ForwardedSession):
    """Shadowsocks: a stream without a first byte that anybody knows."""

    def __init__(self, site: Site) -> None:
        super().__init__(site, f"shadowsocks v{site.peers.version}")

    def _launch(self) -> Sequence[subprocess.Popen[bytes]]:
        (near_host, near), (far_host, far) = self.near, self.far
        common = ("-s", self.peers.server, "-p", "8388", "-k", _SECRET, "-m", "chacha20-ietf-poly1305")
        forward = ("-b", near_host, "-l", str(near), "-L", f"{far_host}:{far}")
        return [
            self.stage.spawn(self.stage.internet, "ss-server", *common, log=f"{self.log}-server"),
            self.stage.spawn(self.stage.subscriber, "ss-tunnel", *common, *forward, log=f"{self.log}-client"),
        ]


class IodineSession(TunnelSession):
    """iodine: IP in questions and answers of DNS, on port 53."""

    protocol = "none"
    daemons: tuple[subprocess.Popen[bytes], ...] = ()

    def __init__(self, site: Site) -> None:
        super().__init__(site, "iodine")

    def start(self) -> None:
        inner, device = self.peers.inner, ("-d", f"dns{self.peers.index}")
        common = ("-f", "-P", _SECRET[:32])
        server = ("iodined", *common, "-c", *device, "-l", self.peers.server, f"{inner.server}/30", "t.example")
        # Its own raw mode (-r: not) would leave DNS behind; a size (-m) needs no search for one.
        client = ("iodine", *common, "-r", "-m", "768", *device, self.peers.server, "t.example")
        self.daemons = (
            self.stage.spawn(self.stage.internet, *server, log=f"{self.log}-server"),
            self.stage.spawn(self.stage.subscriber, *client, log=f"{self.log}-client"),
        )

    def stop(self) -> None:
        self.stage.end(*self.daemons)
        self.daemons = ()


def _two_keys(said: str) -> tuple[str, str]:
    """The secret and the public key, of what a program says in two lines."""
    secret, public = (
        line.split(":")[1].strip() for line in said.splitlines() if line.lower()[:6] in ("secret", "public")
    )
    return secret, public


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
