"""The guard: what would cut more than the limits allow is held, whatever door it comes by, until somebody looked at it.

What only lets more through is asked nothing.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network

import structlog

from control.allowlist import space
from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Entry
from control.allowlist.naming import first, named
from control.config.guard import GuardSettings
from control.edge.live_list import NAMED_IN_LOG, LiveList
from control.edge.live_state import Near, Timing
from control.edge.state.store import Store
from control.edge.turn import Turn
from control.edge.usage import Usage
from control.fault import Fault, Kind, Refused
from control.rollout.change import Change
from control.rollout.holding import TWO, Holding, superseded
from control.rollout.judgement import Judgement
from control.rollout.limits import CutLimits, Extent, Limit
from control.rollout.origin import Origin
from control.rollout.union import Source

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of a change of the local list.

    Attributes:
        done: what of it is live, or would be.
        judgement: whom it cuts, or would.
        held: under which the rest is held; none: nothing is.
        is_held: whether the rest is, or would be.
        timing: how long it took.
    """

    done: Change
    judgement: Judgement
    held: str | None
    is_held: bool
    timing: Timing

    @property
    def why_held(self) -> list[str]:
        """Which limits it exceeds, where what it would cut is held."""
        return list(self.judgement.why) if self.is_held else []


class Guard:
    """Judges what a change cuts, has it done as far as the limits allow, and keeps what is held of the local list.

    Attributes:
        holdings: what is held, the oldest first.
        not_kept: why the disk has not what is held; none when it has.
    """

    def __init__(self, live: LiveList, usage: Usage, store: Store, settings: GuardSettings) -> None:
        self._live, self._usage, self._store, self._settings = live, usage, store, settings
        self._limits = limits_of(settings)
        self._protected = Allowlist.from_entries(Entry(ip_network(prefix)) for prefix in settings.protected)
        self.holdings: list[Holding] = []
        self.not_kept: str | None = None

    def take_up(self, turn: Turn) -> None:
        """Go on with what was held before."""
        turn.demand()
        self.holdings = self._store.holdings.load()

    def judge(self, turn: Turn, source: Source, change: Change) -> Judgement:
        """Return whom a change of one of the lists would cut, and whether that has to be looked at first."""
        if not change.narrows:
            return Judgement()
        union = self._live.state.union
        return self.judge_cut(turn, union.cut(source, change), union.count)

    def judge_cut(self, turn: Turn, cut: Allowlist, live: int) -> Judgement:
        """Return whether entries of a live list of so many may be cut at once."""
        if not len(cut):
            return Judgement()
        in_use = self._usage.in_use(turn, cut)
        entries_before, in_use_before = self._store.revisions.cut_within_a_day()
        protected = tuple(first(self._of_protected(cut), NAMED_IN_LOG))
        extent = Extent(
            len(cut),
            len(in_use),
            live,
            max(len(in_use), self._usage.count_in_use()),
            entries_before,
            in_use_before,
            protected,
        )
        return Judgement(cut, in_use, tuple(self._limits.exceeded(extent)), self.persons_for(cut))

    def demand_said(self, added: Allowlist, is_said: bool) -> None:
        """Refuse doubtful prefixes (see control/allowlist/space.py) that nobody has said are meant.

        Raises:
            Refused: "bad-list", with a fault for each kind.
        """
        doubts = [] if is_said or self._settings.doubtful else space.doubts(added)
        if doubts:
            mend = "if that is meant, say so: --doubtful, or ?doubtful=true; in a lab, set guard.doubtful"
            raise Refused(Kind.BAD_LIST, "The list has doubtful prefixes", [Fault("the list", d, mend) for d in doubts])

    def carry_out(
        self,
        turn: Turn,
        change: Change,
        said: Allowlist | None,
        *,
        dry_run: bool = False,
        override: bool = False,
        near: Callable[[Change, bool], Near | None] | None = None,
    ) -> Carried:
        """Have a change of the local list done: what lets more through at once, the rest as far as the limits allow.

        ``said`` are the prefixes of which something was said, so that nothing else is held of them; none: of all.
        ``near`` gives a list that the kernel still holds and that is near what is to be live, for what is done and
        whether that is all.

        Raises:
            Refused: "forbidden": to override the limits takes two; or disk or kernel do not do what is needed.
        """
        judgement = self.judge(turn, Source.LOCAL, change)
        if override:
            self.demand_override(judgement)
        is_held = judgement.is_over and not override
        done, timing = change.loosening() if is_held else change, Timing()
        if dry_run:
            return Carried(change, judgement, None, is_held, timing)
        if done:
            weight = judgement.held() if is_held else judgement.done()
            held_near = near(done, not is_held) if near else None
            timing = self._live.apply(turn, Source.LOCAL, done, self._live.state.local.next, weight, held_near)
        holding = self.hold(turn, change, judgement) if is_held else None
        self.supersede(turn, said, but=holding)
        return Carried(done, judgement, str(holding.number) if holding else None, is_held, timing)

    def persons_for(self, cut: Allowlist) -> int:
        """Return how many people it takes to cut entries beyond the limits."""
        return TWO if len(self._of_protected(cut)) else self._settings.persons

    def demand_override(self, judgement: Judgement) -> None:
        """Refuse that one person overrides the limits where it takes two.

        Raises:
            Refused: "forbidden".
        """
        if judgement.is_over and judgement.persons >= TWO:
            mend = "leave the override out: it is held, and another person releases it"
            faults = [Fault("override", why, mend) for why in judgement.why]
            raise Refused(Kind.FORBIDDEN, "To override the guard takes two persons", faults)

    def hold(self, turn: Turn, change: Change, judgement: Judgement) -> Holding:
        """Hold what a change of the local list would cut; what it adds is live by then."""
        turn.demand()
        rest = Change.of(change.loosening().new, change.added, change.removed, change.origin)
        agreed = (change.origin.person,) if change.origin.person else ()
        holding = Holding(
            self._store.holdings.last + 1,
            rest.added,
            rest.removed,
            judgement.why,
            len(judgement.in_use),
            replace(change.origin, until=None),
            time.time(),
            judgement.persons,
            agreed,
        )
        same = next((held for held in self.holdings if held.is_as(holding)), None)
        if same:
            return same
        self._keep([*superseded(self.holdings, holding.touched), holding])
        log.warning(
            "held",
            number=holding.number,
            count=len(holding),
            in_use=holding.in_use,
            holds=named(holding.touched, NAMED_IN_LOG),
            exceeds=list(holding.why),
            **change.origin.logged,
        )
        return holding

    def supersede(self, turn: Turn, said: Allowlist | None, *, but: Holding | None = None) -> None:
        """Hold nothing any more of prefixes of which something was said (none: of all), but what is ``but``."""
        turn.demand()
        others = [held for held in self.holdings if held is not but]
        left = [*(superseded(others, said) if said is not None else ()), *([but] if but else ())]
        if sum(map(len, left)) != sum(map(len, self.holdings)):
            self._keep(sorted(left, key=lambda held: held.number))

    def find(self, number: int) -> Holding:
        """Return what is held under a number.

        Raises:
            Refused: "not-found".
        """
        for held in self.holdings:
            if held.number == number:
                return held
        fault = Fault(str(number), "nothing is held under that number (any more)", "see `wicket held list`")
        raise Refused(Kind.NOT_FOUND, "That is not held", [fault])

    def agree(self, turn: Turn, holding: Holding, origin: Origin) -> Holding:
        """Note that one more person wants it done; return it."""
        turn.demand()
        agreed = holding.agreed_by(origin.person or origin.who or origin.door.value)
        self._keep([agreed if held is holding else held for held in self.holdings])
        return agreed

    def drop(self, turn: Turn, holding: Holding) -> None:
        """Hold it no more: it is done, or is not to be done."""
        turn.demand()
        self._keep([held for held in self.holdings if held is not holding])

    def keep_up(self, turn: Turn) -> None:
        """Keep what the disk did not take when it was asked."""
        turn.demand()
        if self.not_kept is not None:
            self._keep(self.holdings)

    def _of_protected(self, cut: Allowlist) -> Allowlist:
        """Return the entries that hold a protected address, or lie in a protected prefix."""
        if not len(self._protected):
            return self._protected
        within = cut.without(cut.outside(self._protected)).with_changes(cut.held_by(self._protected), Allowlist.empty())
        around = self._protected.without(self._protected.outside(cut))
        return within.with_changes(around, Allowlist.empty())

    def _keep(self, holdings: Sequence[Holding]) -> None:
        self.holdings = list(holdings)
        self._store.holdings.last = max([self._store.holdings.last, *(held.number for held in holdings)])
        try:
            self._store.holdings.keep(self.holdings)
        except Refused as refused:  # a restart would forget it, which cuts nobody
            self.not_kept = str(refused.faults[0])
            log.error("not kept", what="held", why=self.not_kept)
        else:
            self.not_kept = None


def limits_of(settings: GuardSettings) -> CutLimits:
    """Return the limits that are set."""
    return CutLimits(
        Limit(settings.few, settings.entries, settings.share),
        Limit(settings.few_a_day, settings.entries_a_day, settings.share_a_day),
        Limit(settings.few_in_use, settings.in_use, settings.share_in_use),
        Limit(settings.few_in_use_a_day, settings.in_use_a_day, settings.share_in_use_a_day),
    )
