"""What one officer alone may take off the live list within a day; beyond that it takes another, whatever the steps."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from control.registry.access.actor import CLOCK, same_person
from control.registry.store.model import Intent, Ledger
from control.registry.store.writing import Writing
from control.rollout.limits import Names

DAY = timedelta(days=1)
NAMES = Names("live entries would be taken off by one officer within a day", "registry.alone", "registry.alone_share")


@dataclass(frozen=True, slots=True)
class Behind:
    """Who stands behind an intent when somebody confirms it.

    Attributes:
        alone_by: the one officer who does; none where there are two.
        why: in words, why that is not enough; nothing where it is.
    """

    alone_by: str | None
    why: tuple[str, ...] = ()


def behind(writing: Writing, intent: Intent, live: int, in_use: int) -> Behind:
    """Return who stands behind an intent of so many live entries, if the actor confirms it.

    What is in use nobody takes off alone.

    The clock, which proposes what has come to its end, is nobody.
    """
    others = [behind for behind in (intent.proposed_behind, intent.agreed_behind) if behind and behind[0] != CLOCK.id]
    if not all(same_person(writing.actor.behind, other) for other in others):
        return Behind(None)
    earlier = writing.session.scalar(
        select(func.coalesce(func.sum(Intent.cut), 0)).where(
            Intent.alone_by == writing.actor.id,
            Intent.state.in_(("done", "undone")),
            Intent.decided_at > writing.now - DAY,
        )
    )
    today, count = int(earlier or 0) + live, writing.session.execute(select(Ledger.count)).scalar_one()
    why = writing.rules.alone.exceeded(today, count + today - live, NAMES) if live else []
    used = [f"{in_use:,} live entries are in use, with traffic in the last day"] if in_use else []
    return Behind(writing.actor.id, (*used, *why))
