"""Tokens: shown once, good for their scopes until they end, and no way for one officer to become two."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from control.fault import Refused
from control.registry.access import tokens
from control.registry.access.actor import Actor
from control.registry.access.tokens import NewToken
from control.registry.parties import officers
from control.registry.parties.officers import OfficerNew
from control.registry.store.database import Database
from tests.registry.cast import OFFICER, OPERATOR, assemble
from tests.registry.clock import Clock

DAY = timedelta(days=1)


def issue(database: Database, by: Actor, new: NewToken) -> tuple[str, str]:
    with database.writing(by) as writing:
        token, secret = tokens.create(writing, new)
        return token.id, secret


def why_refused(database: Database, secret: str, clock: Clock) -> str:
    with pytest.raises(Refused) as refused, database.reading() as session:
        tokens.authenticate(session, secret, clock())
    assert refused.value.kind == "unauthorized"
    return refused.value.faults[0].why


def test_a_token_says_who_acts(database: Database, clock: Clock) -> None:
    cast = assemble(database)
    new = NewToken("laptop", ("registrant",), "Company", DAY, registrant_id=cast.company)
    id_, secret = issue(database, OFFICER, new)
    with database.reading() as session:
        bearer = tokens.authenticate(session, secret, clock())
    assert bearer == tokens.Bearer(Actor("Company", frozenset({"registrant"}), cast.company), id_, unnoted=True)


def test_it_is_nowhere_in_the_database(database: Database) -> None:
    _, secret = issue(database, OPERATOR, NewToken("metrics", ("public",), "anyone", DAY))
    with database.reading() as session:
        for table in ("token", "audit"):
            rows = [str(row) for row in session.execute(text(f"SELECT * FROM {table}"))]
            assert rows and not [row for row in rows if secret in row or secret.removeprefix(tokens.PREFIX) in row]


def test_it_ends_by_its_date_or_by_a_revocation(database: Database, clock: Clock) -> None:
    new = NewToken("laptop", ("auditor",), "Auditor", DAY)
    (_, expiring), (id_, revoked) = issue(database, OFFICER, new), issue(database, OFFICER, new)
    with database.writing(OFFICER) as writing:
        tokens.revoke(writing, id_, 1)
    assert why_refused(database, revoked, clock) == "the token was revoked"
    with database.reading() as session:
        tokens.authenticate(session, expiring, clock() + DAY - timedelta(seconds=1))
    clock.pass_(days=1)
    assert why_refused(database, expiring, clock).startswith("the token expired at 2026-11-25")
    assert why_refused(database, "wkt_guess\udcff", clock) == "the token is not known"


def test_its_last_use_is_noted_once_a_minute(database: Database, clock: Clock) -> None:
    id_, secret = issue(database, OFFICER, NewToken("laptop", ("auditor",), "Auditor", DAY))
    unnoted = []
    for seconds in (0, 30, 30):
        clock.pass_(seconds=seconds)
        with database.reading() as session:
            unnoted.append(tokens.authenticate(session, secret, clock()).unnoted)
        if unnoted[-1]:
            with database.writing(Actor("Auditor")) as writing:
                tokens.note_use(writing, id_)
    assert unnoted == [True, False, True]


@pytest.mark.parametrize("scope", ["officer", "operator"])
def test_an_officer_makes_no_second_officer(database: Database, scope: str) -> None:
    with database.writing(OPERATOR) as writing:
        officer = officers.create(writing, OfficerNew(name="Officer")).id
    new = NewToken("second self", (scope,), officer, DAY)
    with pytest.raises(Refused) as refused:
        issue(database, OFFICER, new)
    assert refused.value.kind == "forbidden"
    issue(database, OPERATOR, new)


@pytest.mark.parametrize(
    ("new", "where"),
    [
        (NewToken("x", (), "x", DAY), "scopes"),
        (NewToken("x", ("king",), "x", DAY), "scopes"),
        (NewToken("x", ("registrant",), "x", DAY), "registrant_id"),
        (NewToken("x", ("public",), "x", DAY, provider_id="prv_1"), "provider_id"),
        (NewToken("x", ("public",), "x", timedelta(days=4000)), "lasting"),
        (NewToken("", ("public",), "x", DAY), "name"),
        (NewToken("x", ("public",), "\n", DAY), "holder"),
    ],
)
def test_what_makes_no_sense(database: Database, new: NewToken, where: str) -> None:
    with pytest.raises(Refused) as refused:
        issue(database, OPERATOR, new)
    assert (refused.value.kind, refused.value.faults[0].where) == ("invalid", where)
