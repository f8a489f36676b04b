"""What an intent is about, as whoever decides on it should see it: names, addresses, and when each last had traffic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from control.registry.publication import use
from control.registry.store.model import Registrant, Registration
from control.registry.store.writing import portions


@dataclass(frozen=True, slots=True)
class IntentLine:
    """A registration of an intent: who would lose what.

    Attributes:
        id, prefix, state, valid_until: the registration's.
        registrant_id, registrant: whose it is, by id and by name.
        traffic: when edges last had traffic of it, the last first.
    """

    id: str
    registrant_id: str
    registrant: str
    prefix: str
    state: str
    valid_until: datetime
    traffic: Sequence[use.LastTraffic]

    @property
    def in_use(self) -> bool:
        """Whether any edge has had traffic of it in the last day."""
        return any(each.in_use for each in self.traffic)


def lines(session: Session, registrations: Sequence[Registration]) -> list[IntentLine]:
    """Return registrations of an intent as whoever decides on it should see them."""
    names: dict[str, str] = {}
    for portion in portions({each.registrant_id for each in registrations}):
        named = select(Registrant.id, Registrant.name).where(Registrant.id.in_(portion))
        names |= dict(session.execute(named).all())
    seen = use.last_traffic(session, registrations)
    return [
        IntentLine(
            each.id,
            each.registrant_id,
            names[each.registrant_id],
            each.prefix,
            each.state,
            each.valid_until,
            seen[each.id],
        )
        for each in registrations
    ]
