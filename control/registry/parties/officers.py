"""Officers: the people who decide for the regulator."""

from typing import Any

from control.registry.access import scopes
from control.registry.parties import names
from control.registry.parties.forms import Form
from control.registry.parties.lines import Line
from control.registry.store import records, rows
from control.registry.store.ids import new_id
from control.registry.store.model import Officer
from control.registry.store.writing import Writing


class OfficerNew(Form):
    """An officer to enter."""

    name: Line


def record(officer: Officer) -> dict[str, Any]:
    """Return an officer as every door shows it."""
    return records.record(officer, tuple(OfficerNew.model_fields))


def create(writing: Writing, new: OfficerNew) -> Officer:
    """Enter a person who decides for the regulator; an operator does that, so that no officer makes a second self.

    Raises:
        Refused: "conflict": the name is taken.
    """
    writing.set_action("officer.create")
    scopes.demand(writing.actor, "officer.create")
    names.demand_free(writing, Officer, new.name)
    officer = Officer(id=new_id("off"), created_at=writing.now, changed_at=writing.now, **new.columns())
    rows.enter(writing, officer)
    return officer
