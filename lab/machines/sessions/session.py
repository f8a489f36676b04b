"""What every session has in common, whatever VPN carries it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from lab.machines.machine import GUEST_DIRECTORY, Place
from lab.network import Peers, Side


@dataclass(frozen=True)
class Site:
    """Where a session stands: the places of its two sides, and their outer addresses."""

    subscriber: Place
    internet: Place
    peers: Peers

    def place(self, side: Side) -> Place:
        """Where one side lives."""
        return self.internet if side == "server" else self.subscriber


class Session(ABC):
    """One session; `protocols` are the names under which the gateway counts its packets."""

    protocols: tuple[str, ...]

    def __init__(self, site: Site) -> None:
        self.site = site

    @abstractmethod
    def start(self) -> None:
        """Set both sides going; returns before the session is up, and may be called again after stop()."""

    @abstractmethod
    def stop(self) -> None:
        """End both sides; a stopped session may be stopped again."""

    def is_up(self, seconds: int) -> bool:
        """Whether an echo comes back through the tunnel within so many seconds; as soon as one does."""
        ping = f"ping -n -q -c 1 -W 1 -I {self.site.peers.inner.client} {self.site.peers.inner.server}"
        loop = f"end=$((SECONDS + {seconds})); until {ping}; do [ $SECONDS -lt $end ] || exit 1; sleep 0.2; done"
        return self.site.subscriber.succeeds(loop, seconds=seconds + 30)

    def explain(self) -> str:
        """What its daemons said last, for a row that is not as it must be."""
        return ""

    def path(self, side: Side, name: str) -> str:
        """A file of this session on the machine of one side."""
        return f"{GUEST_DIRECTORY}/{type(self).__name__.lower()}-{self.site.peers.index}-{side}/{name}"
