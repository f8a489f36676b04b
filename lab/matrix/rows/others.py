"""What must pass with everything enforced: tunnels that do not say what they are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from lab.matrix.lacks import program
from lab.matrix.row import NONE, Kit, Make, MatrixRow
from lab.sessions.ocserv import OcservSession
from lab.sessions.own_kind import (
    FastdSession,
    IodineSession,
    ShadowsocksSession,
    TincSession,
)
from lab.sessions.random_udp import RandomUdpSession
from lab.sessions.session import Session, Site
from lab.sessions.ssh import SshSession, SshTunnelSession
from lab.sessions.stunnel import StunnelSession
from lab.sessions.tor import TorSession
from lab.vpn.openvpn import PORT as OPENVPN_PORT
from lab.vpn.strongswan import NAT_T_PORT

# By name: the session, a program that it needs, and its package.
_OWN_KINDS: tuple[tuple[str, Callable[[Site], Session], str, str], ...] = (
    ("tinc", TincSession, "tincd", "tinc"),
    ("fastd", FastdSession, "fastd", "fastd"),
    ("shadowsocks", ShadowsocksSession, "ss-server", "shadowsocks-libev"),
    ("iodine", IodineSession, "iodined", "iodine"),
)


def _openconnect(dtls: bool) -> Make:
    return lambda site, kit: OcservSession(site, authority=kit.authority, dtls=dtls)


def _stunnel(site: Site, kit: Kit) -> Session:
    return StunnelSession(site, kit.tls)


def _ssh(kind: type[SshSession] | type[SshTunnelSession]) -> Make:
    def make(site: Site, kit: Kit) -> Session:
        kit.ssh  # noqa: B018  the keys are there
        return kind(site)

    return make


def _tor(*, obfs4: bool) -> Make:
    return lambda site, _: TorSession(site, obfs4=obfs4)


def _own_kind(kind: Callable[[Site], Session]) -> Make:
    return lambda site, _: kind(site)


def _random_udp(port: int) -> Make:
    return lambda site, _: RandomUdpSession(site, port)


def _lacks_openconnect() -> str:
    return program("ocserv", "ocserv") or program("openconnect", "openconnect")


def _lacks_stunnel() -> str:
    return program("stunnel4", "stunnel4")


def _lacks_ssh() -> str:
    return program("sshd", "openssh-server")


def _lacks_tor() -> str:
    return program("tor", "tor")


def _lacks_obfs4() -> str:
    return _lacks_tor() or program("obfs4proxy", "obfs4proxy")


ROWS = (
    MatrixRow("openconnect tls and dtls", NONE, _openconnect(True), lacks=_lacks_openconnect, quick=True),
    MatrixRow("openconnect tls and dtls v6", NONE, _openconnect(True), 6, lacks=_lacks_openconnect),
    MatrixRow("openconnect tls alone", NONE, _openconnect(False), lacks=_lacks_openconnect),
    MatrixRow("stunnel", NONE, _stunnel, lacks=_lacks_stunnel, quick=True),
    MatrixRow("stunnel v6", NONE, _stunnel, 6, lacks=_lacks_stunnel),
    MatrixRow("ssh -L", NONE, _ssh(SshSession), lacks=_lacks_ssh, quick=True),
    MatrixRow("ssh -w", NONE, _ssh(SshTunnelSession), lacks=_lacks_ssh),
    MatrixRow("tor to a bridge", NONE, _tor(obfs4=False), lacks=_lacks_tor, quick=True),
    MatrixRow("tor to a bridge v6", NONE, _tor(obfs4=False), 6, lacks=_lacks_tor),
    MatrixRow("tor to a bridge by obfs4", NONE, _tor(obfs4=True), lacks=_lacks_obfs4),
    *(
        MatrixRow(name, NONE, _own_kind(kind), lacks=partial(program, called, package))
        for name, kind, called, package in _OWN_KINDS
    ),
    *(  # not NAT_T_PORT among the quick: on one stage with strongSwan it would be in its way
        MatrixRow(f"random udp port {port}", NONE, _random_udp(port), quick=port != NAT_T_PORT)
        for port in (443, OPENVPN_PORT, NAT_T_PORT, 51820)
    ),
)
