"""L2TP by xl2tpd and PPTP by pptpd and pptp: the real daemons, with a stand-in for pppd, whose /dev/ppp lacks."""

from __future__ import annotations

import shutil
import socket
import subprocess
from abc import abstractmethod

from lab.network import Side
from lab.sessions.dialled import DialledSession
from lab.sessions.session import Site
from lab.stage.namespace import Namespace
from lab.traffic.exchange import echo
from lab.vpn import l2tp, stand_in
from lab.waiting import wait_until_ready

_PPPD = "/usr/sbin/pppd"  # which the daemons have compiled in
_IN_ITS_PLACE = f'mount --bind "$0" {_PPPD} && exec "$@"'
_PPTP_PORT = 1723  # RFC 2637, section 3.1
# pptpd wants addresses to give away, and clients that it may refuse; the stand-in heeds neither.
_PPTPD = "option {options}\nlocalip {inner_server}\nremoteip {inner_client}\n"


class PppSession(DialledSession):
    """A session that carries PPP frames between two stand-ins."""

    dialect = echo()

    def __init__(self, site: Site, name: str) -> None:
        super().__init__(site, name)
        self._socket = self.stage.directory / f"ppp{site.peers.index}"
        self._options = self.stage.directory / "ppp-options"
        self._options.write_text(l2tp.PPP_OPTIONS)
        self._pppd = self.stage.directory / "pppd"
        if not self._pppd.exists():
            shutil.copy(stand_in.__file__, self._pppd)
            self._pppd.chmod(0o700)

    def start(self) -> None:
        server = self._spawn(self.stage.internet, "server")
        wait_until_ready([server], self._listens, f"{self.name}: the server listens")
        self._socket.unlink(missing_ok=True)
        self.daemons = (server, self._spawn(self.stage.subscriber, "client"))

    def ask(self) -> socket.socket:
        asker = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            asker.connect(str(self._socket))
        except OSError:
            asker.close()
            raise
        return asker

    @abstractmethod
    def _command(self, side: Side) -> tuple[str, ...]:
        """The words that start one side's daemon."""

    @abstractmethod
    def _listens(self) -> bool:
        """Whether a client may come."""

    def _spawn(self, namespace: Namespace, side: Side) -> subprocess.Popen[bytes]:
        environment = ("env", f"LAB_PPP={self._socket if side == 'client' else ''}")
        replaced = ("sh", "-c", _IN_ITS_PLACE, str(self._pppd))
        words = (*environment, *replaced, *self._command(side))
        return self.stage.spawn_private(namespace, *words, log=f"{self.log}-{side}")


class Xl2tpdSession(PppSession):
    """One xl2tpd on each side."""

    protocol = "l2tp"

    def __init__(self, site: Site) -> None:
        super().__init__(site, "xl2tpd")

    def _command(self, side: Side) -> tuple[str, ...]:
        config = self.stage.directory / f"{self.log}-{side}.conf"
        config.write_text(l2tp.settings(side, self.peers, str(self._options)))
        files = {"-c": ".conf", "-s": ".secrets", "-p": ".pid", "-C": ".control"}
        words = (word for flag, end in files.items() for word in (flag, str(config.with_suffix(end))))
        return ("xl2tpd", "-D", *words)

    def _listens(self) -> bool:
        said = self.stage.log_path(f"{self.log}-server").read_text()
        return f"Listening on IP address {self.peers.server}" in said


class PptpdSession(PppSession):
    """One pptpd, and one pptp; their GRE is their own, not the kernel's."""

    protocol = "pptp"

    def __init__(self, site: Site) -> None:
        super().__init__(site, "pptpd")

    def _command(self, side: Side) -> tuple[str, ...]:
        if side == "client":
            local = ("--localbind", self.peers.client, "--nohostroute")
            # It leaves for the background but for a debugger's sake.
            return ("pptp", self.peers.server, "--debug", *local, "nodetach")
        inner = self.peers.inner
        config = self.stage.directory / f"{self.log}.conf"
        config.write_text(_PPTPD.format(options=self._options, inner_server=inner.server, inner_client=inner.client))
        files = ("--conf", str(config), "--pidfile", str(config.with_suffix(".pid")))
        return ("pptpd", "--fg", *files, "--listen", self.peers.server)

    def _listens(self) -> bool:
        with self.stage.internet.socket(self.peers.family, socket.SOCK_STREAM) as asker:
            return asker.connect_ex((self.peers.server, _PPTP_PORT)) == 0
