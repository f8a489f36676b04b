"""Registrations: renewed, resumed and restored, at once and by one person, one by one or by the thousand.

``intents`` takes them off the live list, and ``endings`` finds those that come to their end.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from control.fault import Fault, Kind, Refused
from control.registry.cases.stepping import checked
from control.registry.intents import intents
from control.registry.space import claims
from control.registry.space.claims import Claim
from control.registry.store import rows
from control.registry.store.model import Registration
from control.registry.store.rows import Versions
from control.registry.store.writing import Writing

RESTORED = timedelta(days=30)
"""Within which what was taken off for good can be put back, and for how long it then is valid at least."""


def renew(writing: Writing, id_: str, version: int | None = None) -> Registration:
    """Have a registration valid for its category's term from now on; see ``renew_many``."""
    return renew_many(writing, {id_: version})[0]


def resume(writing: Writing, id_: str, version: int | None = None) -> Registration:
    """Put a suspended registration back on the live list; see ``resume_many``."""
    return resume_many(writing, {id_: version})[0]


def restore(writing: Writing, id_: str, version: int | None = None) -> Registration:
    """Put back what has expired or was revoked; see ``restore_many``."""
    return restore_many(writing, {id_: version})[0]


def renew_many(writing: Writing, versions: Versions) -> list[Registration]:
    """Have registrations valid for their category's term from now on; proposals to let them expire are moot then.

    Raises:
        Refused: "conflict": a category is no longer offered, so that there is no term.
    """
    registrations = checked(writing, Registration, "renew", versions)
    categories = writing.rules.categories
    faults = [
        Fault(f"category of {each.id}", f"{each.category} is no longer offered", "apply anew in a category that is")
        for each in registrations
        if each.category not in categories
    ]
    if faults:
        raise Refused(Kind.CONFLICT, "The registration cannot be renewed", faults)
    intents.drop(writing, "expire", list(versions))
    for each in registrations:
        until = max(each.valid_until, writing.now + categories[each.category].term)
        rows.change(writing, "registration.renew", each, {"state": "active", "valid_until": until, "reason": ""})
    writing.session.flush()
    return registrations


def resume_many(writing: Writing, versions: Versions) -> list[Registration]:
    """Put suspended registrations back on the live list, with this transaction's serial."""
    return _listed(writing, "resume", checked(writing, Registration, "resume", versions))


def restore_many(writing: Writing, versions: Versions) -> list[Registration]:
    """Put back on the live list what has expired or was revoked not long ago, valid for some time at least.

    Raises:
        Refused: "conflict": that is too long ago, or somebody else holds the address by now.
    """
    registrations = checked(writing, Registration, "restore", versions)
    late = [
        Fault(each.id, f"was {each.state} on {each.changed_at:%Y-%m-%d}", "have it applied for anew")
        for each in registrations
        if each.changed_at < writing.now - RESTORED
    ]
    if late:
        raise Refused(Kind.CONFLICT, f"Nothing is restored after {RESTORED.days} days", late)
    claims.demand_free(writing.session, writing.actor, claims_of(registrations))
    return _listed(writing, "restore", registrations, RESTORED)


MANY: Mapping[str, Callable[[Writing, Versions], Sequence[Registration]]] = {
    "renew": renew_many,
    "resume": resume_many,
    "restore": restore_many,
}
"""The steps that let more through."""


def claims_of(registrations: Sequence[Registration]) -> list[Claim]:
    """Return what registrations would hold again."""
    return [Claim(each.id, each.registrant_id, each.first, each.length, each.prefix) for each in registrations]


def _listed(
    writing: Writing, name: str, registrations: list[Registration], least: timedelta | None = None
) -> list[Registration]:
    """Put registrations back on the live list, valid for at least so long where that is said."""
    for each in registrations:
        until = each.valid_until if least is None else max(each.valid_until, writing.now + least)
        values = {"state": "active", "reason": "", "live_serial": writing.serial, "valid_until": until}
        rows.change(writing, f"registration.{name}", each, values)
    writing.session.flush()
    writing.list_entries([rows.columns(each) for each in registrations])
    return registrations
