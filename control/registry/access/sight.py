"""Which rows an actor may see, told once, as SQL: a list asks "which rows?", a look at one row asks "this row?".

Whoever has a wide scope sees every row. Each other scope sees those rows for which it has a ground here, and where it
has none it may not even ask: ``scopes`` reads that from here too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from control.registry.access.actor import CLOCK_SCOPE, Actor
from control.registry.store.model import (
    Application,
    AuditRow,
    Base,
    FollowingEdge,
    Intent,
    Job,
    Person,
    Provider,
    Publication,
    Registrant,
    Registration,
    Token,
)

WIDE = ("officer", "operator", "auditor", CLOCK_SCOPE)
"""Scopes that see every row of every table."""

Row = TypeVar("Row", bound=Base)


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a scope that is not wide sees some rows of a table.

    Attributes:
        scope: of SCOPES.
        rows: those that an actor of that scope sees, as a condition.
        words: which rows these are, for the manual.
    """

    scope: str
    rows: Callable[[Actor], ColumnElement[bool]]
    words: str


def _is(column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None], id_: str | None) -> ColumnElement[bool]:
    """Return that a column is an actor's id; an actor without one has no rows, not those that lack one too."""
    return false() if id_ is None else column == id_


# fmt: off
GROUNDS: Mapping[type[Base], tuple[Ground, ...]] = {
    Registrant: (
        Ground("registrant", lambda actor: _is(Registrant.id, actor.registrant), "itself"),
    ),
    Application: (
        Ground("registrant", lambda actor: _is(Application.registrant_id, actor.registrant), "its own"),
        Ground("provider",
               lambda actor: and_(_is(Application.provider_id, actor.provider), Application.submitted_at.is_not(None)),
               "those that were put before it"),
    ),
    Registration: (
        Ground("registrant", lambda actor: _is(Registration.registrant_id, actor.registrant), "its own"),
    ),
    Provider: (
        Ground("registrant", lambda _: true(), "all: it has to name one"),
        Ground("provider", lambda _: true(), "all"),
    ),
    Job: (
        Ground("registrant", lambda actor: Job.owner == actor.id, "those that it ordered"),
        Ground("provider", lambda actor: Job.owner == actor.id, "those that it ordered"),
    ),
    Intent: (),
    Person: (),
    Token: (
        Ground("registrant", lambda actor: Token.holder == actor.id, "its own"),
        Ground("provider", lambda actor: Token.holder == actor.id, "its own"),
    ),
    FollowingEdge: (),
    AuditRow: (),
    Publication: (),
}
# fmt: on
"""For each table the grounds on which its rows are seen."""

QUEUES = (Ground("provider", lambda actor: _is(Provider.id, actor.provider), "its own"),)
"""The grounds on which a provider's queue is seen, as a condition on the provider."""


def visible(actor: Actor, model: type[Base]) -> ColumnElement[bool]:
    """Return which rows of a table the actor may see.

    Raises:
        KeyError: the table is not for anybody's eyes by itself.
    """
    return _granted(actor, GROUNDS[model])


def queues(actor: Actor) -> ColumnElement[bool]:
    """Return the queues of which providers the actor may see."""
    return _granted(actor, QUEUES)


def select_visible(actor: Actor, model: type[Row]) -> Select[Row]:
    """Return a query for the rows of a table that the actor may see."""
    return select(model).where(visible(actor, model))


def seers(grounds: tuple[Ground, ...]) -> tuple[str, ...]:
    """Return the scopes that see anything on some grounds, the wide ones among them."""
    return tuple(dict.fromkeys((*(ground.scope for ground in grounds), *WIDE)))


def _granted(actor: Actor, grounds: tuple[Ground, ...]) -> ColumnElement[bool]:
    if actor.scopes & set(WIDE):
        return true()
    return or_(false(), *(ground.rows(actor) for ground in grounds if ground.scope in actor.scopes))
