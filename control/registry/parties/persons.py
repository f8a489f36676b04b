"""Persons: the people who decide for the regulator, run the registry, or look over their shoulders.

Where two are asked for, they are told apart by this and not by their tokens, so nobody is here twice: not under a name
that a reader takes for the same either.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field
from sqlalchemy import ColumnElement, Text, cast

from control.fault import BadValueError, Fault, Kind, Refused, shown
from control.registry.access import scopes
from control.registry.parties import names
from control.registry.parties.forms import Edit, Form
from control.registry.parties.lines import Line
from control.registry.store import records, rows
from control.registry.store.ids import new_id
from control.registry.store.model import Person
from control.registry.store.writing import Writing

Role = Literal["officer", "operator", "auditor"]
ROLES: tuple[str, ...] = get_args(Role)
"""What a person can be; each is a scope of the person's tokens."""

PRIVILEGED = frozenset({"officer", "operator"})
"""Roles that an operator gives, so that no officer makes a second self."""


def _read_roles(value: object) -> object:
    if not isinstance(value, Iterable) or isinstance(value, (str, Mapping)):
        raise BadValueError(f"{shown(value)} is no list of roles", f"write some of {', '.join(ROLES)}")
    given = list(value)
    for role in given:
        if role not in ROLES:
            raise BadValueError(f"{shown(role)} is no role", f"write some of {', '.join(ROLES)}")
    return [role for role in ROLES if role in given]


Roles = Annotated[list[Role], BeforeValidator(_read_roles), Field(max_length=len(ROLES))]


class PersonText(Form):
    """A person."""

    name: Line
    roles: Roles = Field(default_factory=list, description="What the person's tokens may be for.")


class OfficerNew(Form):
    """An officer to enter."""

    name: Line

    def person(self) -> PersonText:
        """Return the person that an officer is."""
        return PersonText(name=self.name, roles=["officer"])


def record(person: Person) -> dict[str, Any]:
    """Return a person as every door shows it."""
    return records.record(person, (*PersonText.model_fields, "closed_at"))


def has_role(role: str) -> ColumnElement[bool]:
    """Return, as a condition on ``Person``, whether a person has a role; both databases show a list as JSON text."""
    return cast(Person.roles, Text).contains(f'"{role}"')


def create(writing: Writing, new: PersonText) -> Person:
    """Enter a person; an operator enters officers and operators, so that no officer makes a second self.

    Raises:
        Refused: "conflict": the name is taken, or too like one that is.
    """
    writing.set_action("person.create")
    _demand_may_give(writing, new.roles)
    names.demand_unlike(writing, Person, new.name)
    person = Person(id=new_id("per"), created_at=writing.now, changed_at=writing.now, **new.columns())
    rows.enter(writing, person)
    return person


def edit(writing: Writing, id_: str, version: int | None, edited: Edit[PersonText]) -> Person:
    """Change a person's name or roles; what is not said stays as it is.

    Raises:
        Refused: "conflict": the name is taken, or too like one that is.
    """
    writing.set_action("person.edit", id_)
    scopes.demand(writing.actor, "person.edit")
    person = rows.find(writing.session, writing.actor, Person, id_)
    rows.demand_versions([person], {id_: version})
    values = edited.columns()
    if values.get("name", person.name) != person.name:
        names.demand_unlike(writing, Person, values["name"], but=id_)
    rows.change(writing, "person.edit", person, values)
    return person


def close(writing: Writing, id_: str, version: int | None = None) -> Person:
    """Make all tokens of a person good for nothing, until the person is reopened.

    Raises:
        Refused: "conflict": that is so already.
    """
    return _moved(writing, "close", id_, version)


def reopen(writing: Writing, id_: str, version: int | None = None) -> Person:
    """Make the tokens of a person good again, as far as they have not expired or been revoked.

    Raises:
        Refused: "conflict": the person is not closed.
    """
    return _moved(writing, "reopen", id_, version)


def _moved(writing: Writing, step: str, id_: str, version: int | None) -> Person:
    writing.set_action(f"person.{step}", id_)
    scopes.demand(writing.actor, f"person.{step}")
    person = rows.find(writing.session, writing.actor, Person, id_)
    rows.demand_versions([person], {id_: version})
    if (person.closed_at is not None) == (step == "close"):
        fault = Fault(id_, "is closed" if step == "close" else "is not closed", "nothing is left to do")
        raise Refused(Kind.CONFLICT, f"To {step} is not legal in that state", [fault])
    rows.change(writing, f"person.{step}", person, {"closed_at": writing.now if step == "close" else None})
    return person


def _demand_may_give(writing: Writing, roles: Iterable[str]) -> None:
    scopes.demand(writing.actor, "person.create-privileged" if PRIVILEGED & set(roles) else "person.create")
