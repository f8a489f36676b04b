"""Names that belong to one provider, or one officer, alone."""

from sqlalchemy import select

from control.fault import Fault, Kind, Refused
from control.registry.store.model import Officer, Provider
from control.registry.store.writing import Writing


def demand_free(writing: Writing, model: type[Provider | Officer], name: str) -> None:
    """Refuse a name that another of them has.

    Raises:
        Refused: "conflict".
    """
    holder = writing.session.scalar(select(model.id).where(model.name == name))
    if holder:
        fault = Fault("name", f"{name} is the name of {holder}", "write another name")
        raise Refused(Kind.CONFLICT, "The name is taken", [fault])
