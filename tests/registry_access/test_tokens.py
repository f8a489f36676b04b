"""Tokens: shown once, good for their scopes until they end, and no way for one officer to become two."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from control.fault import Refused
from control.registry.access import tokens
from control.registry.access.actor import Actor
from control.registry.access.tokens import NewToken
from control.registry.parties import persons
from control.registry.parties.forms import Edit, some_of
from control.registry.parties.persons import PersonText
from control.registry.store.database import Database
from tests.registry.cast import OFFICER, OPERATOR, assemble
from tests.registry.clock import Clock

DAY = timedelta(days=1)


def enter(database: Database, name: str, *roles: str) -> str:
    with database.writing(OPERATOR) as writing:
        return persons.create(writing, PersonText.model_validate({"name": name, "roles": roles})).id


@pytest.fixture
def auditor(database: Database) -> str:
    return enter(database, "Auditor", "auditor")


def issue(database: Database, by: Actor, new: NewToken) -> tuple[str, str]:
    with database.writing(by) as writing:
        token, secret = tokens.create(writing, new)
        return token.id, secret


def why_refused(database: Database, secret: str, clock: Clock) -> str:
    with pytest.raises(Refused) as refused, database.reading() as session:
        tokens.authenticate(session, database.keys, secret, clock())
    assert refused.value.kind == "unauthorized"
    return refused.value.faults[0].why


def test_a_token_says_who_acts(database: Database, clock: Clock) -> None:
    cast = assemble(database)
    id_, secret = issue(database, OFFICER, NewToken("laptop", ("registrant",), cast.company, DAY))
    with database.reading() as session:
        bearer = tokens.authenticate(session, database.keys, secret, clock())
    actor = Actor(cast.company, frozenset({"registrant"}), cast.company, makers=(OFFICER.id,))
    assert bearer == tokens.Bearer(actor, id_, unnoted=True)


def test_it_is_nowhere_in_the_database(database: Database, auditor: str) -> None:
    _, secret = issue(database, OPERATOR, NewToken("metrics", ("public",), auditor, DAY))
    with database.reading() as session:
        for table in ("token", "audit"):
            rows = [str(row) for row in session.execute(text(f"SELECT * FROM {table}"))]
            assert rows and not [row for row in rows if secret in row or secret.removeprefix(tokens.PREFIX) in row]


def test_it_ends_by_its_date_or_by_a_revocation(database: Database, clock: Clock, auditor: str) -> None:
    new = NewToken("laptop", ("auditor",), auditor, DAY)
    (_, expiring), (id_, revoked) = issue(database, OFFICER, new), issue(database, OFFICER, new)
    with database.writing(OFFICER) as writing:
        tokens.revoke(writing, id_, 1)
    assert why_refused(database, revoked, clock) == "the token was revoked"
    with database.reading() as session:
        tokens.authenticate(session, database.keys, expiring, clock() + DAY - timedelta(seconds=1))
    clock.pass_(days=1)
    assert why_refused(database, expiring, clock).startswith("the token expired at 2026-11-25")
    assert why_refused(database, "wkt_guess\udcff", clock) == "the token is not known"


def test_its_last_use_is_noted_once_a_minute(database: Database, clock: Clock, auditor: str) -> None:
    id_, secret = issue(database, OFFICER, NewToken("laptop", ("auditor",), auditor, DAY))
    unnoted = []
    for seconds in (0, 30, 30):
        clock.pass_(seconds=seconds)
        with database.reading() as session:
            unnoted.append(tokens.authenticate(session, database.keys, secret, clock()).unnoted)
        if unnoted[-1]:
            with database.writing(Actor("Auditor")) as writing:
                tokens.note_uses(writing, {id_: clock()})
    assert unnoted == [True, False, True]


@pytest.mark.parametrize("scope", ["officer", "operator"])
def test_an_officer_makes_no_second_officer(database: Database, scope: str) -> None:
    new = NewToken("second self", (scope,), enter(database, "Person", scope), DAY)
    with pytest.raises(Refused) as refused:
        issue(database, OFFICER, new)
    assert refused.value.kind == "forbidden"
    issue(database, OPERATOR, new)


def test_a_holder_is_told_of_what_others_make_in_its_name(database: Database, clock: Clock, auditor: str) -> None:
    _, first = issue(database, OPERATOR, NewToken("mine", ("auditor",), auditor, DAY * 30))
    id_, _ = issue(database, OFFICER, NewToken("for me?", ("auditor",), auditor, DAY * 30))
    with database.reading() as session:
        bearer = tokens.authenticate(session, database.keys, first, clock())
        (other,) = tokens.made_by_others(session, bearer.actor, clock(), but=bearer.token_id)
    assert (bearer.news, other.id, other.makers) == (1, id_, [OFFICER.id])
    with database.writing(bearer.actor) as writing:
        tokens.revoke(writing, id_)
    clock.pass_(days=1)
    with database.reading() as session:
        assert tokens.authenticate(session, database.keys, first, clock()).news == 0


def test_its_makers_are_all_who_could_act_by_it(database: Database, clock: Clock) -> None:
    cast = assemble(database)
    officer = enter(database, "Officer", "officer")
    _, secret = issue(database, OPERATOR, NewToken("at work", ("officer",), officer, DAY))
    with database.reading() as session:
        maker = tokens.authenticate(session, database.keys, secret, clock()).actor
    _, secret = issue(database, maker, NewToken("desk", ("provider",), cast.provider, DAY))
    with database.reading() as session:
        assert tokens.authenticate(session, database.keys, secret, clock()).actor.makers == (officer, OPERATOR.id)


@pytest.mark.parametrize("scope", ["officer", "operator"])
def test_no_officer_locks_out_another_nor_an_operator(database: Database, scope: str) -> None:
    id_, _ = issue(database, OPERATOR, NewToken("at work", (scope,), enter(database, "Person", scope), DAY))
    with pytest.raises(Refused) as refused, database.writing(OFFICER) as writing:
        tokens.revoke(writing, id_)
    assert refused.value.kind == "forbidden"
    with database.writing(OPERATOR) as writing:
        tokens.revoke(writing, id_)


def test_everybody_revokes_his_own_and_no_others(database: Database) -> None:
    cast = assemble(database)
    id_, _ = issue(database, OFFICER, NewToken("desk", ("provider",), cast.provider, DAY))
    with pytest.raises(Refused) as refused, database.writing(cast.applicant) as writing:
        tokens.revoke(writing, id_)
    assert refused.value.kind == "not-found"
    with database.writing(cast.confirmer) as writing:
        tokens.revoke(writing, id_)


def test_it_is_good_as_long_as_its_holder_is(database: Database, clock: Clock) -> None:
    person = enter(database, "Person", "officer", "auditor")
    _, secret = issue(database, OPERATOR, NewToken("at work", ("officer", "auditor"), person, DAY))
    with database.writing(OPERATOR) as writing:
        part = some_of(PersonText).model_validate({"roles": ["auditor"]})
        persons.edit(writing, person, None, Edit(PersonText, part))
    with database.reading() as session:
        assert tokens.authenticate(session, database.keys, secret, clock()).actor.scopes == {"auditor"}
    with database.writing(OPERATOR) as writing:
        persons.close(writing, person)
    assert why_refused(database, secret, clock).startswith("the token is of a person who was closed at 2026-")
    with pytest.raises(Refused, match="is closed"):
        issue(database, OPERATOR, NewToken("another", ("auditor",), person, DAY))
    with database.writing(OPERATOR) as writing:
        persons.reopen(writing, person)
    with database.reading() as session:
        tokens.authenticate(session, database.keys, secret, clock())


@pytest.mark.parametrize(
    ("scopes", "holder", "name", "lasting", "expected"),
    [
        ((), "person", "x", DAY, ("invalid", "scopes")),
        (("king",), "person", "x", DAY, ("invalid", "scopes")),
        (("officer",), "person", "x", DAY, ("invalid", "scopes")),
        (("registrant",), "person", "x", DAY, ("invalid", "scopes")),
        (("registrant", "provider"), "company", "x", DAY, ("invalid", "scopes")),
        (("officer",), "provider", "x", DAY, ("invalid", "scopes")),
        (("public",), "person", "x", timedelta(days=4000), ("invalid", "lasting")),
        (("public",), "person", "", DAY, ("invalid", "name")),
        (("public",), "Anybody", "x", DAY, ("not-found", "holder")),
    ],
)
def test_what_makes_no_sense(
    database: Database,
    auditor: str,
    scopes: tuple[str, ...],
    holder: str,
    name: str,
    lasting: timedelta,
    expected: tuple[str, str],
) -> None:
    cast = assemble(database)
    ids = {"person": auditor, "company": cast.company, "provider": cast.provider}
    with pytest.raises(Refused) as refused:
        issue(database, OPERATOR, NewToken(name, scopes, ids.get(holder, holder), lasting))
    assert (refused.value.kind, refused.value.faults[0].where) == expected
