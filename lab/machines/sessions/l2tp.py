"""L2TP by xl2tpd and pppd, its data by the kernel's l2tp_ppp; alone, or in IPsec (RFC 2661, RFC 3193)."""

from __future__ import annotations

from lab.machines.machine import Place
from lab.machines.sessions.ipsec import Ipsec
from lab.machines.sessions.session import Session, Site

_PPP = "noauth\nnodefaultroute\nipcp-accept-local\nipcp-accept-remote\nnoccp\nmtu 1360\nmru 1360\nlcp-echo-interval 0\n"
_SERVER = """
[global]
listen-addr = {server}
[lns default]
local ip = {server_inner}
ip range = {client_inner}-{client_inner}
require authentication = no
pppoptfile = {options}
"""
_CLIENT = """
[global]
listen-addr = {client}
[lac lab]
lns = {server}
autodial = yes
redial = yes
redial timeout = 1
require authentication = no
pppoptfile = {options}
"""


class L2tp(Session):
    """One xl2tpd on each side and, with `ipsec`, one strongSwan in transport mode below it."""

    def __init__(self, site: Site, *, ipsec: bool) -> None:
        super().__init__(site)
        self._below = Ipsec(site, nat_t=False, transport=True) if ipsec else None
        self.protocols = self._below.protocols if self._below else ("l2tp",)

    def start(self) -> None:
        if self._below:
            self._below.start()
        for side, place, settings in (
            ("server", self.site.internet, _SERVER),
            ("client", self.site.subscriber, _CLIENT),
        ):
            self._daemon(side, place, settings)

    def stop(self) -> None:
        for place in (self.site.subscriber, self.site.internet):
            place.stop(self._unit)
        if self._below:
            self._below.stop()

    def explain(self) -> str:
        return self.site.subscriber.said(self._unit) + (self._below.explain() if self._below else "")

    @property
    def _unit(self) -> str:
        return f"l2tp-{self.site.index}"

    def _daemon(self, side: str, place: Place, settings: str) -> None:
        options, file = self.path(side, "options"), self.path(side, "xl2tpd.conf")
        ends, inner = self.site.ends, self.site.inner
        words = {"client": ends.client, "server": ends.server, "options": options}
        text = settings.format(**words, client_inner=inner.client, server_inner=inner.server)
        command = f"xl2tpd -D -c {file} -p /run/xl2tpd.pid -C /run/l2tp-control -s /dev/null"
        # Without the module xl2tpd would carry the data itself.
        command = f"sh -c 'modprobe l2tp_ppp && exec {command}'"
        place.start(self._unit, command, files={options: _PPP, file: text}, private_run=True)
