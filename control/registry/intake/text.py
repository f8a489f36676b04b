"""A file of applications as text: CSV or NDJSON, a row an application, into rows of named values.

A row is a line, so that its number is the line's in an editor. What the values mean is ``intake``'s business.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from typing import Any

from control.allowlist import formats
from control.allowlist.csv_text import cells, values
from control.allowlist.json_text import value
from control.allowlist.prefix import LONGEST
from control.allowlist.schema import FieldFault
from control.fault import Fault, Kind, Refused, shown
from control.registry.parties import registrants

COLUMNS = (
    "registrant",
    *registrants.COLUMNS,
    "category",
    "provider",
    "prefixes",
    "protocols",
    "ports",
    "documents",
)
ALIASES = {"prefix": "prefixes", "address": "prefixes", "addresses": "prefixes", "document": "documents"}
NEEDED = ("registrant", "category", "provider", "prefixes")
"""Columns that a header must have: no row can do without."""

SEVERAL = ("prefixes", "protocols", "ports", "documents")
"""Columns of which a cell may hold several values, apart by spaces or semicolons."""

MAX_BYTES = 64 << 20
MAX_ROWS = 100_000
MAX_PREFIXES = 200_000
"""Of one file: what is read and checked at once stays within some hundred megabytes and a minute."""

BESIDE_PREFIXES = 1 << 16
"""Bytes of a row beside its prefixes, of which each has ``LONGEST``: a longer line is not even taken apart."""

LINE = re.compile(rb"\S[^\n]*")

EXAMPLE = '{"registrant": "M-17", "category": "company", "provider": "…", "prefixes": ["203.0.113.7"]}'

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Text:
    """A file's rows.

    Attributes:
        total: how many there are.
        rows: the line's number from 1, and its values by column, or why it has none; each is read when it is asked for.
        written: how the file itself calls a column.
    """

    total: int
    rows: Iterator[tuple[int, Values | FieldFault]]
    written: Mapping[str, str] = field(default_factory=dict)


def read(data: bytes, media_type: str | None, most: int) -> Text:
    """Return the rows of a file; the format is guessed when the media type says none.

    ``most`` is how many prefixes a row may have: a line that is longer than so many is told, and not read.

    Raises:
        Refused: "unsupported-media-type"; "too-large"; "bad-list": no text, no rows, or no header that names the
            columns.
    """
    demand_size(data)
    kind = formats.kind_of(media_type)
    text = formats.text_of(data)
    kind = kind or formats.sniff(text)
    if kind == formats.JSON:
        fault = Fault("the file", "is one JSON document", "send CSV, or NDJSON: an object a line")
        raise Refused(Kind.UNSUPPORTED_MEDIA_TYPE, "Applications come in CSV or NDJSON", [fault])
    has_header = kind == formats.CSV
    total = sum(1 for _ in islice(_lines(text, most), MAX_ROWS + 1 + has_header)) - has_header
    if total > MAX_ROWS:
        raise too_large(f"has more rows than the {MAX_ROWS:,} that are taken at a time")
    lines = _lines(text, most)
    read = _read_csv(lines, total) if has_header else Text(total, ((row, _read_json(line)) for row, line in lines))
    if total < 1:
        raise _bad("the file", "has no row", f"write the header {','.join(COLUMNS)} and a row for each application")
    return read


def demand_size(data: bytes) -> None:
    """Refuse more than is read at a time.

    Raises:
        Refused: "too-large".
    """
    if len(data) > MAX_BYTES:
        raise too_large(f"has {len(data):,} bytes, and {MAX_BYTES:,} are taken at a time")


def _lines(text: bytes, most: int) -> Iterator[tuple[int, str | FieldFault]]:
    """Yield the lines that say something, with their numbers; of one that is too long, that it is.

    Nothing is made of a line before it is its turn: a file may be nothing but line ends, or be one line.
    """
    longest = BESIDE_PREFIXES + most * LONGEST
    number, seen = 1, 0
    for found in LINE.finditer(text):
        number, seen = number + text.count(b"\n", seen, found.start()), found.start()
        if (length := found.end() - found.start()) > longest:
            why = f"has {length:,} bytes, and a row has {longest:,} and {most:,} prefixes at most"
            yield number, FieldFault("", why, "write several applications, a row each")
        elif line := found[0].decode().strip():
            yield number, line


def _read_csv(lines: Iterator[tuple[int, str | FieldFault]], total: int) -> Text:
    number, line = next(lines, (1, ""))
    header = line if isinstance(line, FieldFault) else cells(line)
    if isinstance(header, FieldFault):
        raise _bad(f"row {number}, header", header.why, header.mend)
    written = {_column(name): name for name in header}
    faults = list(_header_faults(header, written))
    if faults:
        raise Refused(Kind.BAD_LIST, "The file has no header that can be used", faults)
    names = tuple(written)
    return Text(total, ((row, _cells(text, names)) for row, text in lines), written)


def _header_faults(header: list[str], written: Mapping[str, str]) -> Iterator[Fault]:
    for name in written:
        if name not in COLUMNS:
            near = get_close_matches(name, [*COLUMNS, *ALIASES], 1)
            mend = f"write {near[0]}" if near else f"the columns are {', '.join(COLUMNS)}"
            yield Fault("header", f"{shown(name)} is no column of applications", mend)
    for name in NEEDED:
        if name not in written:
            yield Fault("header", f"the column {name} is missing", f"write the header {','.join(COLUMNS)}")
    if len(written) < len(header):
        yield Fault("header", "a column is there twice", "write each column once")


def _cells(line: str | FieldFault, names: tuple[str, ...]) -> Values | FieldFault:
    row = line if isinstance(line, FieldFault) else cells(line)
    if isinstance(row, FieldFault):
        return row
    if len(row) > len(names):
        why = f"has {len(row)} cells where the header has {len(names)}"
        return FieldFault("", why, "put a cell that has a comma in quotes, and several values apart by semicolons")
    pairs = zip(names, row, strict=False)
    return {name: values(cell) if name in SEVERAL else cell for name, cell in pairs if cell}


def _read_json(line: str | FieldFault) -> Values | FieldFault:
    row: Any = line
    if isinstance(line, str):
        row = value(line.encode(), f"write an application a line, such as {EXAMPLE}")
    if isinstance(row, FieldFault):
        return row
    if not isinstance(row, dict):
        return FieldFault("", f"{shown(row)} is no application", f"write an object, such as {EXAMPLE}")
    named = {_column(name): cell for name, cell in row.items() if cell not in (None, "", [])}
    for name, cell in named.items():
        if name not in COLUMNS:
            return FieldFault(shown(name), "is no field of an application", f"the fields are {', '.join(COLUMNS)}")
        if name not in SEVERAL and not isinstance(cell, str):
            return FieldFault(name, f"{shown(cell)} is not text", "write text in quotes")
    return {name: [cell] if name in SEVERAL and not isinstance(cell, list) else cell for name, cell in named.items()}


def _column(name: str) -> str:
    return ALIASES.get(name.lower(), name.lower())


def _bad(where: str, why: str, mend: str) -> Refused:
    return Refused(Kind.BAD_LIST, "The file cannot be read", [Fault(where, why, mend)])


def too_large(why: str) -> Refused:
    """Return the refusal of a file that is too much at a time."""
    return Refused(Kind.TOO_LARGE, "The file is too large", [Fault("the file", why, "send it in several files")])
