"""Plans of this edge: each second they are looked at, and take a step when it is time and nothing speaks against it.

The policy is tightened first and the plan noted after: an agent that dies in between finds the policy a step ahead, and
falls back. What somebody else makes of a policy ends its plan.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

import structlog

from control.commands.policy import Preview, Rule
from control.commands.rollout import PlanState
from control.config.rollout import RolloutSettings
from control.datapath.controls import Policy
from control.edge.careful.beat import Beat
from control.edge.careful.foreseen import Foreseen
from control.edge.policies import Policies
from control.edge.state.waiting import Waiting
from control.edge.traffic import Traffic
from control.edge.turn import Turn
from control.fault import Fault, Kind, Refused
from control.rollout.plan import RolloutPlan, Stage

log = structlog.get_logger()

KIND = "plan"


class EdgePlans:
    """The plans, one a protocol.

    Attributes:
        not_kept: why the disk has not how they stand; none when it has.
    """

    def __init__(
        self,
        policies: Policies,
        traffic: Traffic,
        waiting: Waiting,
        settings: RolloutSettings,
        hindrance: Callable[[], str | None],
    ) -> None:
        """``hindrance`` says what speaks against tightening anything now."""
        self._policies, self._waiting, self._settings, self._hindrance = policies, waiting, settings, hindrance
        self._plans: dict[str, RolloutPlan] = {}
        self._beat, self._foreseen = Beat(), Foreseen(traffic)
        self.not_kept: str | None = None

    def take_up(self, turn: Turn) -> None:
        """Go on with the plans of an agent before this one, where they were; what is ahead of its plan falls back."""
        turn.demand()
        for name, said in self._waiting.load(KIND).items():
            before = (str(said["before"][0]), int(said["before"][1]))
            values = said | {"shares": tuple(said["shares"]), "before": before, "stage": Stage(said["stage"])}
            self._plans[name] = RolloutPlan(**values)
        self._beat.begin()
        for plan in self._open():
            self._fall_back(turn, plan)

    @property
    def states(self) -> list[PlanState]:
        """How they stand."""
        return [_said(plan, self._foreseen.of(plan)) for plan in self._plans.values()]

    def look(self, turn: Turn) -> None:
        """Count the time, and take the steps that are due."""
        turn.demand()
        seconds = self._beat.passed()
        self._foreseen.look(turn, self._open())
        for plan in self._open():
            self._look_at(turn, plan, plan.passed(seconds, time.time()))
        if self.not_kept:
            self._keep()

    def start(
        self, turn: Turn, protocols: Sequence[str], shares: Sequence[int] | None, soak: float | None, date: float | None
    ) -> None:
        """Begin plans; without a date each takes its first step at the next look.

        Raises:
            Refused: "conflict": one is under way; "invalid": the shares do not rise, or the date is past; or the disk
                does not take it.
        """
        turn.demand()
        wanted, now = tuple(shares or self._settings.shares), time.time()
        faults = [
            Fault(name, "has a plan that is under way", f"wicket rollout status; `wicket rollout undo {name}` ends it")
            for name in protocols
            if name in self._plans and self._plans[name].is_open
        ]
        if faults:
            raise Refused(Kind.CONFLICT, "A plan is under way", faults)
        if list(wanted) != sorted(set(wanted)):
            raise Refused(Kind.INVALID, "The plan is wrong", [Fault("shares", f"{wanted} do not rise", "sort them")])
        if date is not None and date <= now:
            raise Refused(Kind.INVALID, "The plan is wrong", [Fault("date", "it is past", "leave it out to start now")])
        rules = self._policies.state.policy
        for name in protocols:
            held = rules[name]
            plan = RolloutPlan(name, self._above(wanted, held), soak or self._settings.soak, (held.mode, held.share))
            self._plans[name] = plan if date is None else plan.moved(date, now)
        self._keep_or_refuse()
        self._foreseen.look(turn, self._open(), is_new=True)
        log.info("plan", protocols=", ".join(protocols), shares=wanted, date=date, **turn.origin.logged)

    def begin(self, turn: Turn, protocols: Sequence[str]) -> None:
        """Take the first step of plans that were just started, whatever else would make them wait.

        Raises:
            Refused: the disk does not take it; they wait.
        """
        turn.demand()
        for plan in self._demand(protocols):
            self._plans[plan.protocol] = self._step(turn, plan)
        self._keep_or_refuse()

    def is_first(self, protocols: Sequence[str]) -> bool:
        """Return whether any of the protocols is not enforced yet for anybody."""
        return not all(self._policies.dropped_share(name) for name in protocols)

    def pause(self, turn: Turn, protocols: Sequence[str], why: str = "somebody said so") -> None:
        """Have plans stay where they are.

        Raises:
            Refused: "conflict": one is not under way.
        """
        self._each(turn, protocols, lambda plan: plan.paused(why))

    def resume(self, turn: Turn, protocols: Sequence[str]) -> None:
        """Have plans go on.

        Raises:
            Refused: "conflict": one is not under way.
        """
        self._each(turn, protocols, lambda plan: plan.resumed())

    def move(self, turn: Turn, protocols: Sequence[str], date: float) -> None:
        """Give plans another date.

        Raises:
            Refused: "conflict": one has started.
        """
        started = [name for name in protocols if name in self._plans and self._plans[name].step >= 0]
        if started:
            faults = [
                Fault(name, "has started", f"pause it, or undo it: wicket rollout undo {name}") for name in started
            ]
            raise Refused(Kind.CONFLICT, "A plan has started", faults)
        self._each(turn, protocols, lambda plan: plan.moved(date, time.time()))

    def undo(self, turn: Turn, protocols: Sequence[str]) -> None:
        """Have policies be what they were before their plans, at once; the plans are over.

        Raises:
            Refused: "conflict": there is no such plan.
        """
        plans = self._demand(protocols, is_open=False)
        self._policies.loosen(turn, {plan.protocol: Policy(*plan.before) for plan in plans}, turn.origin)
        for plan in plans:
            self._plans[plan.protocol] = plan.stopped("somebody undid it", Stage.UNDONE)
        self._keep()

    def taken_over(self, protocols: Sequence[str], why: str) -> None:
        """End the plans of protocols whose policies somebody else has set."""
        stopped = [plan.stopped(why) for plan in self._open() if plan.protocol in protocols]
        for plan in stopped:
            self._plans[plan.protocol] = plan
            log.warning("plan stopped", protocol=plan.protocol, why=why)
        if stopped:
            self._keep()

    def _look_at(self, turn: Turn, before: RolloutPlan, plan: RolloutPlan) -> None:
        held = self._policies.dropped_share(plan.protocol)
        if plan.step >= 0 and held < plan.share and plan.stage is not Stage.PAUSED:
            plan = plan.paused(f"it is enforced for {held} % by now: somebody loosened it, or the breaker did")
            log.warning("plan paused", protocol=plan.protocol, why=plan.why)
        elif plan.is_due:
            hindrance = self._hindrance()
            plan = self._step(turn, plan) if hindrance is None else replace(plan, why=f"waits: {hindrance}")
        self._plans[plan.protocol] = plan
        if (plan.stage, plan.step) != (before.stage, before.step) or int(plan.soaked) // 10 != int(before.soaked) // 10:
            self._keep()

    def _step(self, turn: Turn, plan: RolloutPlan) -> RolloutPlan:
        after = replace(plan.advanced(), why="")
        try:
            self._policies.set(turn, {plan.protocol: Rule(mode="enforce", share=after.share)})
        except Refused as refused:
            return replace(plan, why=f"waits: {refused.faults[0]}")
        log.warning("plan step", protocol=plan.protocol, share=after.share, of=plan.shares)
        return after

    def _fall_back(self, turn: Turn, plan: RolloutPlan) -> None:
        """Loosen what is enforced for more than its plan has got to: its agent died before it was noted."""
        if self._policies.dropped_share(plan.protocol) > max(plan.share, _dropped(plan.before)):
            back = Policy("enforce", plan.share) if plan.step >= 0 else Policy(*plan.before)
            self._policies.loosen(turn, {plan.protocol: back}, turn.origin)

    def _above(self, shares: Sequence[int], rule: Rule) -> tuple[int, ...]:
        """Return the shares above what is enforced already."""
        held = rule.share if rule.mode == "enforce" else 0
        above = tuple(share for share in shares if share > held)
        if not above:
            fault = Fault("shares", f"it is enforced for {held} % already", "give larger shares")
            raise Refused(Kind.INVALID, "The plan is wrong", [fault])
        return above

    def _each(self, turn: Turn, protocols: Sequence[str], change: Callable[[RolloutPlan], RolloutPlan]) -> None:
        turn.demand()
        for plan in self._demand(protocols):
            self._plans[plan.protocol] = change(plan)
        self._keep()

    def _demand(self, protocols: Sequence[str], *, is_open: bool = True) -> list[RolloutPlan]:
        faults = [
            Fault(name, "has no plan that is under way", "see `wicket rollout status`")
            for name in protocols
            if name not in self._plans or (is_open and not self._plans[name].is_open)
        ]
        if faults:
            raise Refused(Kind.CONFLICT, "There is no such plan", faults)
        return [self._plans[name] for name in protocols]

    def _open(self) -> list[RolloutPlan]:
        return [plan for plan in self._plans.values() if plan.is_open]

    def _keep_or_refuse(self) -> None:
        self._waiting.keep(KIND, {name: asdict(plan) for name, plan in self._plans.items()})
        self.not_kept = None

    def _keep(self) -> None:
        try:
            self._keep_or_refuse()
        except Refused as refused:
            self.not_kept = str(refused.faults[0])


def _dropped(policy: tuple[str, int]) -> int:
    return Policy(*policy).dropped_share


def _said(plan: RolloutPlan, preview: Preview | None) -> PlanState:
    left = plan.wait if plan.stage is Stage.SCHEDULED else max(0.0, plan.soak - plan.soaked) if plan.step >= 0 else 0.0
    return PlanState(
        protocol=plan.protocol,
        stage=plan.stage.value,
        shares=list(plan.shares),
        share=plan.share,
        next_share=plan.next_share,
        soak_s=plan.soak,
        left_s=round(left, 1),
        date=plan.date if plan.step < 0 else None,
        before=str(Policy(*plan.before)),
        why=plan.why,
        preview=preview,
    )
