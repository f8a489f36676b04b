"""What several subjects have in their bodies and answers."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.kit.schema import Strict
from control.allowlist.entry import Entry, port_text

PRINTABLE = r"^ *[^\p{C}\p{Z}](?: |[^\p{C}\p{Z}])*$"
"""What Python's ``str.isprintable`` takes, which the services demand of a name, and not spaces alone."""

Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PRINTABLE)]
"""Text on one line."""

Words = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
"""Text of some lines; PostgreSQL takes no NUL."""

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z]{3}_[0-9a-f]{32}$", max_length=36)]
"""What control.registry.store.ids makes."""


class Record(BaseModel):
    """An object as it is answered, read from its row."""

    model_config = ConfigDict(from_attributes=True)


class Kept(Record):
    """What every object has that can change; its version is also the answer's ETag."""

    id: str
    version: int
    created_at: datetime
    changed_at: datetime


class Contact(Strict):
    """Whom to reach, and how."""

    name: Line
    email: Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$")] | None = None
    phone: Annotated[str, StringConstraints(pattern=r"^\+?[0-9 ()-]{3,30}$")] | None = None


class EntryRecord(BaseModel):
    """A prefix with its terms; no protocols are all, and no ports are all."""

    prefix: str
    protocols: list[str]
    ports: list[str]


def entry_record(entry: Entry) -> EntryRecord:
    """Return an entry as it is answered."""
    ports = [port_text(ports) for ports in entry.ports]
    return EntryRecord(prefix=entry.text, protocols=list(entry.protocols), ports=ports)


class Reason(Strict):
    """Why a step is taken, in words that the registrant can act on."""

    reason: Annotated[Words, Field(min_length=1)]


class Chosen(Strict):
    """Objects that a step is taken with, all or none: ids, each with the version that was seen."""

    versions: dict[Identifier, Annotated[int, Field(ge=1)]] = Field(min_length=1, max_length=5000)
