"""What is held, of either list: shown with whom it would cut, released by as many people as it takes, or dropped."""

from dataclasses import replace

import structlog

from control.allowlist.naming import first
from control.commands.held import FEED, HeldDecided, HeldItem, HeldShown
from control.edge.feed_list import FeedList
from control.edge.guard import Guard
from control.edge.live_list import LiveList
from control.edge.turn import Turn
from control.edge.usage import Usage
from control.fault import Fault, Kind, Refused
from control.rollout.change import NONE, Change
from control.rollout.holding import Holding
from control.rollout.origin import Door, Origin
from control.rollout.union import Source

log = structlog.get_logger()

NAMED_IN_ITEM, NAMED_IN_SHOWN = 20, 1000  # entries


class HeldChanges:
    """What waits for somebody to decide."""

    def __init__(self, live: LiveList, feed: FeedList, guard: Guard, usage: Usage) -> None:
        self._live, self._feed, self._guard, self._usage = live, feed, guard, usage

    @property
    def items(self) -> list[HeldItem]:
        """Everything that is held, as far as it is known."""
        items = [_item(held) for held in self._guard.holdings]
        return [*items, self._of_feed()] if self._feed.held else items

    def show(self, turn: Turn, name: str) -> HeldShown:
        """Return what is held under a name, and whom it would cut now.

        Raises:
            Refused: "not-found"; "unavailable": what is held of the feed's list is not known yet.
        """
        source, change, item = self._find(name, turn.origin)
        cut = self._live.state.union.cut(source, change)
        self._usage.take_in_marks(turn)
        return HeldShown(item=item, cut=self._usage.preview(cut, NAMED_IN_SHOWN))

    def release(self, turn: Turn, name: str, origin: Origin) -> HeldDecided:
        """Have done what is held, if as many people want it by now as it takes.

        Raises:
            Refused: "not-found"; "unavailable"; or disk or kernel do not do what is needed: it stays held.
        """
        person = origin.person or origin.who or origin.door.value
        if name == FEED:
            self._find(name, origin)
            count, is_agreed = len(self._feed.line.held), self._feed.agree_to_release(turn, person)
            agreed = self._feed.agreed
            in_use = len(self._feed.release(turn, origin).in_use) if is_agreed else 0
        else:
            holding = self._guard.agree(turn, self._holding(name), origin)
            count, is_agreed, agreed = len(holding), holding.is_agreed, holding.agreed
            in_use = self._release_local(turn, holding, origin) if is_agreed else 0
        log.warning("held released" if is_agreed else "held agreed to", id=name, count=count, in_use=in_use, by=person)
        return HeldDecided(done=is_agreed, entries=count, in_use=in_use, agreed=list(agreed))

    def drop(self, turn: Turn, name: str, origin: Origin) -> HeldDecided:
        """Have it not done: who was to be cut stays; of the feed's list as the edge's own.

        Raises:
            Refused: "not-found"; "unavailable"; or the kernel has no room.
        """
        _, _, item = self._find(name, origin)
        if name == FEED:
            kept = Change.of(self._live.state.union.local, self._feed.line.held, NONE, origin).loosening()
            if kept:
                self._live.apply(turn, Source.LOCAL, kept, self._live.state.local.next)
            self._feed.disown(turn, origin)
        else:
            self._guard.drop(turn, self._holding(name))
        log.warning("held dropped", id=name, count=item.count, **origin.logged)
        return HeldDecided(done=True, entries=item.count, in_use=0, agreed=item.agreed)

    def _release_local(self, turn: Turn, holding: Holding, origin: Origin) -> int:
        change = holding.change(self._live.state.union.local, replace(origin, why=origin.why or holding.origin.why))
        judgement = self._guard.judge(turn, Source.LOCAL, change)
        if change:
            weight = judgement.done(is_agreed=True)
            self._live.apply(turn, Source.LOCAL, change, self._live.state.local.next, weight)
        self._guard.drop(turn, holding)
        return len(judgement.in_use)

    def _find(self, name: str, origin: Origin) -> tuple[Source, Change, HeldItem]:
        union = self._live.state.union
        if name != FEED:
            holding = self._holding(name)
            return Source.LOCAL, holding.change(union.local, origin), _item(holding)
        line = self._feed.demand_heard()
        if not len(line.held):
            fault = Fault(FEED, "nothing of the feed's list is held", "see `wicket held list`")
            raise Refused(Kind.NOT_FOUND, "That is not held", [fault])
        return Source.FEED, Change.of(union.followed, line.entries.at(line.held), line.held, origin), self._of_feed()

    def _holding(self, name: str) -> Holding:
        if not name.isdecimal():
            fault = Fault("id", f"{name!r} is neither a number nor `{FEED}`", "take it from `wicket held list`")
            raise Refused(Kind.NOT_FOUND, "That is not held", [fault])
        return self._guard.find(int(name))

    def _of_feed(self) -> HeldItem:
        held = self._feed.line.held
        return HeldItem(
            id=FEED,
            count=len(held),
            in_use=int(self._usage.are_in_use(held).sum()),
            why=list(self._feed.why),
            door=Door.FEED.value,
            who="",
            reason="",
            at=None,
            persons=self._feed.persons,
            agreed=list(self._feed.agreed),
            prefixes=first(held, NAMED_IN_ITEM),
        )


def _item(holding: Holding) -> HeldItem:
    return HeldItem(
        id=str(holding.number),
        count=len(holding),
        in_use=holding.in_use,
        why=list(holding.why),
        door=holding.origin.door.value,
        who=holding.origin.who,
        reason=holding.origin.why,
        at=round(holding.at, 3),
        persons=holding.persons,
        agreed=list(holding.agreed),
        prefixes=first(holding.touched, NAMED_IN_ITEM),
    )
