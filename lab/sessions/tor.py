"""Tor from a client to a bridge, by the real program: its TLS, or obfs4, which must pass like all that is no VPN.

No Tor network is behind the bridge: a session is up when the client has fetched, through it, what the bridge says of
itself.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from lab.sessions.session import Site
from lab.sessions.shaken import ShakenSession
from lab.waiting import wait_until_ready

_PORT = 443
_FETCHED = "new bridge descriptor"  # as the client notes it
_LISTENS = "Opened OR listener connection"
_PLUGIN = "/usr/bin/obfs4proxy"
# In place of the authorities that everybody has: nobody outside is asked.
_NOBODY = "0123456789" * 4
_COMMON = """
DataDirectory {data}
Log notice stdout
UseDefaultFallbackDirs 0
DirAuthority lab orport=1 v3ident={nobody} 127.0.0.1:1 {nobody}
"""
_BRIDGE = """
SocksPort 0
BridgeRelay 1
BridgeDistribution none
PublishServerDescriptor 0
AssumeReachable 1
ExitPolicy reject *:*
"""
_OBFS4_BRIDGE = """
ExtORPort auto
ServerTransportPlugin obfs4 exec {plugin}
ServerTransportListenAddr obfs4 {bridge}
"""
_CLIENT = """
SocksPort auto
UseBridges 1
"""
# Not to be reached from outside; but a bridge without IPv4 has nothing to say of itself.
_HIDDEN_PORT = "ORPort 127.0.0.1:{hidden}\nAddress 127.0.0.1\n"
_HIDDEN = 40_000  # the first


class TorSession(ShakenSession):
    """One bridge and one client; with obfs4 where that is wanted."""

    protocol = "none"

    def __init__(self, site: Site, *, obfs4: bool) -> None:
        super().__init__(site, f"tor v{site.peers.version}{' obfs4' if obfs4 else ''}")
        self._obfs4 = obfs4

    def start(self) -> None:
        bridge = f"{self.peers.server_in_url}:{_PORT}"
        opens = (
            ""
            if self.peers.version == 4 and not self._obfs4
            else _HIDDEN_PORT.format(hidden=_HIDDEN + self.peers.index)
        )
        opens += _OBFS4_BRIDGE.format(plugin=_PLUGIN, bridge=bridge) if self._obfs4 else f"ORPort {bridge}\n"
        server_log, told = f"{self.log}-server", self._told("server", _BRIDGE + opens)
        server = self.stage.spawn(self.stage.internet, "tor", "-f", told, log=server_log)
        wait_until_ready([server], lambda: self._listens(server_log), f"{self.name}: the bridge listens")
        line = f"Bridge {bridge}\n"
        if self._obfs4:
            line = f"ClientTransportPlugin obfs4 exec {_PLUGIN}\nBridge obfs4 {bridge} {self._certificate()}\n"
        told = self._told("client", _CLIENT + line)
        client = self.stage.spawn(self.stage.subscriber, "tor", "-f", told, log=f"{self.log}-client")
        self.daemons = (server, client)

    def shaken(self) -> bool:
        return bool(self.daemons) and _FETCHED in self.stage.log_path(f"{self.log}-client").read_text()

    def _listens(self, log: str) -> bool:
        return _LISTENS in self.stage.log_path(log).read_text() and (not self._obfs4 or bool(self._certificate()))

    def _certificate(self) -> str:
        """What a client must know of an obfs4 bridge; empty while there is none."""
        line = self._data("server") / "pt_state" / "obfs4_bridgeline.txt"
        _, found, rest = line.read_text().rpartition("cert=") if line.exists() else ("", "", "")
        return found + rest.strip()

    def _told(self, side: str, more: str) -> str:
        """A file with what one side is told; it begins anew each time, or a client would know its bridge already."""
        data = self._data(side)
        shutil.rmtree(data, ignore_errors=True)
        file = data.with_suffix(".torrc")
        file.write_text(_COMMON.format(data=data, nobody=_NOBODY) + more)
        return str(file)

    def _data(self, side: str) -> Path:
        return self.stage.directory / f"{self.log}-{side}"
