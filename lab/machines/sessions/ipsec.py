"""IKEv2 by strongSwan, ESP by the kernel: in a packet of its own or, with NAT-T, in UDP 4500 (RFC 3948)."""

from __future__ import annotations

from lab.machines.machine import Place, wait_for
from lab.machines.sessions.session import Session, Site

_START_SECONDS = 30.0
_PLUGINS = "random nonce openssl aes sha1 sha2 hmac kdf kernel-netlink socket-default vici"
# A refused start is known after 1 + 1.5 + 2.25 + 3.4 s.
_DAEMON = """
charon {{
  load = {plugins}
  retransmit_timeout = 1.0
  retransmit_base = 1.5
  retransmit_tries = 3
  plugins {{ vici {{ socket = unix://{socket} }} }}
  filelog {{ stderr {{ default = 1 }} }}
}}
"""
_CONNECTION = """
connections {{ lab {{
  version = 2
  local_addrs = {local}
  remote_addrs = {remote}
  encap = {nat_t}
  mobike = no
  proposals = aes128-sha256-x25519
  local {{ auth = psk
    id = {local_id} }}
  remote {{ auth = psk
    id = {remote_id} }}
  children {{ lab {{
    mode = {mode}
    local_ts = {local_ts}
    remote_ts = {remote_ts}
    esp_proposals = aes128gcm16
    {start}
  }} }}
}} }}
secrets {{ ike-lab {{
  id-1 = server
  id-2 = client
  secret = "a secret of the lab"
}} }}
"""
L2TP_SELECTOR = "dynamic[udp/1701]"  # transport mode for L2TP, RFC 3193, section 4


class Ipsec(Session):
    """One strongSwan on each side with one child.

    A tunnel between the inner addresses or, with `transport`, what L2TP needs between the outer ones, which then
    starts by itself when L2TP sends.
    """

    def __init__(self, site: Site, *, nat_t: bool, transport: bool = False) -> None:
        super().__init__(site)
        self.protocols = ("ike",) if nat_t else ("ike", "esp")
        self._nat_t = nat_t
        self._transport = transport

    def start(self) -> None:
        for side, place in self._sides:
            settings, connection = self.path(side, "strongswan.conf"), self.path(side, "swanctl.conf")
            files = {settings: self._daemon(side), connection: self._connection(side)}
            command = f"env STRONGSWAN_CONF={settings} /usr/lib/ipsec/charon"
            if not self._transport:
                command = f"sh -c 'ip address replace {self._inner(side)}/32 dev lo; exec {command}'"
            place.start(f"charon-{self.site.index}", command, files=files, private_run=True)
        for side, _ in self._sides:
            wait_for(lambda side=side: self._loads(side), f"the {side}'s strongSwan has its connection", _START_SECONDS)  # type: ignore[misc]
        if not self._transport:
            self._control("client", "--initiate --child lab --timeout -1")

    def stop(self) -> None:
        for side, place in self._sides:
            place.stop(f"charon-{self.site.index}")
            # What a daemon that had to be killed leaves in the kernel would carry on without it.
            address = f"ip address delete {self._inner(side)}/32 dev lo 2>/dev/null || true"
            place.run(f"ip xfrm state flush; ip xfrm policy flush; {address}")

    def explain(self) -> str:
        return self.site.subscriber.said(f"charon-{self.site.index}")

    @property
    def _sides(self) -> tuple[tuple[str, Place], ...]:
        return ("server", self.site.internet), ("client", self.site.subscriber)

    def _inner(self, side: str) -> str:
        return self.site.server_inner if side == "server" else self.site.client_inner

    def _daemon(self, side: str) -> str:
        return _DAEMON.format(plugins=_PLUGINS, socket=self.path(side, "vici"))

    def _connection(self, side: str) -> str:
        outer, inner = self.site.ends, self.site.inner
        ends = ("client", outer.client, f"{inner.client}/32"), ("server", outer.server, f"{inner.server}/32")
        local, remote = ends if side == "client" else reversed(ends)
        return _CONNECTION.format(
            local_id=local[0],
            local=local[1],
            remote_id=remote[0],
            remote=remote[1],
            nat_t="yes" if self._nat_t else "no",
            mode="transport" if self._transport else "tunnel",
            local_ts=L2TP_SELECTOR if self._transport else local[2],
            remote_ts=L2TP_SELECTOR if self._transport else remote[2],
            start="start_action = trap" if self._transport and side == "client" else "",
        )

    def _loads(self, side: str) -> bool:
        return "loaded connection 'lab'" in self._control(side, f"--load-all --file {self.path(side, 'swanctl.conf')}")

    def _control(self, side: str, words: str) -> str:
        place = dict(self._sides)[side]
        environment = f"STRONGSWAN_CONF={self.path(side, 'strongswan.conf')}"
        return place.run(f"{environment} swanctl {words} --uri unix://{self.path(side, 'vici')} 2>&1", check=False)
