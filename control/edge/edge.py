"""One edge: where its list, its policies, its interfaces and what it allows for a time meet."""

import time
from contextlib import AbstractContextManager, ExitStack

import structlog

from control.config import Config
from control.datapath.datapath import Datapath
from control.datapath.interfaces.watch import LinkTable
from control.edge.bypass import Bypass
from control.edge.careful.breaker import Breaker
from control.edge.careful.confirmations import Confirmations
from control.edge.careful.ends import Ends
from control.edge.careful.held import HeldChanges
from control.edge.careful.past import PastLists
from control.edge.careful.plans import EdgePlans
from control.edge.careful.undoing import Undoing
from control.edge.contact import FeedContact
from control.edge.events import SampledEvents
from control.edge.feed_list import FeedList
from control.edge.guard import Guard
from control.edge.interfaces import Interfaces
from control.edge.lease import Lease, Sampling
from control.edge.list import EdgeList
from control.edge.live_list import LiveList
from control.edge.network import OwnNetwork
from control.edge.policies import Policies
from control.edge.start import Start
from control.edge.state.stops import Stops
from control.edge.state.store import Store
from control.edge.traffic import Traffic
from control.edge.turn import Turn, Turns
from control.edge.usage import Usage
from control.edge.witness import Witness
from control.feed.registrations import Registrations
from control.rollout.origin import NOBODY, Origin

log = structlog.get_logger()


class Edge:
    """What an agent drives. What changes something asks for a turn (see control/edge/turn.py); reading asks for none.

    Attributes:
        config: what it was opened with.
        datapath: its part in the kernel.
        store: its part on disk.
        table: the links of its network namespace.
        live: the live list.
        list: what can be asked of the local list.
        feed: what the feed makes of its own.
        guard: what may be cut of either; held: what waits for somebody to decide; past: the way back.
        policies, bypass, interfaces, lease, sampling, events, usage: the other parts.
        breaker: undoes what cuts registered traffic; confirmations: what is not confirmed; plans: tighten in steps;
            ends: entries that have one.
        traffic: what enforcing would have refused.
        network: the router's own addresses.
        witness: the heads of the registry's audit.
        contact: with the feed, where one is followed.
        registrations: what asks the feed by which registration it has an entry, where one is followed.
        started_at: seconds of the monotonic clock.
    """

    def __init__(self, config: Config, datapath: Datapath, store: Store, table: LinkTable) -> None:
        """Put the parts together, and do nothing; ``open`` is for everybody else."""
        self.config, self.datapath, self.store, self.table = config, datapath, store, table
        self.started_at = time.monotonic()
        self.live, self.usage = LiveList(datapath, store), Usage(datapath.lists, store.marks)
        self.guard = Guard(self.live, self.usage, store, config.guard)
        self.list = EdgeList(self.live, self.usage, self.guard, config.list.max_entries)
        self.feed = FeedList(self.live, self.guard, config.list.max_entries)
        self.held = HeldChanges(self.live, self.feed, self.guard, self.usage)
        self.past = PastLists(self.live, self.feed, self.guard, self.usage, store.revisions)
        self.policies = Policies(datapath.controls, store)
        self.lease, self.sampling = Lease(datapath.controls, config.lease), Sampling(datapath.controls)
        stops = Stops(config.pins, config.state_dir)
        self.bypass = Bypass(datapath.controls, stops, config.bypass_path)
        configured = {interface.name: interface.mode for interface in config.interfaces}
        self.interfaces = Interfaces(table, store, stops, configured, lambda: datapath.programs)
        self.network = OwnNetwork(datapath.network, config.nat64.networks)
        self.events = SampledEvents(self.sampling, datapath.events())
        self.contact: FeedContact | None = None
        self.registrations: Registrations | None = None
        self.witness = Witness(store.heads)
        undoing = Undoing(self.live, self.feed, self.policies, self.interfaces, store.revisions)
        self.breaker = Breaker(self.live, undoing, self.policies, self.usage, datapath, store)
        self.confirmations = Confirmations(undoing, store)
        self.ends = Ends(self.list, self.guard, self.usage, store.waiting)
        self.traffic = Traffic(datapath.controls, store.traffic)
        self.plans = EdgePlans(self.policies, self.traffic, store.waiting, config.rollout, self._hindrance)
        self._turns = Turns()

    @classmethod
    def open(cls, config: Config) -> "Edge":
        """Open the store, adopt or build what is in the kernel, and bring it to what was last accepted.

        That may compile the program, which takes a second or two.

        Raises:
            Refused: another agent drives the instance, or kernel or disk do not do what is needed.
        """
        with ExitStack() as opened:
            # With the datapath comes the right to write to the store.
            datapath = Datapath.open(config.pins, config.list.generations, config.compiler_scratch)
            opened.callback(datapath.close)
            store = Store(config.state_dir / "edge.db")
            opened.callback(store.close)
            table = LinkTable()
            opened.callback(table.close)
            edge = cls(config, datapath, store, table)
            start = Start(
                datapath,
                store,
                edge.live,
                edge.guard,
                edge.sampling,
                edge.policies,
                edge.bypass,
                edge.lease,
                edge.network,
                edge.interfaces,
            )
            with edge.turn() as turn:
                edge.usage.take_up(turn)
                edge.guard.take_up(turn)
                start.bring_up(turn)
                edge.confirmations.take_up(turn)
                edge.plans.take_up(turn)
                edge.ends.take_up(turn)
            opened.pop_all()
        return edge

    def turn(self, origin: Origin = NOBODY) -> AbstractContextManager[Turn]:
        """Wait for a turn, in which to change something for somebody, and have it until the end of the block.

        Raises:
            Refused: "unavailable": whoever asked has given up waiting before it was their turn.
        """
        return self._turns.take(origin)

    def sweep(self) -> None:
        """Take in which entries had traffic, and tidy up what is only worth doing now and then."""
        with self.turn() as turn:
            self.usage.take_in_marks(turn)
            self.usage.keep_now_and_then()
            self.events.expire(turn)
            if not self.datapath.is_pinned():
                log.error("pins were removed; pinning again", directory=str(self.config.pins))
                self.datapath.pin_again()
            self.policies.keep_up(turn)
            self.traffic.note_now_and_then(turn)
            self.live.keep_snapshots(turn)
            self.guard.keep_up(turn)

    def beat(self) -> None:
        """Undo what was not confirmed, or cuts registered traffic; then take the steps of plans that are due."""
        with self.turn() as turn:
            self.confirmations.expire(turn)
            self.lease.shorten(self.confirmations.until)
            self.breaker.beat(turn)
            self.plans.look(turn)
            self.ends.look(turn)

    def _hindrance(self) -> str | None:
        """Return what speaks against tightening anything now."""
        if self.bypass.state.on:
            return "the brake is on"
        if not self.lease.left:
            return "the lease is over"
        if self.confirmations.states:
            return "a change waits to be confirmed"
        return self.policies.not_kept or next(iter(self.live.not_kept.values()), None)

    def close(self) -> None:
        """Let go of kernel and disk, and leave both as they are."""
        self.usage.keep()
        self.table.close()
        self.datapath.close()
        self.store.close()
