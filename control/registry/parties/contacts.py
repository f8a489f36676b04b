"""Contacts: whom to reach, and how. This is the one model of them, for every door."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import ConfigDict, Field, PlainValidator, WithJsonSchema, model_serializer, model_validator

from control.fault import BadValueError, shown
from control.registry.parties.forms import Form
from control.registry.parties.lines import Line, read_line

MAX_CONTACTS = 20
MAX_EMAIL = 254
"""Characters: a path of 256 (RFC 5321, section 4.5.3.1.3) without its brackets."""

MAX_PHONE = 100
"""Characters: two numbers with their extensions have room."""

EMAIL = r"[^@\p{C}\p{Z}]+@[^@\p{C}\p{Z}]+\.[^@.\p{C}\p{Z}]+"
"""For the API's document. The domain has a dot: a local nickname is no address (RFC 5321, section 2.3.5)."""

PHONE = r"(?:(?: |[^\p{C}\p{Z}0-9])*[0-9]){3}(?: |[^\p{C}\p{Z}])*"
"""For the API's document. At least three digits, the fewest of a number that can be dialled (112, a short code);
around them whatever people write: +, brackets, dots, "ext. 12", "доб. 12", a second number."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def read_email(value: object) -> str:
    """Return an address for mail.

    Raises:
        BadValueError: it is none, or no line of at most MAX_EMAIL characters.
    """
    text = read_line(value, MAX_EMAIL)
    if not _EMAIL.fullmatch(text):
        raise BadValueError(
            f"{shown(text)} is no address for mail", "write one such as desk@company.example, or leave it out"
        )
    return text


def read_phone(value: object) -> str:
    """Return a telephone number.

    Raises:
        BadValueError: it has hardly a digit, or is no line of at most MAX_PHONE characters.
    """
    text = read_line(value, MAX_PHONE)
    if sum(letter in "0123456789" for letter in text) < 3:
        mend = "write one such as +7 495 123-45-67 ext. 12, or leave it out"
        raise BadValueError(f"{shown(text)} is no telephone number", mend)
    return text


def _schema(pattern: str, most: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "maxLength": most, "pattern": f"^{pattern}$"})


class Contact(Form):
    """Whom to reach, and how: a name, an address for mail or a telephone number, or several of these."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    name: Line | None = Field(default=None, description="Whom to ask for.")
    email: Annotated[str, PlainValidator(read_email), _schema(EMAIL, MAX_EMAIL)] | None = Field(
        default=None, description="An address for mail."
    )
    phone: Annotated[str, PlainValidator(read_phone), _schema(PHONE, MAX_PHONE)] | None = Field(
        default=None, description="A telephone number, as it is dialled; an extension may follow."
    )

    @model_validator(mode="after")
    def _says_something(self) -> "Contact":
        if not self.said():
            raise BadValueError("says nothing", "write a name, an address for mail or a telephone number")
        return self

    @model_serializer
    def said(self) -> dict[str, str]:
        """Return what is said, as the database has it."""
        return {name: text for name in type(self).model_fields if (text := getattr(self, name)) is not None}


Contacts = Annotated[tuple[Contact, ...], Field(max_length=MAX_CONTACTS)]

COLUMNS: Mapping[str, str] = {("contact" if name == "name" else name): name for name in Contact.model_fields}
"""The fields of one contact beside other columns or options: in a file, on the command line."""


def of_columns(columns: Mapping[str, str | None]) -> list[dict[str, str]]:
    """Return the contacts that columns or options say: one, or none."""
    contact = {name: text for column, name in COLUMNS.items() if (text := columns.get(column))}
    return [contact] if contact else []


def columns(contacts: Sequence[Any]) -> dict[str, Any]:
    """Return the first of a row's contacts as columns."""
    contact = record(contacts[0]) if contacts else {}
    return {column: contact.get(name) for column, name in COLUMNS.items()}


def record(contact: Any) -> dict[str, Any]:
    """Return a row's contact as it is shown, whatever an older version took: every field, and what else is there."""
    there = contact if isinstance(contact, Mapping) else {"name": contact}
    return dict.fromkeys(Contact.model_fields) | dict(there)
