"""How an edge starts: the list first, then the policies, then the interfaces. Nobody waits for the feed."""

from dataclasses import dataclass

import structlog

from control.datapath.datapath import Datapath
from control.edge.bypass import Bypass
from control.edge.guard import Guard
from control.edge.interfaces import Interfaces
from control.edge.lease import Lease, Sampling
from control.edge.live_list import LiveList
from control.edge.network import OwnNetwork
from control.edge.policies import Policies
from control.edge.state.store import Store
from control.edge.turn import Turn
from control.fault import Refused
from control.host import clock

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Start:
    """What is brought up, in the order in which it is."""

    datapath: Datapath
    store: Store
    live: LiveList
    guard: Guard
    sampling: Sampling
    policies: Policies
    bypass: Bypass
    lease: Lease
    network: OwnNetwork
    interfaces: Interfaces

    def bring_up(self, turn: Turn) -> None:
        """Bring the kernel to what was last accepted, and the program onto its interfaces.

        Raises:
            Refused: kernel or disk do not do what is needed.
        """
        with self.datapath.predecessor() as before:
            held = self.live.bring_up(turn, before, self.guard.judge_cut)
            if held:
                self.guard.hold(turn, *held)
            self.sampling.stop(turn)
            kernel = None if self.datapath.is_new else self.datapath.controls
            self.policies.bring_up(turn, before.controls if before else kernel)
            if before:
                self.lease.take_up(turn, before.controls)
        self.network.bring_up(turn)
        self.bypass.bring_up(turn)
        self.lease.begin(turn)
        if self.datapath.is_new:
            log.info("took over", interfaces=self.datapath.take_over(self.store.programs(clock.boot_id())))
        self._note_program()
        self.interfaces.follow(turn)
        log.info("up", serial=self.live.state.local.serial, count=self.live.state.union.count)

    def _note_program(self) -> None:
        """Keep which program is ours: should its pins be removed, the next agent knows it by that."""
        try:
            self.store.keep_program(self.datapath.programs.id, clock.boot_id())
        except Refused as refused:  # an agent can be restarted on a full disk
            log.warning("program not noted", why=str(refused.faults[0]))
