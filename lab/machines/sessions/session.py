"""What every session has in common, whatever VPN carries it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from lab.machines.machine import GUEST_DIRECTORY, Place
from lab.machines.topology import Ends


@dataclass(frozen=True)
class Site:
    """Where a session stands; `index` tells its inner addresses from those of others (below 250)."""

    subscriber: Place
    internet: Place
    ends: Ends
    index: int

    @property
    def client_inner(self) -> str:
        """The subscriber's address in the tunnel. The edge has no route to it."""
        return f"10.200.{self.index}.2"

    @property
    def server_inner(self) -> str:
        """The server's address in the tunnel."""
        return f"10.200.{self.index}.1"

    @property
    def inner(self) -> Ends:
        """Both."""
        return Ends(self.client_inner, self.server_inner)


class Session(ABC):
    """One session; `protocols` are the names under which the gateway counts its packets."""

    protocols: tuple[str, ...]

    def __init__(self, site: Site) -> None:
        self.site = site

    @abstractmethod
    def start(self) -> None:
        """Set both ends going; returns before the session is up, and may be called again after stop()."""

    @abstractmethod
    def stop(self) -> None:
        """End both ends; a stopped session may be stopped again."""

    def is_up(self, seconds: int) -> bool:
        """Whether an echo comes back through the tunnel within so many seconds; as soon as one does."""
        ping = f"ping -n -q -c 1 -W 1 -I {self.site.client_inner} {self.site.server_inner}"
        loop = f"end=$((SECONDS + {seconds})); until {ping}; do [ $SECONDS -lt $end ] || exit 1; sleep 0.2; done"
        return self.site.subscriber.succeeds(loop, seconds=seconds + 30)

    def explain(self) -> str:
        """What its daemons said last, for a row that is not as it must be."""
        return ""

    def path(self, side: str, name: str) -> str:
        """A file of this session on the machine of one side."""
        return f"{GUEST_DIRECTORY}/{type(self).__name__.lower()}-{self.site.index}-{side}/{name}"
