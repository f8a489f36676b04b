"""The address space of providers: what a provider can confirm without an officer's explicit word.

It is entered, or read from what everybody can check: the statistics of the regional registries, or the route origins
that a provider has signed.
"""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from control.allowlist.entry import Entry, Prefix
from control.registry.access import scopes
from control.registry.space import addresses
from control.registry.store import rows
from control.registry.store.model import Application, ApplicationEntry, Provider, ProviderPrefix
from control.registry.store.writing import Writing, portions

NAMED = 5
"""Prefixes that a fault names."""


def of(session: Session, provider: str) -> list[Prefix]:
    """Return the space of a provider in its order; nothing where it is not known."""
    kept = select(ProviderPrefix).where(ProviderPrefix.provider_id == provider)
    return [
        addresses.prefix(row) for row in session.scalars(kept.order_by(ProviderPrefix.first, ProviderPrefix.length))
    ]


def replace(writing: Writing, id_: str, version: int | None, prefixes: Iterable[Prefix]) -> Provider:
    """Put other prefixes in the place of a provider's space.

    Raises:
        Refused: "forbidden", "not-found", "stale".
    """
    writing.set_action("provider.space", id_)
    scopes.demand(writing.actor, "provider.space")
    provider = rows.find(writing.session, writing.actor, Provider, id_)
    rows.demand_versions([provider], {id_: version})
    before = {Entry(prefix).text for prefix in of(writing.session, id_)}
    writing.session.execute(delete(ProviderPrefix).where(ProviderPrefix.provider_id == id_))
    keys = sorted({addresses.key(prefix) for prefix in prefixes})
    for portion in portions([{"provider_id": id_, "first": first, "length": length} for first, length in keys]):
        writing.session.execute(insert(ProviderPrefix), portion)
    after = {Entry(prefix).text for prefix in of(writing.session, id_)}
    beside = {"space": sorted(before - after)}, {"space": sorted(after - before)} | addresses.space_digest(after)
    rows.change(writing, "provider.space", provider, {}, beside)
    writing.session.flush()
    return provider


def outside(session: Session, applications: Sequence[Application]) -> dict[str, list[str]]:
    """Return which prefixes of applications lie outside their provider's space, by application.

    Where a provider's space is not known, nothing is.
    """
    found: dict[str, list[str]] = {application.id: [] for application in applications}
    spaces = {id_: set(_keys(session, id_)) for id_ in {each.provider_id for each in applications} if id_}
    provider_of = {application.id: application.provider_id for application in applications}
    for portion in portions(found):
        of_these = select(ApplicationEntry).where(ApplicationEntry.application_id.in_(portion))
        for row in session.scalars(of_these.order_by(ApplicationEntry.application_id, ApplicationEntry.place)):
            space = spaces.get(provider_of[row.application_id] or "")
            if space and space.isdisjoint(addresses.covering_keys(addresses.prefix(row))):
                found[row.application_id].append(row.prefix)
    return found


def known(session: Session, providers: Iterable[str | None]) -> set[str]:
    """Return those of some providers whose space is known."""
    found: set[str] = set()
    for portion in portions({id_ for id_ in providers if id_}):
        found |= set(session.scalars(select(ProviderPrefix.provider_id).where(ProviderPrefix.provider_id.in_(portion))))
    return found


def named(prefixes: Sequence[str]) -> str:
    """Return some prefixes in words."""
    return ", ".join(prefixes[:NAMED]) + (", …" if len(prefixes) > NAMED else "")


def _keys(session: Session, provider: str) -> Iterator[tuple[bytes, int]]:
    kept = select(ProviderPrefix.first, ProviderPrefix.length).where(ProviderPrefix.provider_id == provider)
    yield from ((first, length) for first, length in session.execute(kept))
