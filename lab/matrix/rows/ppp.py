"""What carries PPP: L2TP and PPTP by their daemons; and what their protocols' numbers identify, by hand."""

from __future__ import annotations

from lab.matrix.lacks import program
from lab.matrix.row import Kit, Make, MatrixRow, Rekey
from lab.sessions.ppp import PptpdSession, Xl2tpdSession
from lab.sessions.raw import RAW_KINDS, RawKind, RawSession
from lab.sessions.session import Session, Site

_HELLO_SECONDS = 60  # after which xl2tpd asks whether its peer is there; L2TP itself has no keys to renew


def _xl2tpd(site: Site, _: Kit) -> Session:
    return Xl2tpdSession(site)


def _pptpd(site: Site, _: Kit) -> Session:
    return PptpdSession(site)


def _raw(kind: RawKind) -> Make:
    return lambda site, _: RawSession(site, kind)


ROWS = (
    MatrixRow(
        "xl2tpd", "l2tp", _xl2tpd, lacks=lambda: program("xl2tpd", "xl2tpd"), rekey=Rekey.GOES_ON,
        rekeys=0, lasts=_HELLO_SECONDS + 5, quick=True
    ),
    MatrixRow(
        "pptpd and pptp-linux", "pptp", _pptpd, rekey=Rekey.AT_ONCE, quick=True,
        lacks=lambda: program("pptpd", "pptpd") or program("pptp", "pptp-linux"),
    ),
    *(
        MatrixRow(f"{kind.name} by hand", kind.protocol, _raw(kind), rekey=Rekey.AT_ONCE, quick=True)
        for kind in RAW_KINDS
    ),
)  # fmt: skip
