"""What every step of an application or a registration asks first, one by one or by the thousand, all or none."""

from typing import TypeVar

from control.registry.access import scopes
from control.registry.cases import workflow
from control.registry.store import rows
from control.registry.store.model import Application, Registration
from control.registry.store.rows import Versions
from control.registry.store.writing import Writing

Case = TypeVar("Case", Application, Registration)


def checked(writing: Writing, model: type[Case], name: str, versions: Versions, reason: str = "") -> list[Case]:
    """Return the objects of a step, in the order of their ids, once it is theirs to take, and the actor's.

    Raises:
        Refused: "forbidden", "not-found", "stale", "invalid": the reason is missing; "conflict": it is not legal.
    """
    step = workflow.step(model.__tablename__, name)
    writing.set_action(step.action, next(iter(versions)) if len(versions) == 1 else "")
    scopes.demand(writing.actor, step.action)
    found = rows.find_many(writing.session, writing.actor, model, list(versions))
    rows.demand_versions(found, versions)
    workflow.demand_reason(step, reason)
    workflow.demand_legal(step, {each.id: each.state for each in found})
    return found
