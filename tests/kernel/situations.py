"""One edge under test, and the situations in which the table is held against it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_network
from itertools import count

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Entry
from control.allowlist.mapped import Address
from control.datapath.controls import RELEASED, Brake, Controls, Policy
from control.datapath.generations.generation import Generation
from control.datapath.generations.lists import Lists
from control.datapath.network import Network
from control.datapath.probe.probe import Probe
from control.datapath.program.pins import Pinned
from control.protocols import PORTLESS
from control.rollout.position import Provenance
from control.vocabulary import VPN_PROTOCOLS
from lab.packets import CLIENT4, CLIENT6, SERVER4, SERVER6
from tests.kernel.row import Row

FAR_AWAY = Allowlist.from_entries([Entry(ip_network("192.0.2.1/32")), Entry(ip_network("2001:db8:3::/48"))])
SERVERS = Allowlist.from_entries([Entry(ip_network(server)) for server in (SERVER4, SERVER6)])
FOR_SOMETHING_ELSE = Allowlist.from_entries(
    [Entry(ip_network(server), ports=((9, 9),)) for server in (SERVER4, SERVER6)]
)
"""What has no ports is registered by this; nothing else is."""


def _listed(entries: Allowlist | Iterable[Entry]) -> Allowlist:
    return entries if isinstance(entries, Allowlist) else Allowlist.from_entries(entries)


class Edge:
    """A loaded program with its list and its settings, as the agent has them in hand."""

    def __init__(self, pinned: Pinned) -> None:
        self.pinned = pinned
        self.lists, self.controls, self.network = Lists(pinned, keep=2), Controls(pinned), Network(pinned)
        prober = Probe(pinned.asked)
        self.probe, self.probe_all = prober.probe, prober.probe_all
        self._serials = count(1)

    def stage(self, entries: Allowlist | Iterable[Entry]) -> Generation:
        """Build a whole list beside the live one."""
        return self.lists.stage(_listed(entries), Provenance(next(self._serials)))

    def register(self, entries: Allowlist | Iterable[Entry]) -> None:
        """Make a whole list live."""
        self.lists.go_live(self.stage(entries))
        self.lists.retire()

    def change(self, add: Iterable[Entry], remove: Iterable[Entry], whole: Iterable[Entry] = ()) -> None:
        """Change the live list; ``whole`` is what it is then, for when there is no room in it."""
        self.lists.change(_listed(add), _listed(remove), Provenance(next(self._serials)), lambda: _listed(whole))

    def set_all(self, mode: str, share: int = 100) -> None:
        """Give every protocol the same policy."""
        self.controls.set_policies(dict.fromkeys(VPN_PROTOCOLS, Policy(mode, share)))

    def close(self) -> None:
        self.lists.close()


@dataclass(frozen=True)
class Situation:
    """What an edge was told, and so why VPN traffic that could be refused leaves it, and all other VPN traffic.

    Attributes:
        lease: seconds for which dropping is allowed from now on.
        brake: who has pulled it.
        is_moving: an entry of the list is being moved.
        cut: what was cut over the limits.
        own: addresses of the router itself.
        portless: why what has no ports leaves it, where that differs.
    """

    name: str
    allowlist: Allowlist | None
    mode: str
    refusable: str
    other: str = "established"
    share: int = 100
    lease: float = 3600
    brake: Brake = RELEASED
    is_moving: bool = False
    cut: Allowlist = field(default_factory=Allowlist.empty)
    own: tuple[Address, ...] = ()
    portless: str | None = None

    def prepare(self, edge: Edge) -> None:
        edge.set_all(self.mode, self.share)
        edge.controls.renew_lease(self.lease)
        edge.controls.pull(self.brake)
        if self.allowlist is not None:
            edge.register(self.allowlist)
        if edge.lists.live:
            edge.lists.live.description["moves"] = int(self.is_moving)
            edge.lists.watch_cut(self.cut)
        edge.network.remove(edge.network.addresses())
        edge.network.add(self.own)

    def reason_for(self, row: Row) -> str:
        """Why a row's packet passes here, or is dropped."""
        if not row.is_vpn:
            return row.reason
        if self.portless and row.protocol in PORTLESS:
            return self.portless
        return self.refusable if row.refusable else self.other

    def verdict_for(self, row: Row) -> str:
        """What becomes of it."""
        reason = self.reason_for(row)
        is_refused = reason == "enforced" or (reason == "other_terms" and self.mode == "enforce")
        return "drop" if is_refused else "pass"


SITUATIONS = (
    Situation("no list", None, "enforce", "no_list", "no_list"),
    Situation("monitor, unregistered", FAR_AWAY, "monitor", "monitor"),
    Situation("enforce, unregistered", FAR_AWAY, "enforce", "enforced"),
    Situation("enforce, outside the share", FAR_AWAY, "enforce", "outside_share", share=0),
    Situation("enforce, lease over", FAR_AWAY, "enforce", "lease_over", lease=-1),
    Situation("enforce, bypass by command", FAR_AWAY, "enforce", "bypass", brake=Brake(by_command=True)),
    Situation("enforce, bypass by file", FAR_AWAY, "enforce", "bypass", brake=Brake(by_file=True)),
    Situation("enforce, an entry is moving", FAR_AWAY, "enforce", "moved", "moved", is_moving=True),
    Situation("enforce, cut over the limits", FAR_AWAY, "enforce", "cut", "cut", cut=SERVERS),
    Situation("monitor, cut over the limits", FAR_AWAY, "monitor", "monitor", cut=SERVERS),
    Situation("enforce, others cut over the limits", FAR_AWAY, "enforce", "enforced", cut=FAR_AWAY),
    Situation("enforce, the router's own", FAR_AWAY, "enforce", "local", "local", own=(SERVER4, SERVER6)),
    Situation("monitor, the router's own", FAR_AWAY, "monitor", "local", "local", own=(CLIENT4, CLIENT6)),
    Situation(
        "enforce, registered for something else", FOR_SOMETHING_ELSE, "enforce", "other_terms", portless="registered"
    ),
    Situation(
        "monitor, registered for something else", FOR_SOMETHING_ELSE, "monitor", "other_terms", portless="registered"
    ),
    Situation("enforce, registered", SERVERS, "enforce", "registered", "registered"),
    Situation("enforce, registered, another moving", SERVERS, "enforce", "registered", "registered", is_moving=True),
)
"""In this order: once there is a list, there is always one."""
