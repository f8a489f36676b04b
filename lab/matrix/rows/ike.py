"""IKE by strongSwan: both versions, and whatever makes its first messages look otherwise."""

from __future__ import annotations

from dataclasses import replace

from lab.matrix.row import Kit, Make, MatrixRow, Rekey
from lab.sessions.ike import IkeSession
from lab.sessions.ike_cookie import CookieSession
from lab.sessions.session import Session, Site
from lab.vpn.strongswan import IKE_PORT, NAT_T_PORT, Way

_V1 = Way(version=1, proposals="aes128-sha256-modp2048")
_AGGRESSIVE = replace(_V1, aggressive=True)
_IN_FRAGMENTS = Way(certificates=True)  # RFC 7383
_IN_IP_FRAGMENTS = Way(certificates=True, fragmentation="no")
# The first message alone is longer than a packet: a key of 1,024 bytes, and many proposals beside it.
_LARGE = Way(
    proposals=",".join(
        f"{cipher}-{integrity}-{groups}"
        for cipher in ("aes128-aes192-aes256", "aes256-aes192-aes128")
        for integrity in ("sha256-sha384-sha512-sha1", "sha512-sha256", "sha384-sha256", "sha1-sha256")
        for groups in ("modp8192-modp6144-modp4096", "modp8192-ecp256-ecp384-ecp521")
    )
)


def _make(way: Way, port: int = IKE_PORT) -> Make:
    def make(site: Site, kit: Kit) -> Session:
        identities = kit.ike_identities if way.certificates else None
        return IkeSession(site, pair=kit.ike, port=port, way=replace(way, tries=0), identities=identities)

    return make


def _wary(way: Way) -> Make:
    def make(site: Site, kit: Kit) -> Session:
        return IkeSession(site, pair=kit.wary_ike, port=IKE_PORT, way=replace(way, tries=0))

    return make


def _cookie(site: Site, kit: Kit) -> Session:
    return CookieSession(site, pair=kit.wary_ike)


def _row(name: str, way: Way, version: int = 4, port: int = IKE_PORT, **more: object) -> MatrixRow:
    return replace(MatrixRow(f"strongswan {name}", "ike", _make(way, port), version), **more)  # type: ignore[arg-type]


ROWS = (
    _row("ikev2", Way(), quick=True),
    _row("ikev2 v6", Way(), 6),
    _row("ikev2 nat-t port 4500", Way(), port=NAT_T_PORT, quick=True),
    _row("ikev2 certificates in ike fragments", _IN_FRAGMENTS, quick=True),
    _row("ikev2 certificates in ip fragments", _IN_IP_FRAGMENTS),
    _row("ikev2 certificates in ip fragments v6", _IN_IP_FRAGMENTS, 6),
    _row("ikev2 key exchange in ip fragments", _LARGE, quick=True),
    _row("ikev2 key exchange in ip fragments v6", _LARGE, 6),
    _row("ikev2 key exchange in ip fragments port 4500", _LARGE, port=NAT_T_PORT),
    _row("ikev1 main mode", _V1, quick=True),
    _row("ikev1 main mode v6", _V1, 6),
    _row("ikev1 main mode port 4500", _V1, port=NAT_T_PORT),
    _row("ikev1 main mode certificates in ike fragments", replace(_V1, certificates=True, fragmentation="force")),
    _row("ikev1 aggressive mode", _AGGRESSIVE, quick=True),
    _row("ikev2 rekeys its child", Way(renews="child"), rekey=Rekey.GOES_ON, recorded=False),
    _row("ikev2 rekeys ike", Way(renews="ike"), rekey=Rekey.GOES_ON, recorded=False),
    _row("ikev2 reauthenticates", Way(renews="reauth"), rekey=Rekey.ENDS, recorded=False),
    _row("ikev1 rekeys its child", replace(_V1, renews="child"), rekey=Rekey.GOES_ON, recorded=False),
    _row("ikev1 rekeys ike", replace(_V1, renews="ike"), rekey=Rekey.ENDS, recorded=False),
)
WARY_ROWS = (
    MatrixRow("strongswan ikev2 cookie", "ike", _cookie),
    MatrixRow(
        "strongswan ikev2 reauthenticates before it breaks",
        "ike",
        _wary(Way(renews="reauth")),
        rekey=Rekey.ENDS,
        recorded=False,
    ),
)
