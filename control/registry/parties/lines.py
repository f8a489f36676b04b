"""Text on one line: what a name, a reference or a document's place may be, whichever door it comes by."""

from functools import partial
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from control.fault import BadValueError, shown

MAX_LINE = 200
"""Characters."""

MAX_REFERENCE = 100
"""Characters; the column has no more."""

MAX_SHORT = 64
"""Characters of an action, an id or a prefix; the columns have no more."""

MAX_TEXT = 2000
"""Characters of a text of some lines."""

BLANKS = "\n\t"
"""What a text may have besides what can be printed."""

PRINTABLE = r"^ *[^\p{C}\p{Z}](?: |[^\p{C}\p{Z}])*$"
"""For the API's document: what ``str.isprintable`` takes, and not spaces alone."""


def read_line(value: object, most: int = MAX_LINE) -> str:
    """Return text without spaces around it.

    Raises:
        BadValueError: it is no text, empty, too long, or has a character that a line or a terminal would obey.
    """
    if not isinstance(value, str):
        why = "is missing" if value is None else f"{shown(value)} is not text"
        raise BadValueError(why, "write text in quotes")
    text = value.strip(" ")
    if not text:
        raise BadValueError("is empty", f"write 1 to {most} printable characters")
    if len(value) > most:  # as the API's document counts them
        raise BadValueError(f"has {len(value)} characters", f"write at most {most}")
    if text.isprintable():  # cheap, and true of nearly every line
        return text
    place, letter = next((place, letter) for place, letter in enumerate(text, 1) if not letter.isprintable())
    raise BadValueError(f"character {place} cannot be printed (U+{ord(letter):04X})", "remove it")


def read_text(value: object) -> str:
    """Return text of some lines, such as a reason.

    Raises:
        BadValueError: it is no text, too long, or has a character that a terminal or the database would obey.
    """
    if not isinstance(value, str):
        raise BadValueError(f"{shown(value)} is not text", "write text in quotes")
    if len(value) > MAX_TEXT:
        raise BadValueError(f"has {len(value)} characters", f"write at most {MAX_TEXT}")
    for place, letter in enumerate(value, 1):
        if not (letter.isprintable() or letter in BLANKS):
            raise BadValueError(f"character {place} cannot be printed (U+{ord(letter):04X})", "remove it")
    return value


def line_schema(most: int) -> dict[str, Any]:
    """Return what the API's document says of a line."""
    return {"type": "string", "minLength": 1, "maxLength": most, "pattern": PRINTABLE}


Text = Annotated[
    str,
    PlainValidator(read_text),
    WithJsonSchema({"type": "string", "maxLength": MAX_TEXT, "pattern": r"^(?:[ \n\t]|[^\p{C}\p{Z}])*$"}),
]
Line = Annotated[str, PlainValidator(read_line), WithJsonSchema(line_schema(MAX_LINE))]
ShortLine = Annotated[str, PlainValidator(partial(read_line, most=MAX_SHORT)), WithJsonSchema(line_schema(MAX_SHORT))]
