"""WireGuard in the kernel on both sides (wg(8), ip-link(8))."""

from __future__ import annotations

from dataclasses import dataclass

from lab.machines.machine import Place
from lab.machines.sessions.session import Session, Site

_FIRST_PORT = 51900  # each server has its own: the kernel listens on every address of a namespace


@dataclass(frozen=True)
class _Key:
    private: str
    public: str


class WireGuard(Session):
    """One interface on each side; `keepalive` makes the client start again by itself, in seconds."""

    protocols = ("wireguard",)

    def __init__(self, site: Site, *, keepalive: int = 0) -> None:
        super().__init__(site)
        self._keepalive = keepalive

    def start(self) -> None:
        server, client = self._keys()
        port = _FIRST_PORT + self.site.index
        self._interface(
            self.site.internet,
            self.site.server_inner,
            f"[Interface]\nPrivateKey = {server.private}\nListenPort = {port}\n"
            f"[Peer]\nPublicKey = {client.public}\nAllowedIPs = {self.site.client_inner}/32\n",
        )
        self._interface(
            self.site.subscriber,
            self.site.client_inner,
            f"[Interface]\nPrivateKey = {client.private}\n"
            f"[Peer]\nPublicKey = {server.public}\nAllowedIPs = {self.site.server_inner}/32\n"
            f"Endpoint = {self.site.ends.server_in_url}:{port}\nPersistentKeepalive = {self._keepalive}\n",
        )

    def stop(self) -> None:
        for place in (self.site.subscriber, self.site.internet):
            place.run(f"ip link delete {self._name} 2>/dev/null || true")

    @property
    def _name(self) -> str:
        return f"wg{self.site.index}"

    def _keys(self) -> list[_Key]:
        pair = "key=$(wg genkey); echo $key $(echo $key | wg pubkey)"
        lines = self.site.subscriber.run(f"{pair}; {pair}").splitlines()
        return [_Key(*line.split()) for line in lines]

    def _interface(self, place: Place, inner: str, settings: str) -> None:
        place.run(
            f"ip link add {self._name} type wireguard; wg setconf {self._name} /dev/stdin; "
            f"ip address add {inner}/30 dev {self._name}; ip link set {self._name} mtu 1380 up",
            text=settings,
        )
