"""IKEv2 sessions: one strongSwan daemon on each side carries them all.

Data runs through the plugin kernel-libipsec, which does ESP in user space over a tun device and so always
inside UDP: a session starts with IKE_SA_INIT on port 500 (or on 4500 at once) and moves to port 4500
with all that follows (RFC 7296, section 2.23; RFC 3948).
"""

from __future__ import annotations

import subprocess
import threading

from lab.command import run
from lab.sessions.session import Site, TunnelSession
from lab.stage.namespace import Namespace
from lab.stage.stage import Stage
from lab.vpn import strongswan
from lab.waiting import listens, wait_until_ready


class Charon:
    """One strongSwan daemon, with the connections of all sessions that run over it."""

    def __init__(self, stage: Stage, namespace: Namespace, side: str) -> None:
        self._directory = stage.directory / f"charon-{side}"
        self._directory.mkdir()
        self._socket = self._directory / "vici"
        settings = self._directory / "strongswan.conf"
        settings.write_text(strongswan.daemon(self._socket, userspace=True))
        self._environment = f"STRONGSWAN_CONF={settings}"
        self._connections = self._directory / "swanctl.conf"
        self._lock = threading.Lock()
        self._stage = stage
        self._namespace = namespace
        self._log = f"charon-{side}"
        self.daemon: subprocess.Popen[bytes] | None = None

    def load(self, connection: str) -> None:
        """Add a connection, starting the daemon if this is the first."""
        with self._lock:
            if self.daemon is None:
                self.daemon = self._stage.spawn_private(
                    self._namespace, "env", self._environment, strongswan.CHARON, log=self._log
                )
                wait_until_ready([self.daemon], lambda: listens(self._socket), "strongSwan listens")
            with self._connections.open("a") as connections:
                connections.write(connection)
            self.control("--load-all", "--file", str(self._connections))

    def control(self, *words: str) -> None:
        """Run swanctl against this daemon; RuntimeError when it refuses."""
        run("env", self._environment, "swanctl", *words, "--uri", f"unix://{self._socket}")

    def terminate(self, connection: str) -> None:
        """Forget the security associations of a connection without waiting for the peer."""
        try:
            self.control("--terminate", "--ike", connection, "--force", "--timeout", "-1")
        except RuntimeError as fault:
            if "no matching SAs" not in str(fault):
                raise


class IkePair:
    """The two daemons of a stage."""

    def __init__(self, stage: Stage) -> None:
        self.server = Charon(stage, stage.internet, "server")
        self.client = Charon(stage, stage.subscriber, "client")


class IkeSession(TunnelSession):
    """One IKE SA with one child; `port` is the server's port that the first packet goes to."""

    protocol = "ike"
    _loaded = False

    def __init__(self, site: Site, *, pair: IkePair, port: int) -> None:
        super().__init__(site, f"ike-{port} v{site.peers.version}")
        self._pair = pair
        self._port = port

    def start(self) -> None:
        if not self._loaded:
            self._pair.server.load(strongswan.connection("server", self.peers, port=self._port))
            self._pair.client.load(strongswan.connection("client", self.peers, port=self._port))
            self._loaded = True
        self._pair.client.control("--initiate", "--child", self._connection, "--timeout", "-1")

    def stop(self) -> None:
        if self._loaded:
            for side in (self._pair.client, self._pair.server):
                side.terminate(self._connection)

    @property
    def daemons(self) -> list[subprocess.Popen[bytes]]:
        return [side.daemon for side in (self._pair.server, self._pair.client) if side.daemon]

    @property
    def _connection(self) -> str:
        return strongswan.name(self.peers)
