"""Forms: what somebody may say of an object, one model for every door, with one set of words for what is wrong.

A form's fields are what doors derive theirs from: members of a body, options of a command, columns of a file.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from control.allowlist.schema import FieldFault
from control.fault import BadValueError, Fault, Kind, Refused

AnyForm = TypeVar("AnyForm", bound=BaseModel)


class Form(BaseModel):
    """What somebody says of an object; a member that it does not know is a slip of the pen, and refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def columns(self) -> dict[str, Any]:
        """Return the values as the object's row has them."""
        return self.model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class Edit(Generic[AnyForm]):
    """Some fields of a form, each valid; ``read_edit`` makes it.

    Attributes:
        form: whose fields they are.
        part: a model of the same fields, of which only those that were said are set.
    """

    form: type[AnyForm]
    part: BaseModel

    def columns(self) -> dict[str, Any]:
        """Return the values as the object's row has them."""
        return self.part.model_dump(mode="json", exclude_unset=True)

    @property
    def values(self) -> dict[str, Any]:
        """The values by field."""
        return {name: getattr(self.part, name) for name in self.part.model_fields_set}


@cache
def some_of(form: type[AnyForm]) -> type[BaseModel]:
    """Return a model of a form's fields of which each may be left out, and is otherwise held to the form's rules."""
    fields: dict[str, Any] = {}
    for name, field in form.model_fields.items():
        fields[name] = (field.annotation, optional := copy(field))
        optional.default, optional.default_factory = None, None
    return create_model(form.__name__, __config__=form.model_config, **fields)


def read(form: type[AnyForm], values: Mapping[str, object], title: str) -> AnyForm:
    """Return a form filled in.

    Raises:
        Refused: "invalid", with every fault.
    """
    try:
        return form.model_validate(values)
    except ValidationError as error:
        raise _refused(error, title) from error


def read_edit(form: type[AnyForm], values: Mapping[str, object], title: str) -> Edit[AnyForm]:
    """Return some of a form's fields.

    Raises:
        Refused: "invalid", with every fault.
    """
    try:
        return Edit(form, some_of(form).model_validate(values))
    except ValidationError as error:
        raise _refused(error, title) from error


def faults(error: ValidationError) -> list[FieldFault]:
    """Return what pydantic found, in our words."""
    field_faults = []
    for detail in error.errors(include_url=False):
        wrong = detail.get("ctx", {}).get("error")
        if isinstance(wrong, BadValueError):
            field_faults.append(FieldFault(place(detail["loc"]), wrong.why, wrong.mend))
        elif detail["type"] == "missing":
            field_faults.append(FieldFault(place(detail["loc"]), "is missing", "write it"))
        else:
            field_faults.append(FieldFault(place(detail["loc"]), detail["msg"], "write what the manual says of it"))
    return field_faults


def place(location: tuple[int | str, ...]) -> str:
    """Return a place in a form as faults have it: ``documents[0].sha256``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).removeprefix(".")


def _refused(error: ValidationError, title: str) -> Refused:
    return Refused(Kind.INVALID, title, [Fault(fault.field, fault.why, fault.mend) for fault in faults(error)])
