"""/v1/registry: how the registry stands, what ends when, and what somebody should know."""

from datetime import datetime

from apiflask import APIBlueprint
from pydantic import Field
from sqlalchemy.orm import Session

from api.registry.desk import store
from api.registry.desk.operation import ViewAnswer, reads
from api.registry.records import Record
from control.registry.endings import outlook

blueprint = APIBlueprint("overview", __name__, tag="Registry")


class EndingDayRecord(Record):
    """What ends within 24 hours."""

    number: int = Field(description="The day, in steps of 24 hours from now on; the first is 0.")
    begins: datetime
    registrations: int = Field(description="On the live list that end then.")
    in_use: int = Field(description="Of these, with traffic in the last day, as far as edges have reported.")
    is_mass: bool = Field(description="Whether these are so many that somebody should know days before.")


class Overview(Record):
    """How the registry stands."""

    epoch: str
    serial: int
    count: int = Field(description="Entries on the live list.")
    open_intents: int
    days: list[EndingDayRecord] = Field(description="What ends in the next 30 days, those on which anything does.")
    over: int = Field(description="Registrations on the live list whose end has come.")
    held: int = Field(description="Of these, that an officer decides on, because they are in use.")
    waits: list[str] = Field(description="Why the others do not leave yet.")
    warnings: list[str] = Field(description="What somebody should know.")


@blueprint.get("/v1/registry")
@reads(Overview, "intent.read")
def read(session: Session) -> ViewAnswer:
    """Read how the registry stands, what ends when, and what somebody should know."""
    return ViewAnswer(Overview.model_validate(outlook.look(store.database(), session)))
