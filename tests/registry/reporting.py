"""What an edge reports, as the tests say it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from control.registry.access.actor import Actor
from control.registry.publication import use
from control.registry.store.database import Database
from control.registry.store.model import Registration
from control.registry.store.writing import portions

HOUR = 3600.0
DAY = 24 * HOUR


def report(
    database: Database,
    used: Mapping[str, float] | Sequence[str] = (),
    *,
    edge: str = "north",
    watched: float = 3 * DAY,
    ahead: float = 0.0,
) -> None:
    """Have an edge report registrations, by id, that had traffic so many seconds ago (now, where none are given)."""
    ages = dict(used) if isinstance(used, Mapping) else dict.fromkeys(used, 0.0)
    with database.writing(Actor(f"edge {edge}")) as writing:
        account = use.Account(watched, len(ages), 0, writing.now + timedelta(seconds=ahead))
        id_ = use.begin(writing, edge, account)
        for portion in portions(ages):
            found = [writing.session.get_one(Registration, each) for each in portion]
            use.note(writing, id_, [(each.first, each.length, watched - ages[each.id]) for each in found])
        use.conclude(writing, id_, account)
