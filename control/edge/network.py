"""The network's own: the addresses of the router itself, which are never refused, and what its NAT64 translates."""

from collections.abc import Sequence
from ipaddress import IPv6Network

import structlog

from control.allowlist.mapped import Address
from control.commands.status import NetworkState
from control.datapath.interfaces import addresses
from control.datapath.network import MOST_ADDRESSES, Network
from control.edge.turn import Turn
from control.host import clock

log = structlog.get_logger()

STAYS = 600.0
"""Seconds for which an address stays that the router has no more: it may be on its way to a neighbour, or back."""


class OwnNetwork:
    """Tells the program of the router's addresses and of its NAT64.

    Attributes:
        trouble: why the program does not know all of them; none when it does.
    """

    def __init__(self, network: Network, nat64: Sequence[IPv6Network]) -> None:
        self._network, self._nat64 = network, nat64
        self._gone: dict[Address, float] = {}
        self._told = 0
        self.trouble: str | None = None

    @property
    def state(self) -> NetworkState:
        """What the program was told."""
        nat64 = sorted(map(str, self._network.translations()))
        return NetworkState(addresses=self._told, nat64=nat64, trouble=self.trouble)

    def bring_up(self, turn: Turn) -> None:
        """Tell what there is, before the program takes its first packet."""
        turn.demand()
        self._network.translate(self._nat64)
        self.follow(turn)

    def follow(self, turn: Turn) -> None:
        """Tell of addresses that have come, at once, and of those that are gone, when they have been for long."""
        turn.demand()
        try:
            there, now = addresses.own(), clock.now()
            told = self._network.addresses()
            if fresh := there - told:
                self._network.add(fresh)
                log.info("own addresses", added=len(fresh), of=len(there))
        except (OSError, ValueError) as error:
            self._say(f"{error}; the program takes {MOST_ADDRESSES} of them")
            return
        self._say(None)
        self._told = len(told | there)
        self._gone = {address: self._gone.get(address, now) for address in told - there}
        if over := [address for address, since in self._gone.items() if now - since >= STAYS]:
            self._network.remove(over)
            self._told -= len(over)
            log.info("own addresses", removed=len(over), of=len(there))

    def _say(self, trouble: str | None) -> None:
        if trouble and trouble != self.trouble:
            log.error("own addresses are not all known", why=trouble, mend="allow those that speak VPN protocols")
        self.trouble = trouble
