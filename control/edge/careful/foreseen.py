"""What plans would refuse with their next step: looked at by the hour, and told to the log daily until they start."""

from collections.abc import Sequence

import structlog

from control.commands.policy import Preview, Rule
from control.edge.traffic import Traffic
from control.edge.turn import Turn
from control.host import clock
from control.rollout.plan import RolloutPlan, Stage

log = structlog.get_logger()

EVERY = 3600.0
"""Seconds between two looks."""

TOLD_EVERY = 24 * 3600.0
"""Seconds between two lines of the log about a plan that has a date."""


class Foreseen:
    """What each plan that is under way would refuse with its next share, by what was counted lately."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._previews: dict[str, Preview] = {}
        self._looked_at = self._told_at = clock.now() - TOLD_EVERY

    def of(self, plan: RolloutPlan) -> Preview | None:
        """Return what the next share of a plan would refuse; none: nothing follows, or it is not known yet."""
        preview = self._previews.get(plan.protocol)
        return preview if plan.is_open and preview and preview.share == plan.next_share else None

    def look(self, turn: Turn, plans: Sequence[RolloutPlan], *, is_new: bool = False) -> None:
        """Look again where it is time to, or plans have come to another share since."""
        is_due = is_new or clock.now() - self._looked_at >= EVERY
        if not is_due and all(self.of(plan) or plan.next_share is None for plan in plans):
            return
        self._looked_at = clock.now()
        rules = {
            plan.protocol: Rule(mode="enforce", share=plan.next_share) for plan in plans if plan.next_share is not None
        }
        self._previews = {preview.protocol: preview for preview in self._traffic.preview(turn, rules)} if rules else {}
        if clock.now() - self._told_at >= TOLD_EVERY:
            self._tell(plans)

    def _tell(self, plans: Sequence[RolloutPlan]) -> None:
        for plan in plans:
            preview = self.of(plan)
            if plan.stage is Stage.SCHEDULED and preview:
                self._told_at = clock.now()
                log.info("a plan will start", date=plan.date, **preview.model_dump())
