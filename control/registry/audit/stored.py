"""What the tables hold of the objects that the audit tells of, in the audit's own form, so that both can be compared.

A table's columns are compared, and what other tables have of the same object: the entries of an application, the
registrations of an intent, the space of a provider. What is no state (when a token was last used, how far a job has
got) is not in the audit, and not here.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from control.allowlist.entry import Entry
from control.registry.audit.chain import bounded, canonical, plain
from control.registry.audit.replay import in_order
from control.registry.space import addresses
from control.registry.store import unreadable
from control.registry.store.model import (
    Application,
    ApplicationEntry,
    EdgeLogin,
    FollowingEdge,
    Intent,
    IntentItem,
    Job,
    Person,
    Provider,
    ProviderPrefix,
    Registrant,
    Registration,
    Token,
)

BATCH = 500
"""Objects read at a time."""

BENEATH = ("body", "first", "length")
"""Columns that no row of the audit has: contents, and a prefix as a key, which is compared as text."""

SHORT = 2000
"""Characters of a text that is surely no long field."""

Subject = type[Application | FollowingEdge | Intent | Job | Person | Provider | Registrant | Registration | Token]
Beside = Callable[[Session, Sequence[str]], dict[str, dict[str, Any]]]
"""Returns what other tables have of objects, by their ids; it stands over the columns of the same name."""


def nothing(_session: Session, _ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return that other tables have nothing."""
    return {}


@dataclass(frozen=True, slots=True)
class Table:
    """What of a table is held against the audit.

    Attributes:
        model: of its rows.
        beside: what other tables have of them.
        beneath: columns that the audit does not tell of.
    """

    model: Subject
    beside: Beside = nothing
    beneath: frozenset[str] = frozenset()

    @property
    def prefixes(self) -> list[str]:
        """What the ids of its objects begin with."""
        return [f"{kind}_" for kind, model in unreadable.TABLES.items() if model is self.model]


@dataclass(slots=True)
class Stored:
    """An object as the tables have it.

    Attributes:
        id: of the object.
        fields: by name, in JSON types, a long one as its digest.
        unreadable: the columns that cannot be read; then there are no fields.
    """

    id: str
    fields: dict[str, Any] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)


def objects(session: Session, table: Table, prefix: str) -> Iterator[Stored]:
    """Yield what a table holds of the objects whose ids begin with a prefix, in the order of their ids."""
    name, last = in_order(session, table.model.id), prefix
    ids = select(table.model.id).where(name < f"{prefix}~").order_by(name).limit(BATCH)
    while some := session.scalars(ids.where(name > last)).all():
        last = some[-1]
        yield from _read(session, table, some)


def strangers(session: Session, table: Table) -> Iterator[str]:
    """Yield the ids in a table that are no ids of such an object."""
    own = [in_order(session, table.model.id).between(prefix, f"{prefix}~") for prefix in table.prefixes]
    others = select(table.model.id)
    for one in own:
        others = others.where(~one)
    yield from (str(id_) for id_ in session.scalars(others))


def _read(session: Session, table: Table, ids: Sequence[str]) -> list[Stored]:
    """Return objects; when they cannot be read together, one by one, so that only what cannot be read is not."""
    try:
        with session.begin_nested():
            return _together(session, table, ids)
    except unreadable.ODD:
        return [one for id_ in ids for one in _alone(session, table, id_)]


def _alone(session: Session, table: Table, id_: str) -> list[Stored]:
    try:
        with session.begin_nested():
            return _together(session, table, [id_])
    except unreadable.ODD:
        return [Stored(id_, unreadable=unreadable.columns(session, table.model.id, id_) or ["what belongs to it"])]


def _together(session: Session, table: Table, ids: Sequence[str]) -> list[Stored]:
    columns = [column for column in table.model.__table__.columns if column.key not in (*table.beneath, *BENEATH)]
    rows = session.execute(select(*columns).where(table.model.id.in_(ids))).mappings()
    beside = table.beside(session, ids)
    by_id = {row["id"]: Stored(row["id"], fields_of({**row, **beside.get(row["id"], {})})) for row in rows}
    return [by_id[id_] for id_ in ids if id_ in by_id]


def fields_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object's values as its fields in the audit."""
    return {name: _field(value) for name, value in values.items() if name != "id"}


def _field(value: Any) -> Any:
    if value is None or isinstance(value, bool | int) or (isinstance(value, str) and len(value) < SHORT):
        return value
    if isinstance(value, datetime):
        return plain(value)
    return json.loads(canonical(bounded({"": value})))[""]


def _entries(session: Session, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the entries of applications as ``cases.applications`` tells the audit of them."""
    found: dict[str, list[list[str]]] = {id_: [] for id_ in ids}
    of_these = select(ApplicationEntry).where(ApplicationEntry.application_id.in_(ids))
    for row in session.scalars(of_these.order_by(ApplicationEntry.application_id, ApplicationEntry.place)):
        found[row.application_id].append([_prefix(row), row.protocols, row.ports])
    return {id_: {"entries": entries} for id_, entries in found.items()}


def _registrations(session: Session, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the registrations of intents; one that is open as its intent is not is told apart."""
    found: dict[str, list[str]] = {id_: [] for id_ in ids}
    columns = select(IntentItem.intent_id, IntentItem.registration_id, IntentItem.is_open, Intent.state)
    items = columns.join(Intent, Intent.id == IntentItem.intent_id).where(IntentItem.intent_id.in_(ids))
    for intent, registration, is_open, state in session.execute(items):
        fits = bool(is_open) == (state == "open")
        found[intent].append(registration if fits else f"{registration}, {'open' if is_open else 'closed'}")
    return {id_: {"registrations": sorted(registrations)} for id_, registrations in found.items()}


def _space(session: Session, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the digest of each provider's space; nothing where it has none."""
    found: dict[str, list[str]] = {}
    for row in session.scalars(select(ProviderPrefix).where(ProviderPrefix.provider_id.in_(ids))):
        found.setdefault(row.provider_id, []).append(Entry(addresses.prefix(row)).text)
    return {id_: addresses.space_digest(found.get(id_, [])) for id_ in ids}


def _logins(session: Session, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the logins that edges are bound to."""
    bound = select(EdgeLogin.edge_id, EdgeLogin.login).where(EdgeLogin.edge_id.in_(ids))
    return {id_: {"login": None} for id_ in ids} | {id_: {"login": login} for id_, login in session.execute(bound)}


def _prefixes(session: Session, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the prefixes of registrations, by which they are looked up as well as by which they are shown."""
    columns = select(Registration.id, Registration.prefix, Registration.first, Registration.length)
    return {row.id: {"prefix": _prefix(row)} for row in session.execute(columns.where(Registration.id.in_(ids)))}


def _prefix(row: Any) -> str:
    """Return a row's prefix as text; where its key is another, both."""
    by_key = Entry(addresses.prefix(row)).text
    return by_key if by_key == row.prefix else f"{row.prefix}, kept as {by_key}"


WORK = frozenset({"version", "total", "finished", "started_at", "seen_at", "ended_at", "changed_at"})

TABLES = (
    Table(Person),
    Table(Provider, _space),
    Table(Registrant),
    Table(Token, beneath=frozenset({"used_at"})),
    Table(Application, _entries),
    Table(Registration, _prefixes),
    Table(Intent, _registrations),
    Table(FollowingEdge, _logins),
    Table(Job, beneath=WORK),
)
"""Every table with objects of its own."""
