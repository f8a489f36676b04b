"""IKEv2 sessions: one strongSwan daemon on each side carries them all.

Data runs through the plugin kernel-libipsec, which does ESP in user space over a tun device and so always
inside UDP: a session starts with IKE_SA_INIT on port 500 (or on 4500 at once) and moves to port 4500
with all that follows (RFC 7296, section 2.23; RFC 3948).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

from lab.command import run
from lab.network import Peers, Side
from lab.sessions.session import Site, TunnelSession
from lab.stage.namespace import Namespace
from lab.stage.stage import Stage
from lab.vpn import strongswan
from lab.waiting import listens, wait_until_ready


class Charon:
    """One strongSwan daemon, with the connections of all sessions that run over it."""

    def __init__(self, stage: Stage, namespace: Namespace, side: Side, more: str = "") -> None:
        self._directory = stage.directory / f"charon-{side}"
        self._directory.mkdir()
        self._socket = self._directory / "vici"
        settings = self._directory / "strongswan.conf"
        settings.write_text(strongswan.daemon(self._socket, userspace=True, more=more))
        self._environment = (f"STRONGSWAN_CONF={settings}", f"SWANCTL_DIR={self._directory}")
        self._keys = self._directory / "private"  # below SWANCTL_DIR, the only place from which it takes them
        self._keys.mkdir()
        self._connections = self._directory / "swanctl.conf"
        self._lock = threading.Lock()
        self._stage = stage
        self._namespace = namespace
        self._log = f"charon-{side}"
        self.daemon: subprocess.Popen[bytes] | None = None

    def load(self, connection: str, key: Path | None = None) -> None:
        """Add a connection, and its private key if it has one, starting the daemon if this is the first."""
        with self._lock:
            if key:
                shutil.copy(key, self._keys)
            if self.daemon is None:
                self.daemon = self._stage.spawn_private(
                    self._namespace, "env", *self._environment, strongswan.CHARON, log=self._log
                )
                wait_until_ready([self.daemon], lambda: listens(self._socket), "strongSwan listens")
            with self._connections.open("a") as connections:
                connections.write(connection)
            self.control("--load-all", "--file", str(self._connections))

    @property
    def log(self) -> Path:
        """What the daemon says."""
        return self._stage.log_path(self._log)

    def control(self, *words: str) -> None:
        """Run swanctl against this daemon; RuntimeError when it refuses."""
        run("env", *self._environment, "swanctl", *words, "--uri", f"unix://{self._socket}")

    def terminate(self, connection: str) -> None:
        """Forget the security associations of a connection without waiting for the peer."""
        try:
            self.control("--terminate", "--ike", connection, "--force", "--timeout", "-1")
        except RuntimeError as fault:
            if "no matching SAs" not in str(fault):
                raise


class IkePair:
    """The two daemons of a stage; `more` stands in the settings of either, as strongswan.conf(5) has it."""

    def __init__(self, stage: Stage, more: Mapping[Side, str] | None = None) -> None:
        self.server = Charon(stage, stage.internet, "server", (more or {}).get("server", ""))
        self.client = Charon(stage, stage.subscriber, "client", (more or {}).get("client", ""))


class IkeSession(TunnelSession):
    """One IKE SA with one child.

    `port` is the server's port that the first packet goes to; `identities` are asked for where `way` has certificates.
    """

    protocol = "ike"
    _loaded = False

    def __init__(
        self,
        site: Site,
        *,
        pair: IkePair,
        port: int,
        way: strongswan.Way = strongswan.USUAL,
        identities: Mapping[Side, strongswan.Identity] | None = None,
    ) -> None:
        super().__init__(site, f"ike-{port} v{site.peers.version}")
        self._pair = pair
        self._port = port
        self._way = way
        self._identities = identities or {}

    def start(self) -> None:
        if not self._loaded:
            self._load(self._pair.server, "server")
            self._load(self._pair.client, "client")
            self._loaded = True
        self._prepare()
        self._pair.client.control("--initiate", "--child", self._connection, "--timeout", "-1")

    def rekeys(self) -> int:
        """How often the client has renewed the keys of IKE or of its child, as it says itself."""
        of_ike = rf"IKE_SA {self._connection}\[\d+\] (?:rekeyed|established) between"
        of_child = rf"(?<!outbound )CHILD_SA {self._connection}\{{\d+\}} established"
        renewed = re.compile(of_child if self._way.renews == "child" else of_ike)
        return len(renewed.findall(self.said()))

    def said(self) -> str:
        """What the client's daemon said so far, of this session and of all others of the stage."""
        return self._pair.client.log.read_text()

    def stop(self) -> None:
        if self._loaded:
            for side in (self._pair.client, self._pair.server):
                side.terminate(self._connection)

    @property
    def daemons(self) -> list[subprocess.Popen[bytes]]:
        return [side.daemon for side in (self._pair.server, self._pair.client) if side.daemon]

    def _prepare(self) -> None:
        """What is to be done before each start; both daemons know the connection."""

    def _load(self, charon: Charon, side: Side) -> None:
        identity = self._identities.get(side)
        told = strongswan.connection(side, self._known_to(side), port=self._port, way=self._way, identity=identity)
        charon.load(told, identity.key if identity else None)

    def _known_to(self, _: Side) -> Peers:
        """Whom a side takes the two for."""
        return self.peers

    @property
    def _connection(self) -> str:
        return strongswan.name(self.peers)
