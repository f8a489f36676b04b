"""Who sees what, at random: the rows of a list are those that can be looked at one by one, and those of an export."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from control.allowlist import formats
from control.fault import Refused
from control.registry.access import scopes, sight
from control.registry.access.actor import CLOCK, CLOCK_SCOPE, SCOPES, Actor
from control.registry.jobs import exports
from control.registry.store import rows
from control.registry.store.database import Database
from control.registry.store.model import (
    Application,
    Base,
    Intent,
    Job,
    Person,
    Provider,
    Registrant,
    Registration,
    Token,
)
from tests.registry.cast import OPERATOR
from tests.registry.crowd import Crowd

READ: dict[type[Any], str] = {
    Registrant: "registrant.read",
    Application: "application.read",
    Registration: "registration.read",
    Provider: "provider.read",
    Job: "job.read",
    Intent: "intent.read",
    Person: "person.read",
    Token: "token.read",
}
"""The tables that have lists, and the action that reads one."""

NARROW = ("registrant", "provider", "public")
"""Scopes that see little: half of the actors have none but these, or almost all would see everything."""

APPLICATIONS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from([None, 0, 1]),
        st.sampled_from(["draft", "submitted", "approved", "returned", "withdrawn"]),
        st.booleans(),
    ),
    min_size=4,
    max_size=8,
)
"""Of which registrant, naming which provider, in which state, and whether ever submitted."""


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('sight')}/registry.db")
    database.upgrade()
    yield database
    database.close()


def sees(actor: Actor, row: Base) -> bool:
    """Say the same as ``sight`` in other words."""
    if actor.scopes & {"officer", "operator", "auditor", "clock"}:
        return True
    own = actor.registrant if "registrant" in actor.scopes and actor.registrant else "nobody"
    mine = actor.provider if "provider" in actor.scopes and actor.provider else "nobody"
    match row:
        case Registrant():
            return row.id == own
        case Application():
            return row.registrant_id == own or (row.provider_id == mine and row.submitted_at is not None)
        case Registration():
            return row.registrant_id == own
        case Provider():
            return bool(actor.scopes & {"registrant", "provider"})
        case Job():
            return bool(actor.scopes & {"registrant", "provider"}) and row.owner == actor.id
        case Token():
            return bool(actor.scopes & {"registrant", "provider"}) and row.holder == actor.id
    return False


@settings(max_examples=100, deadline=None)
@given(
    granted=st.frozensets(st.sampled_from(NARROW), max_size=2) | st.frozensets(st.sampled_from([*SCOPES, CLOCK_SCOPE])),
    whose=st.tuples(st.sampled_from([0, 1, None]), st.sampled_from([0, 1, None]), st.sampled_from(["one", "two"])),
    applications=APPLICATIONS,
    owners=st.lists(st.sampled_from(["one", "two"]), max_size=3),
)
def test_a_list_a_look_and_an_export_show_the_same(
    tables: Database,
    granted: frozenset[str],
    whose: tuple[int | None, int | None, str],
    applications: list[tuple[int, int | None, str, bool]],
    owners: list[str],
) -> None:
    crowd = Crowd.of_two()
    for registrant, provider, state, submitted in applications:
        named = None if provider is None else crowd.providers[provider].id
        crowd.apply(crowd.registrants[registrant].id, named, state, submitted)
    for owner in owners:
        crowd.order(owner)
    registrant_, provider_, id_ = whose
    actor = Actor(
        id_,
        granted,
        None if registrant_ is None else crowd.registrants[registrant_].id,
        None if provider_ is None else crowd.providers[provider_].id,
    )
    with tables.writing(OPERATOR, dry_run=True) as writing:
        session = writing.session
        crowd.enter(session)
        expected = {
            model: {row.id: sees(actor, row) for row in session.scalars(sight.select_visible(CLOCK, model))}
            for model in READ
        }
        for model, by_id in expected.items():
            seen = {row for row, is_seen in by_id.items() if is_seen}
            assert {row.id for row in session.scalars(sight.select_visible(actor, model))} == seen
            assert {row for row in by_id if is_found(session, actor, model, row)} == seen
            assert scopes.may(actor, READ[model]) or not seen, "what may not be asked for is not seen either"
        for subject, model in (("applications", Application), ("registrations", Registration)):
            seen = {row for row, is_seen in expected[model].items() if is_seen}
            try:
                lines = b"".join(exports.chunks(session, actor, subject, formats.NDJSON)).decode().splitlines()
            except Refused as refused:
                assert (refused.kind, scopes.may(actor, READ[model])) == ("forbidden", False)
            else:
                assert {json.loads(line)["id"] for line in lines} == seen


def is_found(session: Session, actor: Actor, model: type[Any], id_: str) -> bool:
    try:
        return bool(rows.find(session, actor, model, id_).id == id_)
    except Refused as refused:
        assert refused.kind == "not-found"
        return False


def test_every_table_with_a_single_row_to_look_at_has_its_sight() -> None:
    assert set(READ) <= set(sight.GROUNDS)
    assert set(rows.Row.__constraints__) <= set(sight.GROUNDS)


def test_lists_are_asked_for_by_sight_alone() -> None:
    """No view and no command selects rows of such a table by itself; what it shows would be another's to hide."""
    names = {model.__name__ for model in sight.GROUNDS}
    root = Path(__file__).parents[2]
    for folder in ("api/registry", "control/cli/registry"):
        for file in (root / folder).glob("*.py"):
            text = file.read_text()
            bare = [name for name in names if f"select({name})" in text]
            assert not bare, f"{file.name} selects {bare}: use sight.select_visible"
