"""L2TP by xl2tpd and pppd, its data by the kernel's l2tp_ppp; alone, or in IPsec (RFC 2661, RFC 3193)."""

from __future__ import annotations

from lab.machines.sessions.ipsec import Ipsec
from lab.machines.sessions.session import Session, Site
from lab.network import SIDES, Side
from lab.vpn import l2tp


class L2tp(Session):
    """One xl2tpd on each side and, with `ipsec`, one strongSwan in transport mode below it."""

    def __init__(self, site: Site, *, ipsec: bool) -> None:
        super().__init__(site)
        self._below = Ipsec(site, nat_t=False, transport=True) if ipsec else None
        self.protocols = self._below.protocols if self._below else ("l2tp",)

    def start(self) -> None:
        if self._below:
            self._below.start()
        for side in SIDES:
            self._daemon(side)

    def stop(self) -> None:
        for place in (self.site.subscriber, self.site.internet):
            place.stop(self._unit)
        if self._below:
            self._below.stop()

    def explain(self) -> str:
        return self.site.subscriber.said(self._unit) + (self._below.explain() if self._below else "")

    @property
    def _unit(self) -> str:
        return f"l2tp-{self.site.peers.index}"

    def _daemon(self, side: Side) -> None:
        options, file = self.path(side, "options"), self.path(side, "xl2tpd.conf")
        files = {options: l2tp.PPP_OPTIONS, file: l2tp.settings(side, self.site.peers, options)}
        command = f"xl2tpd -D -c {file} -p /run/xl2tpd.pid -C /run/l2tp-control -s /dev/null"
        # Without the module xl2tpd would carry the data itself.
        command = f"sh -c 'modprobe l2tp_ppp && exec {command}'"
        self.site.place(side).start(self._unit, command, files=files, private_run=True)
