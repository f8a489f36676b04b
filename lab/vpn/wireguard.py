"""What WireGuard's peers are told by `wg setconf` (wg(8)); wireguard-go and the kernel take the same."""

from __future__ import annotations

from dataclasses import dataclass

from lab.command import run
from lab.network import Peers, Side

# Each server has a port of its own, for it listens on every address of its namespace.
# 51820 is left to the ordinary traffic that looks like WireGuard by its port alone.
_FIRST_PORT = 51900


@dataclass(frozen=True)
class _Key:
    private: str
    public: str


def interface(peers: Peers) -> str:
    """The name of the interface, on either side."""
    return f"wg{peers.index}"


def settings(peers: Peers, *, keepalive: int = 0) -> dict[Side, str]:
    """The configuration of each side, with new keys; `keepalive` (s) makes the client start again by itself, 0: not.

    Raises:
        RuntimeError: wg makes no key.
    """
    port, server, client = _FIRST_PORT + peers.index, _new_key(), _new_key()
    return {
        "server": (
            f"[Interface]\nPrivateKey = {server.private}\nListenPort = {port}\n"
            f"[Peer]\nPublicKey = {client.public}\nAllowedIPs = {peers.inner.client}/32\n"
        ),
        "client": (
            f"[Interface]\nPrivateKey = {client.private}\n"
            f"[Peer]\nPublicKey = {server.public}\nAllowedIPs = {peers.inner.server}/32\n"
            f"Endpoint = {peers.server_in_url}:{port}\nPersistentKeepalive = {keepalive}\n"
        ),
    }


def _new_key() -> _Key:
    private = run("wg", "genkey").strip()
    return _Key(private, run("wg", "pubkey", text=private).strip())
