"""Names that belong to one provider, or one person, alone."""

from sqlalchemy import select

from control.fault import Fault, Kind, Refused
from control.registry.parties.likeness import alike
from control.registry.store.model import Person, Provider
from control.registry.store.writing import Writing


def demand_unlike(writing: Writing, model: type[Provider | Person], name: str, but: str = "") -> None:
    """Refuse a name that another of them has, or one that a reader takes for it; ``but`` is the id of whose it is.

    Raises:
        Refused: "conflict".
    """
    holders = {held: id_ for held, id_ in writing.session.execute(select(model.name, model.id)) if id_ != but}
    other = name if name in holders else alike(name, holders)
    if other is not None:
        why = f"{name} is the name of {holders[other]}"
        why = why if name == other else f"{name} reads like {other}, the name of {holders[other]}"
        raise Refused(Kind.CONFLICT, "The name is taken", [Fault("name", why, "write another name")])
