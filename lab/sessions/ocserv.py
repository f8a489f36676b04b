"""AnyConnect's protocol, by ocserv and openconnect: TLS, and DTLS beside it."""

from __future__ import annotations

import socket
import subprocess

from lab.sessions.session import UP_SECONDS, Site, TunnelSession
from lab.vpn.authority import Authority
from lab.waiting import wait_until_ready

_SERVER = """
auth = "certificate"
cert-user-oid = 2.5.4.3
listen-host = {server}
tcp-port = {port}
udp-port = {port}
run-as-user = root
run-as-group = root
socket-file = {directory}/{name}-socket
server-cert = {own.certificate}
server-key = {own.key}
ca-cert = {root}
device = ocs{index}
ipv4-network = {network}
ipv4-netmask = 255.255.255.252
isolate-workers = false
max-clients = 4
max-same-clients = 4
keepalive = 30
dpd = 30
mobile-dpd = 30
try-mtu-discovery = false
cisco-client-compat = true
dtls-legacy = true
log-level = 3
"""
_PORT = 443
_DTLS = "Established DTLS connection"  # as openconnect says it
# What openconnect runs when it has an address (vpnc-script's interface, openconnect(8)).
_SCRIPT = """#!/bin/sh
[ "$reason" = connect ] || exit 0
ip address add "{inner_client}/30" dev "$TUNDEV"
ip link set "$TUNDEV" up mtu 1300 txqueuelen {queue}
"""


class OcservSession(TunnelSession):
    """One ocserv and one openconnect; with DTLS unless it is not wanted."""

    protocol = "none"
    daemons: tuple[subprocess.Popen[bytes], ...] = ()

    def __init__(self, site: Site, *, authority: Authority, dtls: bool) -> None:
        super().__init__(site, f"openconnect v{site.peers.version} {'dtls' if dtls else 'tls'}")
        self._root = authority.root.certificate
        name = f"ocserv-{site.peers.index}"
        self._own = authority.issue(name, usage="serverAuth", alternative=f"IP:{site.peers.server}")
        self._user = authority.issue(f"{name}-user", usage="clientAuth")
        self._dtls = dtls

    def start(self) -> None:
        directory, inner = self.stage.directory, self.peers.inner
        config, script = (directory / f"{self.log}{end}" for end in (".conf", ".sh"))
        network = f"{inner.server.rpartition('.')[0]}.0"
        config.write_text(
            _SERVER.format(
                server=self.peers.server,
                port=_PORT,
                directory=directory,
                name=self.log,
                own=self._own,
                root=self._root,
                index=self.peers.index,
                network=network,
            )
        )
        script.write_text(_SCRIPT.format(inner_client=inner.client, queue=self.queue))
        script.chmod(0o700)
        words = ("ocserv", "--foreground", "--config", str(config))
        server = self.stage.spawn_private(self.stage.internet, *words, log=f"{self.log}-server")
        wait_until_ready([server], self._listens, f"{self.name}: ocserv listens")
        client = self.stage.spawn_private(self.stage.subscriber, *self._dial(str(script)), log=f"{self.log}-client")
        self.daemons = (server, client)

    def stop(self) -> None:
        self.stage.end(*self.daemons)
        self.daemons = ()

    def is_up(self, seconds: float = UP_SECONDS) -> bool:
        up = super().is_up(seconds)
        return up and (not self._dtls or _DTLS in self.stage.log_path(f"{self.log}-client").read_text())

    def _listens(self) -> bool:
        with self.stage.internet.socket(self.peers.family, socket.SOCK_STREAM) as asker:
            return asker.connect_ex((self.peers.server, _PORT)) == 0

    def _dial(self, script: str) -> tuple[str, ...]:
        own = ("--certificate", str(self._user.certificate), "--sslkey", str(self._user.key))
        trust = ("--cafile", str(self._root), "--non-inter", *(() if self._dtls else ("--no-dtls",)))
        device = ("--interface", f"oc{self.peers.index}", "--script", script)
        return ("openconnect", *own, *trust, *device, f"https://{self.peers.server_in_url}:{_PORT}/")
