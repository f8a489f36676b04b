"""What several subjects have in their bodies and answers."""

import builtins
import typing
from datetime import datetime
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

from api.kit.schema import Strict
from control.allowlist.entry import Entry
from control.registry.parties.forms import Form
from control.registry.parties.lines import Text
from control.registry.space import addresses
from control.registry.store import ids

Identifier = Annotated[str, StringConstraints(pattern=f"^{ids.PATTERN}$", max_length=36)]
"""What control.registry.store.ids makes."""


class Record(BaseModel):
    """An object as it is answered, read from its row."""

    model_config = ConfigDict(from_attributes=True)


class VersionedRecord(Record):
    """What every object has that can change; its version is also the answer's ETag."""

    id: str
    version: int
    created_at: datetime
    changed_at: datetime


def describe(
    name: str, document: str, form: type[BaseModel], base: type[BaseModel] = VersionedRecord
) -> type[BaseModel]:
    """Return a model that describes the answer about an object that a form's fields were taken for.

    The fields are the form's, without its limits: what is stored is answered, whatever today's limits are.
    """
    fields = {field_name: (_free(field.annotation), ...) for field_name, field in form.model_fields.items()}
    described: type[BaseModel] = create_model(name, __base__=base, __doc__=document, **fields)  # type: ignore[call-overload]
    return described


def _free(annotation: Any) -> Any:
    """Return a type without its limits."""
    arguments = get_args(annotation)
    match get_origin(annotation):
        case None:
            is_form = isinstance(annotation, type) and issubclass(annotation, Form)
            return _part(annotation) if is_form else annotation
        case typing.Annotated:
            return _free(arguments[0])
        case typing.Literal:
            return str
        case builtins.tuple:
            return list[_free(arguments[0])]  # type: ignore[misc]
    return typing.Union[tuple(map(_free, arguments))]  # noqa: UP007


@cache
def _part(form: type[Form]) -> type[BaseModel]:
    return describe(f"{form.__name__.removesuffix('Text')}Record", form.__doc__ or "", form, BaseModel)


class EntryRecord(BaseModel):
    """A prefix with its terms; no protocols are all, and no ports are all."""

    prefix: str
    protocols: list[str]
    ports: list[str]


def entry_record(entry: Entry) -> EntryRecord:
    """Return an entry as it is answered."""
    return EntryRecord(**addresses.record(addresses.stored(entry)))


class TrafficRecord(Record):
    """When an edge last had traffic of a registration."""

    edge: str
    at: datetime = Field(description="To the hour: nothing later is known.")
    in_use: bool = Field(description="Whether that is within a day of the edge's last report.")


class Reason(Strict):
    """Why a step is taken, in words that the registrant can act on."""

    reason: Text = Field(json_schema_extra={"minLength": 1})


class Chosen(Strict):
    """Objects that a step is taken with, all or none: ids, each with the version that was seen."""

    versions: dict[Identifier, Annotated[int, Field(ge=1)]] = Field(min_length=1, max_length=5000)
