"""How an edge starts: the list first, then the policies, then the interfaces. Nobody waits for the feed."""

from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from control.edge.turn import Turn
from control.fault import Refused

if TYPE_CHECKING:
    from control.edge.edge import Edge

log = structlog.get_logger()


def bring_up(edge: "Edge", turn: Turn) -> None:
    """Bring the kernel to what was last accepted, and the program onto its interfaces.

    Raises:
        Refused: kernel or disk do not do what is needed.
    """
    datapath = edge.datapath
    edge.live.bring_up(turn)
    edge.sampling.stop(turn)
    edge.policies.bring_up(turn, datapath.is_new)
    edge.lease.renew()
    if datapath.is_new:
        log.info("took over", interfaces=datapath.take_over(edge.store.programs(_boot())))
    _note_program(edge)
    edge.interfaces.take_up_attached(turn)
    edge.interfaces.follow(turn)
    log.info("up", serial=edge.list.state.local.serial, count=edge.list.state.union.count)


def _note_program(edge: "Edge") -> None:
    """Keep which program is ours: should its pins be removed, the next agent knows it by that."""
    try:
        edge.store.keep_program(edge.datapath.programs.id, _boot())
    except Refused as refused:  # an agent can be restarted on a full disk
        log.warning("program not noted", why=str(refused.faults[0]))


def _boot() -> str:
    """Return the id of this boot (random(4)): a program's id means nothing after the next."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
