"""SSH tunnels by OpenSSH: a forwarded port (-L; -D looks no other outside), and a tunnel device (-w)."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from lab.command import run
from lab.sessions.dialled import ForwardedSession
from lab.sessions.session import Site, TunnelSession
from lab.stage.stage import Stage
from lab.waiting import wait_until_ready

_SERVER = """
Port 22
ListenAddress {server}
HostKey {directory}/ssh-host
PidFile none
AuthorizedKeysFile {directory}/ssh-user.pub
StrictModes no
UsePAM no
PermitRootLogin yes
PermitTunnel yes
"""
_LISTENS = "Server listening on"


class SshKeys:
    """The keys that all SSH sessions of a stage share: the hosts' and the user's."""

    def __init__(self, directory: Path) -> None:
        for name in ("host", "user"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(directory / f"ssh-{name}"))


class SshSession(ForwardedSession):
    """One sshd and one ssh that forwards a port."""

    def __init__(self, site: Site) -> None:
        super().__init__(site, f"ssh v{site.peers.version} -L")

    def _launch(self) -> Sequence[subprocess.Popen[bytes]]:
        (near_host, near), (far_host, far) = self.near, self.far
        return _launch(self, "-L", f"{near_host}:{near}:{far_host}:{far}")


class SshTunnelSession(TunnelSession):
    """One sshd and one ssh with a tunnel device on either side."""

    protocol = "none"
    daemons: tuple[subprocess.Popen[bytes], ...] = ()

    def __init__(self, site: Site) -> None:
        super().__init__(site, f"ssh v{site.peers.version} -w")

    def start(self) -> None:
        unit, inner = self.peers.index, self.peers.inner
        for namespace, own in ((self.stage.internet, inner.server), (self.stage.subscriber, inner.client)):
            namespace.ip_batch(
                [
                    f"tuntap add tun{unit} mode tun",
                    f"address add {own}/30 dev tun{unit}",
                    f"link set tun{unit} up txqueuelen {self.queue}",
                ]
            )
        self.daemons = tuple(_launch(self, "-w", f"{unit}:{unit}"))

    def stop(self) -> None:
        if self.daemons:
            self.stage.end(*self.daemons)
            self.daemons = ()
            for namespace in (self.stage.internet, self.stage.subscriber):
                namespace.ip_batch([f"tuntap delete tun{self.peers.index} mode tun"])


def _launch(session: SshSession | SshTunnelSession, *forwarding: str) -> list[subprocess.Popen[bytes]]:
    stage, peers = session.stage, session.peers
    file = stage.directory / f"{session.log}-sshd.conf"
    file.write_text(_SERVER.format(server=peers.server, directory=stage.directory))
    log = f"{session.log}-server"
    # It separates privileges below /run, and will be called by its full path.
    sshd = ("sh", "-c", 'mkdir -p /run/sshd && exec /usr/sbin/sshd -D -e -f "$0"', str(file))
    server = stage.spawn_private(stage.internet, *sshd, log=log)
    said = stage.log_path(log)
    wait_until_ready([server], lambda: _LISTENS in said.read_text(), f"{session.name}: sshd listens")
    return [server, _dial(stage, session, forwarding)]


def _dial(stage: Stage, session: SshSession | SshTunnelSession, forwarding: Sequence[str]) -> subprocess.Popen[bytes]:
    options = {
        "IdentityFile": str(stage.directory / "ssh-user"),
        "BindAddress": session.peers.client,
        "StrictHostKeyChecking": "no",
        "UserKnownHostsFile": "/dev/null",
        "ExitOnForwardFailure": "yes",
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    ssh = ("ssh", "-F", "none", *words, "-N", *forwarding, f"root@{session.peers.server}")
    return stage.spawn(stage.subscriber, *ssh, log=f"{session.log}-client")
