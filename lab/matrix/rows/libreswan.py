"""IKE by libreswan, which is no strongSwan; and IKE in TCP, which is not recognised on purpose."""

from __future__ import annotations

from lab.matrix.lacks import upper_layer
from lab.matrix.row import NONE, Kit, Make, MatrixRow
from lab.sessions.ike_in_tcp import IkeInTcpSession
from lab.sessions.libreswan import FOLDER, WAYS, LibreswanSession, PlutoWay
from lab.sessions.session import Session, Site

_IN_TCP = PlutoWay(("ikev2=insist", "enable-tcp=yes"))


def _lacks() -> str:
    return "" if FOLDER.exists() else "no libreswan: packaging/unpack.sh libreswan build/libreswan lays it there"


def _lacks_tcp() -> str:
    return _lacks() or upper_layer("espintcp")


def _make(way: PlutoWay) -> Make:
    return lambda site, _: LibreswanSession(site, way)


def _in_tcp(site: Site, _: Kit) -> Session:
    return IkeInTcpSession(site)


ROWS = (
    *(MatrixRow(f"libreswan {name}", "ike", _make(way), lacks=_lacks) for name, way in WAYS.items()),
    MatrixRow("libreswan ikev2 v6", "ike", _make(WAYS["ikev2"]), 6, lacks=_lacks),
    MatrixRow("libreswan ikev2 in tcp", NONE, _make(_IN_TCP), lacks=_lacks_tcp),
    MatrixRow("ike in tcp by hand", NONE, _in_tcp),
)
