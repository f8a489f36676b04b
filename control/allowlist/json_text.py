"""Lists in JSON: one document, or one value a line (NDJSON)."""

import json
from typing import Any

import numpy as np

from control.allowlist.gathering import Gathering
from control.allowlist.scan import blocks, lines_of, scan
from control.allowlist.schema import FieldFault, ListModel
from control.fault import Fault, Kind, Refused, shown

BATCH = 1 << 16
"""Rows of a document that are read at a time."""

NO_DOCUMENT = "The list is no JSON document"
ENTRY_MEND = 'write one entry a line, such as {"prefix": "203.0.113.7"}'
DOCUMENT_MEND = 'write {"entries": [...]}, or an array of entries'


def read_json(data: bytes, gathering: Gathering) -> None:
    """Read a list that is one document: an object with the member ``entries``, or just their array.

    Raises:
        Refused: "bad-list", when there is no document, or another.
    """
    rows = _entries(_document(data))
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        _take_rows(list(range(start, start + len(batch))), batch, gathering)
        gathering.tell(start + len(batch), len(rows))


def _document(data: bytes) -> object:
    text = data.decode()
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = len(text[: error.pos].encode())
        cut = not text.rstrip().endswith(("]", "}"))
        mend = "send it whole: it seems to be cut off" if cut else "mend the JSON there"
        why = f"{error.msg.removesuffix(' at')} at byte {place} of {len(data)}"
        where = f"line {error.lineno}, column {error.colno}"
    except RecursionError:
        where, why, mend = "the document", "arrays or objects lie too deep in each other", DOCUMENT_MEND
    except ValueError as error:  # a number of thousands of digits
        where, why, mend = "the document", str(error).partition(";")[0], DOCUMENT_MEND
    raise Refused(Kind.BAD_LIST, NO_DOCUMENT, [Fault(where, why, mend)])


def _entries(document: object) -> list[object]:
    """Return the rows of a document."""
    if isinstance(document, list):
        return document
    if not isinstance(document, dict):
        raise Refused(Kind.BAD_LIST, NO_DOCUMENT, [Fault("the document", f"is {shown(document)}", DOCUMENT_MEND)])
    faults = [
        Fault(shown(name), "is no member of a list's document", "remove it: the only member is entries")
        for name in document
        if name not in ListModel.model_fields
    ]
    entries = document.get("entries")
    if not isinstance(entries, list):
        why = f"is {shown(entries)}, no array" if "entries" in document else "is missing"
        faults.append(Fault("entries", why, DOCUMENT_MEND))
    if not isinstance(entries, list) or faults:
        raise Refused(Kind.BAD_LIST, "The list's document has other members than a list", faults)
    return entries


def read_ndjson(data: bytes, gathering: Gathering) -> None:
    """Read a list that is one JSON object or string a line."""
    first, total = 1, lines_of(data)
    for block in blocks(data):
        lines = block.split(b"\n")[:-1]
        numbers, rows = [], []
        for number, line in enumerate(lines, first):
            if line and not line.isspace():
                numbers.append(number)
                rows.append(value(line, ENTRY_MEND))
        if rows:
            _take_rows(numbers, rows, gathering)
        first += len(lines)
        gathering.tell(first - 1, total)


def value(line: bytes, mend: str) -> object:
    """Return the value of a line of NDJSON, or a ``FieldFault`` with ``mend``, what to write."""
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        why = f"is no JSON ({error.msg.removesuffix(' at')} at column {error.colno})"
    except (RecursionError, ValueError):
        why = "is no JSON that a row could be"
    return FieldFault("", why, mend)


def _take_rows(numbers: list[int], rows: list[object], gathering: Gathering) -> None:
    """Take rows in JSON types: together where their prefixes can be scanned, and else one by one."""
    prefixes = [_prefix_text(row) for row in rows]
    found = scan("".join([f"{prefix}\n" for prefix in prefixes]).encode(errors="replace"), gathering.bounds)
    number_of = np.array(numbers, np.intp)
    with_rest = np.array([type(row) is dict and len(row) > 1 for row in rows], np.bool_)
    alone = ~found.rest & ~with_rest[found.rows]
    gathering.take(number_of[found.rows[alone]], found.columns.take(alone))
    rest = ~found.rest & with_rest[found.rows]
    places = found.rows[rest].tolist()
    rests = [_rest(rows[place]) for place in places]
    columns = found.columns.take(rest)
    gathering.take_with_rest(number_of[places], columns, rests, lambda place: rows[places[place]])
    read = np.zeros(len(rows), np.bool_)
    read[found.rows[~found.rest]] = True
    for place in np.flatnonzero(~read).tolist():
        gathering.read(numbers[place], rows[place])


def _prefix_text(row: object) -> str:
    """Return the row's prefix when it is one line of text."""
    prefix = row.get("prefix") if type(row) is dict else row
    return prefix if type(prefix) is str and "\n" not in prefix else ""


def _rest(row: Any) -> str:
    """Return what the row says beside its prefix, as a key."""
    return repr([member for member in row.items() if member[0] != "prefix"])
