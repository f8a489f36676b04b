"""The one definition of a row: names, limits and words, for validation and for the API's document."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import ErrorDetails

from control.allowlist.companions import lacking
from control.allowlist.entry import (
    DEFAULT_BOUNDS,
    MAX_NOTE,
    MAX_PORT_RANGES,
    Bounds,
    Entry,
    PortRange,
    Prefix,
    merged,
    port_text,
)
from control.allowlist.prefix import EXAMPLE, read_prefix
from control.fault import BadValueError, shown
from control.protocols import with_companions
from control.vocabulary import VPN_PROTOCOLS

PORTS_PATTERN = r"^([0-9]{1,5})(?:-([0-9]{1,5}))?$"
NOT_IN_A_NOTE = {
    "Cc": "a control character",
    "Cs": "half a character",
    "Zl": "a line break",
    "Zp": "a line break",
}
"""Unicode categories that a note must not have: they would break a line of CSV or a terminal."""


def _names(value: object, what: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise BadValueError(f"{shown(value)} is no array", f"write an array of {what}, or leave the field out")
    return value


def read_protocols(value: object) -> tuple[str, ...]:
    """Return protocol names in their order, each once, with all that belongs to them.

    Raises:
        BadValueError: a name is not a protocol's.
    """
    names = _names(value, "protocol names")
    for name in names:
        if name not in VPN_PROTOCOLS:
            near = get_close_matches(str(name).lower(), VPN_PROTOCOLS, 1)
            known = f"write {near[0]}; known are" if near else "write one of"
            raise BadValueError(f"{shown(name)} is no protocol", f"{known} {', '.join(VPN_PROTOCOLS)}")
    return with_companions(names)


def read_ports(value: object) -> tuple[PortRange, ...]:
    """Return port ranges sorted and merged.

    Raises:
        BadValueError: one is no port or range, or they are more than MAX_PORT_RANGES after merging.
    """
    ranges = merged(map(_read_range, _names(value, "ports")))
    if len(ranges) > MAX_PORT_RANGES:
        mend = f"write at most {MAX_PORT_RANGES}, or leave the ports out to register every port"
        raise BadValueError(f"has {len(ranges)} port ranges", mend)
    return ranges


def _read_range(value: object) -> PortRange:
    found = re.match(PORTS_PATTERN, str(value), re.ASCII) if type(value) in (int, str) else None
    if not found:
        raise BadValueError(f"{shown(value)} is no port", "write a number such as 51820, or a range such as 1000-2000")
    first, last = int(found[1]), int(found[2] or found[1])
    if not (1 <= first <= 0xFFFF and 1 <= last <= 0xFFFF):
        raise BadValueError(f"{shown(value)} is not within 1 to 65535", "write a port from 1 to 65535")
    if first > last:
        raise BadValueError(f"{shown(value)} ends before it begins", f"write {last}-{first}")
    return first, last


def read_note(value: object) -> str:
    """Return a note without spaces around it.

    Raises:
        BadValueError: it is no text, too long, or holds what a line of text cannot.
    """
    if not isinstance(value, str):
        raise BadValueError(f"{shown(value)} is not text", "write text in quotes, or leave the note out")
    note = value.strip()
    if len(note) > MAX_NOTE:
        raise BadValueError(f"has {len(note)} characters", f"write at most {MAX_NOTE}")
    if not note.isprintable():  # cheap, and true of nearly every note
        for place, letter in enumerate(note, 1):
            if what := NOT_IN_A_NOTE.get(unicodedata.category(letter)):
                raise BadValueError(f"character {place} is {what} (U+{ord(letter):04X})", "remove it")
    return note


def _broken(protocols: tuple[str, ...], ports: tuple[PortRange, ...], missing: dict[str, list[int]]) -> BadValueError:
    """Return what is wrong with protocols whose ports lack some that these cannot do without, and the mend."""
    why = []
    for name, lacked in missing.items():
        together = [each for each in protocols if name in with_companions([each])]
        company = f"{', '.join(together)} go together, and " if len(together) > 1 else ""
        why.append(f"{company}{name} needs port{'s' * (len(lacked) > 1)} {' and '.join(map(str, lacked))} too")
    whole = merged([*ports, *((port, port) for lacked in missing.values() for port in lacked)])
    write = f"write {' '.join(map(port_text, whole))}, or " if len(whole) <= MAX_PORT_RANGES else ""
    return BadValueError("; ".join(why), f"{write}leave the ports out to register every port")


def _prefix(value: object, info: ValidationInfo) -> Prefix:
    return read_prefix(value, info.context or DEFAULT_BOUNDS)


PREFIX_SCHEMA = WithJsonSchema({"type": "string", "minLength": 1})
PROTOCOLS_SCHEMA = WithJsonSchema({"type": "array", "items": {"type": "string", "enum": list(VPN_PROTOCOLS)}})
PORTS_SCHEMA = WithJsonSchema(
    {
        "type": "array",
        "items": {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 0xFFFF},
                {"type": "string", "pattern": PORTS_PATTERN},
            ]
        },
    }
)
NOTE_SCHEMA = WithJsonSchema({"type": "string", "maxLength": MAX_NOTE})


class EntryModel(BaseModel):
    """A registered end: an address or a prefix, for all VPN traffic or narrowed to protocols and ports."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="Entry")

    prefix: Annotated[Prefix, PlainValidator(_prefix), PREFIX_SCHEMA] = Field(
        description="An IPv4 or IPv6 address, or a prefix without host bits.",
        examples=["203.0.113.7", "198.51.100.0/24", "2001:db8::/48"],
    )
    protocols: Annotated[tuple[str, ...], PlainValidator(read_protocols), PROTOCOLS_SCHEMA] = Field(
        default=(),
        description="The protocols that it is registered for, completed by what belongs to them, such as ESP to IKE; "
        "every one when left out.",
        examples=[["wireguard", "openvpn"]],
    )
    ports: Annotated[tuple[PortRange, ...], PlainValidator(read_ports), PORTS_SCHEMA] = Field(
        default=(),
        description=f"Ports and ranges, at most {MAX_PORT_RANGES} when merged, among them all that the protocols "
        "cannot do without, such as 500 and 4500 for IKE; every port when left out.",
        examples=[[51820, "1000-2000"]],
    )
    note: Annotated[str, PlainValidator(read_note), NOTE_SCHEMA] = Field(
        default="",
        description=f"The operator's words, at most {MAX_NOTE} characters on one line.",
        examples=["bank, head office"],
    )

    @model_validator(mode="after")
    def _would_not_break_itself(self) -> "EntryModel":
        if missing := lacking(self.protocols, self.ports):
            raise _broken(self.protocols, self.ports, missing)
        return self

    def entry(self) -> Entry:
        """Return the row as an entry."""
        return Entry(self.prefix, self.protocols, self.ports, self.note)


class ListModel(BaseModel):
    """A whole list as one JSON document."""

    model_config = ConfigDict(extra="forbid", title="Allowlist")

    entries: list[EntryModel | str] = Field(description="The entries; a string is an entry of just that prefix.")


FIELDS = tuple(EntryModel.model_fields)
"""The names of a row's fields in every format."""


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong in one field of a row; an empty field is the row as a whole."""

    field: str
    why: str
    mend: str


def read_row(row: object, bounds: Bounds) -> Entry | list[FieldFault]:
    """Return the entry that a row is, as JSON types, or everything that is wrong with it."""
    if isinstance(row, str):
        row = {"prefix": row}
    if not isinstance(row, dict):
        mend = "write an address in quotes, or an object with the field prefix"
        return [FieldFault("", f"{shown(row)} is no entry", mend)]
    try:
        return EntryModel.model_validate(row, context=bounds).entry()
    except ValidationError as error:
        return [_field_fault(each) for each in error.errors(include_url=False)]


def _field_fault(error: ErrorDetails) -> FieldFault:
    """Return one of pydantic's errors in our words."""
    field = str(error["loc"][0]) if error["loc"] else "ports"  # the one check of a row as a whole is theirs
    match error["type"]:
        case "missing":
            return FieldFault(field, "is missing", EXAMPLE)
        case "extra_forbidden":
            near = get_close_matches(field, FIELDS, 1)
            mend = f"write {near[0]}" if near else f"the fields are {', '.join(FIELDS)}"
            return FieldFault(shown(field), "is no field of an entry", mend)
    wrong: BadValueError = error["ctx"]["error"]
    return FieldFault(field, wrong.why, wrong.mend)
