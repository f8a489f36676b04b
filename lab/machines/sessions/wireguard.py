"""WireGuard in the kernel on both sides (wg(8), ip-link(8))."""

from __future__ import annotations

from lab.machines.sessions.session import Session, Site
from lab.network import SIDES
from lab.vpn import wireguard


class WireGuard(Session):
    """One interface on each side; `keepalive` makes the client start again by itself, in seconds."""

    protocols = ("wireguard",)

    def __init__(self, site: Site, *, keepalive: int = 0) -> None:
        super().__init__(site)
        self._keepalive = keepalive

    def start(self) -> None:
        settings, name = wireguard.settings(self.site.peers, keepalive=self._keepalive), self._interface
        for side in SIDES:
            inner, _ = self.site.peers.inner.seen_from(side)
            self.site.place(side).run(
                f"ip link add {name} type wireguard; wg setconf {name} /dev/stdin; "
                f"ip address add {inner}/30 dev {name}; ip link set {name} mtu 1380 up",
                text=settings[side],
            )

    def stop(self) -> None:
        for side in SIDES:
            self.site.place(side).run(f"ip link delete {self._interface} 2>/dev/null || true")

    @property
    def _interface(self) -> str:
        return wireguard.interface(self.site.peers)
