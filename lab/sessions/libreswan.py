"""IKE by libreswan's pluto, a second implementation. Its handshake alone: its ESP is the kernel's.

Debian will not have it beside strongSwan: it lies in a folder of its own, which is laid over /usr where it runs.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lab.command import run
from lab.network import SIDES, Side
from lab.sessions.session import Site
from lab.sessions.shaken import ShakenSession
from lab.waiting import listens, wait_until_ready

FOLDER = Path(__file__).parents[2] / "build" / "libreswan"
"""Where packaging/unpack.sh lays it."""
_PLACE = "/usr/libexec/ipsec"
_OVER = f'mount -t overlay overlay -o "lowerdir={FOLDER}/usr:/usr" /usr'
_CONFIG = """
config setup
	ikev1-policy=accept
	ddos-mode={mode}
conn lab
	authby=secret
	left={own}
	right={other}
	leftid={own}
	rightid={other}
	{told}
"""
_ESTABLISHED = re.compile(r"established IKE SA|(?:ISAKMP|IKE) SA established")
_COOKIE = re.compile("cookie", re.IGNORECASE)


@dataclass(frozen=True)
class PlutoWay:
    """How pluto speaks IKE.

    Attributes:
        told: what ipsec.conf(5) says of the connection, a line each.
        busy: the server demands a cookie of everybody, and the session is not up without.
    """

    told: tuple[str, ...]
    busy: bool = False


class LibreswanSession(ShakenSession):
    """One pluto on each side."""

    protocol = "ike"

    def __init__(self, site: Site, way: PlutoWay) -> None:
        super().__init__(site, f"libreswan{site.peers.index} v{site.peers.version}")
        self._way = way

    def start(self) -> None:
        sides = {side: self._launch(side) for side in SIDES}
        self.daemons = tuple(sides.values())
        for side, daemon in sides.items():
            control = self.stage.private_run(daemon, "pluto", "pluto.ctl")
            wait_until_ready([daemon], partial(listens, control), f"{self.name}: pluto listens")
            self._ask(daemon, "addconn", "--config", str(self._folder(side) / "ipsec.conf"), "lab")
            self._ask(daemon, "whack", "--listen")
        self._ask(sides["client"], "whack", "--initiate", "--name", "lab", "--asynchronous")

    def shaken(self) -> bool:
        said = self.stage.log_path(f"{self.log}-client").read_text() if self.daemons else ""
        return bool(_ESTABLISHED.search(said)) and (not self._way.busy or bool(_COOKIE.search(said)))

    def _launch(self, side: Side) -> subprocess.Popen[bytes]:
        folder = self._folder(side)
        config, secrets = folder / "ipsec.conf", folder / "ipsec.secrets"
        own, other = self.peers.seen_from(side)
        mode = "busy" if self._way.busy and side == "server" else "unlimited"
        if not folder.exists():
            folder.mkdir()
            config.write_text(_CONFIG.format(own=own, other=other, told="\n\t".join(self._way.told), mode=mode))
            secrets.write_text(f'{own} {other} : PSK "a secret of the lab, and a long one"\n')
            over = ("unshare", "--mount", "sh", "-c", f'{_OVER} && exec "$@"', "sh")
            run(*over, "certutil", "-N", "-d", f"sql:{folder}", "--empty-password")
        files = {"config": config, "secretsfile": secrets, "ipsecdir": folder, "nssdir": folder}
        words = [word for name, value in files.items() for word in (f"--{name}", str(value))]
        pluto = (f"{_PLACE}/pluto", "--nofork", "--stderrlog", "--no-dnssec", "--listen", own, *words)
        namespace = self.stage.internet if side == "server" else self.stage.subscriber
        return self.stage.spawn_private(
            namespace,
            "sh",
            "-c",
            f'mkdir -p /run/pluto && {_OVER} && exec "$@"',
            "sh",
            *pluto,
            log=f"{self.log}-{side}",
        )

    @staticmethod
    def _ask(daemon: subprocess.Popen[bytes], program: str, *words: str) -> None:
        inside = ("nsenter", "--target", str(daemon.pid), "--mount", "--net", "--")
        run(*inside, f"{_PLACE}/{program}", "--ctlsocket", "/run/pluto/pluto.ctl", *words)

    def _folder(self, side: Side) -> Path:
        return self.stage.directory / f"{self.log}-{side}"


WAYS: Mapping[str, PlutoWay] = {
    "ikev2": PlutoWay(("ikev2=insist",)),
    "ikev2 cookie": PlutoWay(("ikev2=insist",), busy=True),
    "ikev1 main mode": PlutoWay(("ikev2=no",)),
    "ikev1 aggressive mode": PlutoWay(("ikev2=no", "aggressive=yes", "ike=aes128-sha2_256-modp2048")),
}
"""By name."""
