"""OpenVPN: both transports, both IP versions, every protection of the control channel, and odd ports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lab.matrix.row import NONE, Kit, Make, MatrixRow, Rekey
from lab.network import Side
from lab.sessions.openvpn import OpenVpnSession
from lab.sessions.port_share import PORT as PORT_SHARED
from lab.sessions.port_share import SharedPortSession
from lab.sessions.session import Session, Site
from lab.vpn.openvpn import COOKIES, DIGESTS, PORT, Transport

_RENEW = ("--reneg-sec", "4")  # s, after which the client renews the keys of its own accord
_MODES = (
    "plain",
    *(f"tls-auth {digest}" for digest in DIGESTS),
    "tls-crypt",
    *(f"tls-crypt-v2 {cookie}" for cookie in COOKIES),
)
_QUICK = ("plain", "tls-auth SHA256", "tls-crypt", "tls-crypt-v2 force-cookie")
# Ports at which others are expected: DNS, HTTP, HTTPS.
_ODD: tuple[tuple[Transport, int], ...] = (("udp", 53), ("udp", 443), ("tcp", 80), ("tcp", 443))


def _make(mode: str, transport: Transport, port: int = PORT) -> Make:
    def make(site: Site, kit: Kit) -> Session:
        more: Mapping[Side, tuple[str, ...]] = {"client": _RENEW}
        return OpenVpnSession(site, keys=kit.openvpn, mode=mode, transport=transport, port=port, more=more)

    return make


def _rows(transport: Transport) -> Iterator[MatrixRow]:
    for version in (4, 6):
        for mode in _MODES:
            yield MatrixRow(
                f"openvpn {transport}{version} {mode}", "openvpn", _make(mode, transport), version,
                rekey=Rekey.GOES_ON, quick=version == 4 and mode in _QUICK,
            )  # fmt: skip
    for way, port in _ODD:
        if way == transport:
            name = f"openvpn {transport}4 tls-crypt port {port}"
            yield MatrixRow(name, "openvpn", _make("tls-crypt", transport, port), rekey=Rekey.GOES_ON)


def _shared(site: Site, kit: Kit) -> Session:
    """The VPN at a port that it shares with a web server; nobody visits that here."""
    more: Mapping[Side, tuple[str, ...]] = {"client": _RENEW, "server": ("--port-share", "127.0.0.1", "80")}
    return OpenVpnSession(site, keys=kit.openvpn, mode="tls-crypt", transport="tcp", port=PORT_SHARED, more=more)


def _web(site: Site, kit: Kit) -> Session:
    return SharedPortSession(site, keys=kit.openvpn, authority=kit.authority)


UDP_ROWS = tuple(_rows("udp"))
TCP_ROWS = (
    *_rows("tcp"),
    MatrixRow("openvpn tcp4 tls-crypt port-share", "openvpn", _shared, rekey=Rekey.GOES_ON),
    MatrixRow("https at a port shared with openvpn", NONE, _web, quick=True),
)
