"""IKEv2 sessions: one strongSwan daemon on each side carries them all.

Data runs through the plugin kernel-libipsec, which does ESP in user space over a tun device and so always
inside UDP: a session starts with IKE_SA_INIT on port 500 (or on 4500 at once) and moves to port 4500
with all that follows (RFC 7296, section 2.23; RFC 3948).
"""

from __future__ import annotations

import socket
import subprocess
import threading

from lab.sessions.session import Place, TunnelSession
from lab.stage.namespace import Namespace, run
from lab.stage.stage import Stage
from lab.waiting import wait_for

_PLUGINS = "random nonce openssl aes sha1 sha2 hmac kdf kernel-libipsec kernel-netlink socket-default vici"
# A refused start is known after 1 + 1.5 + 2.25 + 3.4 s.
_DAEMON_SETTINGS = """
charon {{
  load = {plugins}
  install_routes = yes
  retransmit_timeout = 1.0
  retransmit_base = 1.5
  retransmit_tries = 3
  plugins {{
    vici {{ socket = unix://{socket} }}
    kernel-libipsec {{ allow_peer_ts = yes }}
  }}
  filelog {{ stderr {{ default = 1 }} }}
}}
"""
_CONNECTION = """
connections {{
  {name} {{
    version = 2
    local_addrs = {local}
    remote_addrs = {remote}
    {ports}
    encap = yes
    mobike = no
    proposals = aes128-sha256-x25519
    local {{ auth = psk
      id = {local_id}.{name} }}
    remote {{ auth = psk
      id = {remote_id}.{name} }}
    children {{ {name} {{
      local_ts = {local_inner}/32
      remote_ts = {remote_inner}/32
      esp_proposals = aes128gcm16
    }} }}
  }}
}}
secrets {{ ike-{name} {{
  id-1 = server.{name}
  id-2 = client.{name}
  secret = "a secret of the lab"
}} }}
"""


class Charon:
    """One strongSwan daemon, with the connections of all sessions that run over it."""

    def __init__(self, stage: Stage, namespace: Namespace, side: str) -> None:
        self._directory = stage.directory / f"charon-{side}"
        self._directory.mkdir()
        self._socket = self._directory / "vici"
        settings = self._directory / "strongswan.conf"
        settings.write_text(_DAEMON_SETTINGS.format(plugins=_PLUGINS, socket=self._socket))
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
                    self._namespace, "env", self._environment, "/usr/lib/ipsec/charon", log=self._log
                )
                wait_for(self._listens, "strongSwan listens")
            with self._connections.open("a") as connections:
                connections.write(connection)
            self.control("--load-all", "--file", str(self._connections))

    def control(self, *words: str) -> None:
        """Run swanctl against this daemon; RuntimeError when it refuses."""
        run("env", self._environment, "swanctl", *words, "--uri", f"unix://{self._socket}")

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as asker:
            return asker.connect_ex(str(self._socket)) == 0

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

    def __init__(self, place: Place, *, pair: IkePair, port: int) -> None:
        super().__init__(place, f"ike-{port} v{place.ends.version}")
        self._pair = pair
        self._port = port

    def start(self) -> None:
        if not self._loaded:
            self._pair.server.load(self._connection("server"))
            self._pair.client.load(self._connection("client"))
            self._loaded = True
        self._pair.client.control("--initiate", "--child", self._connection_name, "--timeout", "-1")

    def stop(self) -> None:
        if self._loaded:
            for side in (self._pair.client, self._pair.server):
                side.terminate(self._connection_name)

    @property
    def daemons(self) -> list[subprocess.Popen[bytes]]:
        return [side.daemon for side in (self._pair.server, self._pair.client) if side.daemon]

    @property
    def _connection_name(self) -> str:
        return f"ike{self.ends.index}"

    def _connection(self, side: str) -> str:
        server = side == "server"
        outer = (self.ends.server, self.ends.client)
        inner = (self.server_inner, self.client_inner)
        return _CONNECTION.format(
            name=self._connection_name,
            local=outer[0 if server else 1],
            remote=outer[1 if server else 0],
            ports="" if server or self._port == 500 else f"local_port = 4500\n    remote_port = {self._port}",
            local_id=side,
            remote_id="client" if server else "server",
            local_inner=inner[0 if server else 1],
            remote_inner=inner[1 if server else 0],
        )
