"""Undoing what was tightened, and no more than that: the policies first, by one store each, then what lists cut."""

from collections.abc import Sequence

import structlog

from control.edge.feed_list import FeedList
from control.edge.interfaces import Interfaces
from control.edge.live_list import LiveList
from control.edge.policies import Policies
from control.edge.state.revisions import Revisions
from control.edge.state.tightened import Tightened
from control.edge.turn import Turn
from control.fault import Refused
from control.rollout.origin import Origin
from control.rollout.past import Past
from control.rollout.union import Source

log = structlog.get_logger()


class Undoing:
    """Loosens what was tightened."""

    def __init__(
        self, live: LiveList, feed: FeedList, policies: Policies, interfaces: Interfaces, revisions: Revisions
    ) -> None:
        self._live, self._feed, self._policies, self._revisions = live, feed, policies, revisions
        self._interfaces = interfaces

    def undo(self, turn: Turn, tightened: Sequence[Tightened], revisions: Sequence[int], origin: Origin) -> list[str]:
        """Let through again what revisions cut, and loosen policies; return in words what that did.

        What revisions added stays, and what was loosened since stays loosened.

        Raises:
            Refused: the kernel has no room for the entries.
        """
        done = self._policies.undo(turn, tightened, origin)
        self._revisions.note_undone(revisions)
        for number in sorted(revisions, reverse=True):
            content = self._revisions.content(number)
            if content is None:
                continue
            past, held = Past().before(content.now, content.was), self._live.state.union.list_of(content.source)
            change = past.change(held, origin).loosening()
            if not change:
                continue
            if content.source is Source.LOCAL:
                self._live.apply(turn, Source.LOCAL, change, self._live.state.local.next)
            else:
                self._feed.let_back(turn, change)
            done.append(f"{len(change.added):,} entries that revision {number} cut")
        return done

    def detach(self, turn: Turn, interface: str) -> list[str]:
        """Guard an interface no more that was attached while something was enforced; return in words what that did."""
        try:
            return [f"{name} is detached" for name in self._interfaces.detach(turn, interface)]
        except Refused as refused:  # it is gone, or carries somebody else's program: it is not ours to undo
            log.warning("not detached", interface=interface, why=str(refused.faults[0]))
            return []
