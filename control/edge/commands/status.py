"""How the edge stands."""

import os
import time
from pathlib import Path

from control.commands.status import (
    FeedState,
    GenerationState,
    LeaseState,
    Live,
    ReadStatus,
    Status,
)
from control.datapath.program.compile import schema
from control.edge.edge import Edge
from control.edge.room import nearly_full
from control.rollout.union import Source

MEMORY_PAGE = os.sysconf("SC_PAGE_SIZE")


def read(edge: Edge, _request: ReadStatus | None = None, _body: bytes = b"") -> Status:
    """Return how the edge stands."""
    state = edge.list.state
    return Status(
        instance=edge.config.instance,
        epoch=state.local.epoch,
        serial=state.local.serial,
        etag=state.local.etag,
        count=len(state.union.local),
        max_entries=edge.config.list.max_entries,
        nearly_full=_nearly_full(edge),
        live=Live(revision=state.revision, count=state.union.count),
        feed=_feed(edge),
        schema=schema().hex(),
        generation=_generation(edge),
        interfaces=edge.interfaces.states(),
        bypass=edge.bypass.state,
        network=edge.network.state,
        lease=LeaseState(
            seconds=edge.lease.seconds, left=round(edge.lease.left, 1), earned_after=edge.lease.earned_after
        ),
        policy=edge.policies.state.policy,
        starts=edge.datapath.controls.starts,
        found=[str(fault) for fault in (*edge.live.found, *edge.policies.found)],
        held=edge.held.items,
        plans=edge.plans.states,
        ends=edge.ends.states,
        to_confirm=edge.confirmations.states,
        undone=[*edge.breaker.tripped, *edge.confirmations.undone],
        not_kept=_not_kept(edge),
        pinned=edge.datapath.is_pinned(),
        uptime_s=round(time.monotonic() - edge.started_at, 1),
        memory_bytes=_memory(),
        pid=os.getpid(),
    )


def _nearly_full(edge: Edge) -> list[str]:
    most, union = edge.config.list.max_entries, edge.list.state.union
    return [
        f"the {source.value} list: {words}"
        for source in Source
        for words in nearly_full(len(union.list_of(source)), most)
    ]


def _not_kept(edge: Edge) -> list[str]:
    lists = [f"the {source.value} list: {why}" for source, why in edge.live.not_kept.items()]
    others = {
        "the policies": edge.policies.not_kept,
        "what is held": edge.guard.not_kept,
        "plans": edge.plans.not_kept,
        "ends": edge.ends.not_kept,
    }
    return [*lists, *(f"{what}: {why}" for what, why in others.items() if why)]


def _feed(edge: Edge) -> FeedState | None:
    """Return how the feed's list stands; none where none is followed, nor was."""
    state, contact = edge.list.state, edge.contact
    if contact is None and not state.followed.epoch:
        return None
    return FeedState(
        epoch=state.followed.epoch,
        serial=state.followed.serial,
        count=len(state.union.followed),
        held=edge.feed.held,
        contact=contact.state() if contact else None,
    )


def _generation(edge: Edge) -> GenerationState | None:
    generations = edge.datapath.lists
    live = generations.live
    if live is None:
        return None
    return GenerationState(
        slot=live.slot,
        revision=live.revision,
        map_entries=live.used,
        map_capacity=live.capacity,
        buckets=live.buckets,
        held=[held.revision for held in generations.held],
    )


def _memory() -> int:
    """Return how many bytes of memory this process has in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * MEMORY_PAGE
