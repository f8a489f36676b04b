"""Persons: nobody is there twice, and where several are asked for, one is not several."""

from datetime import timedelta

import pytest

from control.fault import Refused
from control.registry.access import tokens
from control.registry.access.actor import Actor, same_person
from control.registry.access.tokens import NewToken
from control.registry.cases import review
from control.registry.intents import intents
from control.registry.parties import persons
from control.registry.parties.persons import PersonText
from control.registry.store.database import Database
from tests.registry.cast import OFFICER, OPERATOR, SECOND, Cast, apply, assemble, register


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("Ivan Petrov", "ivan petrov"),
        ("Ivan Petrov", "Ivan  Petrov"),
        ("Ivan Petrov", "IvanPetrov"),
        ("Ivan Petrov", "\u0399van Petrov"),  # a Greek iota
        ("Ivan Petrov", "lvan Petrov"),
        ("IVAN PETROV", "lvan petrov"),
        ("Ivan Petrov", "Iv\u0430n P\u0435tr\u043ev"),  # Cyrillic
        (
            "\u0412\u0430\u0441\u0438\u043b\u0438\u0439",
            "B\u0430\u0441\u0438\u043b\u0438\u0439",
        ),  # and the other way round
        ("\u0412\u0410\u0421\u0418\u041b\u0418\u0419", "\u0412\u0430\u0441\u0438\u043b\u0438\u0439"),
        ("Zo\u00eb", "Zoe\u0308"),
        ("Ivan Petrov", "\uff29van Petrov"),  # full width
        ("Marnie", "Mamie"),
        ("A. Officer", "A Officer"),
        ("Stra\u00dfe", "STRASSE"),
    ],
)
def test_no_name_is_taken_for_another(database: Database, name: str, like: str) -> None:
    with database.writing(OPERATOR) as writing:
        persons.create(writing, PersonText(name=name, roles=["officer"]))
    with pytest.raises(Refused) as refused, database.writing(OPERATOR) as writing:
        persons.create(writing, PersonText(name=like, roles=["operator"]))
    assert (refused.value.kind, refused.value.faults[0].where) == ("conflict", "name")


def test_names_that_differ_are_taken(database: Database) -> None:
    names = (
        "Tory",
        "Zuzu",
        "Ivan",
        "Ian",
        "Iva",
        "Olga",
        "Oleg",
        "Officer 1",
        "Officer 2",
        "\u0418\u0432\u0430\u043d",
        "\u674e\u660e",
    )
    with database.writing(OPERATOR) as writing:
        assert len({persons.create(writing, PersonText(name=name, roles=["officer"])).id for name in names}) == 11


@pytest.mark.parametrize("role", ["officer", "operator"])
def test_an_officer_enters_neither_officers_nor_operators(database: Database, role: str) -> None:
    for roles in ((role,), ("auditor", role)):
        with pytest.raises(Refused) as refused, database.writing(OFFICER) as writing:
            persons.create(writing, PersonText.model_validate({"name": "Second self", "roles": roles}))
        assert refused.value.kind == "forbidden"
    with database.writing(OFFICER) as writing:
        persons.create(writing, PersonText(name="An auditor", roles=["auditor"]))


A, B = Actor("a"), Actor("b")
BY_A, BY_B, BY_C = (Actor("b", makers=("a",)), Actor("a", makers=("b",)), Actor("b", makers=("c",)))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (A, A, True),
        (A, B, False),
        (A, BY_A, True),
        (BY_A, A, True),
        (B, BY_B, True),
        (A, BY_C, False),
        (Actor("a", makers=("c",)), BY_C, False),  # an operator made both
        (A, Actor("b", makers=("c", "a")), True),
    ],
)
def test_who_may_be_one_person(one: Actor, other: Actor, same: bool) -> None:
    assert same_person(one.behind, other.behind) is same


def by(database: Database, maker: Actor, holder: str, *scopes: str) -> Actor:
    """Return whoever holds a new token of a maker's."""
    with database.writing(maker) as writing:
        secret = tokens.create(writing, NewToken("for a test", scopes, holder, timedelta(days=1)))[1]
    with database.reading() as session:
        return tokens.authenticate(session, database.keys, secret, database.now()).actor


def confirmed(database: Database, cast: Cast, applicant: Actor, confirmer: Actor) -> str:
    application = apply(database, cast, ["10.0.0.1"], by=applicant)
    with database.writing(confirmer) as writing:
        review.confirm(writing, application)
    return application


def refusal(database: Database, actor: Actor, application: str) -> str:
    with pytest.raises(Refused) as refused, database.writing(actor) as writing:
        review.approve(writing, application)
    return f"{refused.value.kind}: {refused.value.faults[0].why}"


def test_who_submits_who_confirms_and_who_approves_are_three(database: Database) -> None:
    cast = assemble(database)
    own = confirmed(database, cast, OFFICER, cast.confirmer)
    assert refusal(database, OFFICER, own) == "forbidden: was submitted by you"
    with database.writing(SECOND) as writing:
        assert review.approve(writing, own)


@pytest.mark.parametrize("whose", ["provider", "company"])
def test_a_token_that_one_made_is_no_second_person(database: Database, whose: str) -> None:
    cast = assemble(database)
    scope = "provider" if whose == "provider" else "registrant"
    theirs = by(database, OFFICER, getattr(cast, whose), scope)
    applicant, confirmer = (cast.applicant, theirs) if whose == "provider" else (theirs, cast.confirmer)
    application = confirmed(database, cast, applicant, confirmer)
    assert "one of you made the other's token" in refusal(database, OFFICER, application)
    with database.writing(SECOND) as writing:
        assert review.approve(writing, application)


def test_who_applied_does_not_confirm(database: Database) -> None:
    cast = assemble(database)
    application = apply(database, cast, ["10.0.0.1"], by=OFFICER)
    theirs = by(database, OFFICER, cast.provider, "provider")
    with pytest.raises(Refused) as refused, database.writing(theirs) as writing:
        review.confirm(writing, application)
    assert refused.value.kind == "forbidden"


def test_a_pair_of_eyes_is_not_two_of_one_person(database: Database) -> None:
    """An operator with an officer's token, whoever made it, and two tokens of one officer."""
    cast = assemble(database)
    (id_,) = register(database, cast, "10.0.0.1")
    with database.writing(OPERATOR) as writing:
        first, second = (
            persons.create(writing, PersonText(name=name, roles=["officer", "operator"])).id for name in ("One", "Two")
        )
    one = by(database, OPERATOR, first, "officer")
    with database.writing(one) as writing:
        intent = intents.propose(writing, "revoke", {id_: None}, "a test").id
    for same in (
        by(database, OPERATOR, first, "operator", "officer"),
        by(database, one_as_operator(database, first), second, "officer"),
    ):
        with pytest.raises(Refused) as refused, database.writing(same) as writing:
            intents.confirm(writing, intent, 1)
        assert refused.value.kind == "forbidden"
    with database.writing(by(database, OPERATOR, second, "officer")) as writing:
        intents.confirm(writing, intent, 1)


def one_as_operator(database: Database, person: str) -> Actor:
    return by(database, OPERATOR, person, "operator")
