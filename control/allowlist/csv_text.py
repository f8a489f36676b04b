"""Lists in CSV. Every line is a row by itself, so that a row's number is its line's number in an editor."""

import csv
import re

from control.allowlist.gathering import Gathering
from control.allowlist.scan import blocks, lines_of, scan
from control.allowlist.schema import FIELDS, FieldFault
from control.fault import shown

HEADER = ",".join(FIELDS)
ALIASES = {"address": "prefix"}
SEVERAL = ("protocols", "ports")
"""The fields of which a cell may hold several values, apart by spaces or semicolons."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
QUOTE = "'"
"""A spreadsheet runs a cell that begins with one of FORMULA; with QUOTE before it, it is text there, and no part of it.
What is written so is read so."""

FIRST_ROW = re.compile(rb"^[ \t\r]*[^\s#][^\n]*$", re.MULTILINE)

Layout = tuple[str, ...]
"""The field of each column."""


def read_csv(data: bytes, gathering: Gathering) -> None:
    """Read a list: a header, unless there is just a column of addresses; lines that begin with # are none."""
    start, number, header = _first_row(data)
    layout = _layout(header)
    if isinstance(layout, FieldFault):
        gathering.refuse(number, layout)
        return
    first = number + 1
    if layout is None:
        layout, start, first = ("prefix",), 0, 1
    total = lines_of(data)
    for block in blocks(data, start):
        if layout[0] == "prefix":
            first += _scan_block(block, first, layout, gathering)
        else:
            first += _read_block(block, first, layout, gathering)
        gathering.tell(first - 1, total)


def _first_row(data: bytes) -> tuple[int, int, list[str]]:
    """Return where the line after the first row begins, that row's number, and its cells in lower case."""
    found = FIRST_ROW.search(data)
    if not found:
        return len(data), 1, []
    row = cells(found[0].decode().strip())
    start, number = found.end() + 1, data.count(b"\n", 0, found.start()) + 1
    return start, number, [] if isinstance(row, FieldFault) else [cell.lower() for cell in row]


def _layout(header: list[str]) -> Layout | FieldFault | None:
    """Return the layout that a header says, or nothing when the cells are no header."""
    names = [ALIASES.get(cell, cell) for cell in header]
    if not set(names) & set(FIELDS):
        return None
    mend = f"write the header {HEADER}, or some of its columns"
    unknown = [shown(name) for name in names if name not in FIELDS]
    if unknown:
        return FieldFault("header", f"{', '.join(unknown)} is no column of a list", mend)
    if len(set(names)) < len(names):
        return FieldFault("header", "a column is there twice", mend)
    if "prefix" not in names:
        return FieldFault("header", "the column prefix is missing", mend)
    return tuple(names)


def _scan_block(block: bytes, first: int, layout: Layout, gathering: Gathering) -> int:
    """Read a block whose lines begin with the prefix, and return how many lines it has."""
    found = scan(block, gathering.bounds)
    alone = ~found.rest
    gathering.take(first + found.rows[alone], found.columns.take(alone))
    if found.rest.any():
        rows = found.rows[found.rest]
        lines = found.lines(block, rows)
        rests = [line[line.index(b",") :] for line in lines]
        columns = found.columns.take(found.rest)
        gathering.take_with_rest(first + rows, columns, rests, lambda place: _row(lines[place].decode(), layout))
    for row, line in zip(found.left.tolist(), found.lines(block, found.left), strict=True):
        _read_line(line, first + row, layout, gathering)
    return len(found.starts)


def _read_block(block: bytes, first: int, layout: Layout, gathering: Gathering) -> int:
    """Read a block line by line, and return how many lines it has."""
    lines = block.split(b"\n")[:-1]
    for number, line in enumerate(lines, first):
        _read_line(line, number, layout, gathering)
    return len(lines)


def _read_line(line: bytes, number: int, layout: Layout, gathering: Gathering) -> None:
    text = line.decode().strip()
    if text and not text.startswith("#"):
        gathering.read(number, _row(text, layout))


def _row(line: str, layout: Layout) -> dict[str, object] | FieldFault:
    """Return a line's row in JSON types; empty cells are left out."""
    found = cells(line.strip())
    if isinstance(found, FieldFault):
        return found
    if len(found) > len(layout):
        if len(layout) == 1:
            mend = f"write the header {HEADER} above, or one address a line"
            return FieldFault("", f"has {len(found)} columns, and the list has no header that names them", mend)
        why = f"has {len(found)} columns where the header has {len(layout)}"
        return FieldFault("", why, "put a note that has a comma in quotes, and several ports apart by spaces")
    row: dict[str, object] = {"prefix": ""}
    for field, cell in zip(layout, found, strict=False):
        if cell:
            row[field] = values(cell) if field in SEVERAL else cell
    return row


def values(cell: str) -> list[str]:
    """Return the values of a cell that may hold several, apart by spaces or semicolons."""
    return re.split(r"[\s;]+", cell.strip("; "))


def cells(line: str) -> list[str] | FieldFault:
    """Return the cells of a line, or why it is no line of CSV."""
    if '"' not in line:  # as in nearly every line, and several times faster
        return [_bare(cell.strip()) for cell in line.split(",")]
    try:
        return [_bare(cell.strip()) for cell in next(csv.reader([line], strict=True, skipinitialspace=True), [])]
    except csv.Error as error:
        mend = 'write a quote within quotes twice ("") and close each quote on its line'
        return FieldFault("", f"is no line of CSV ({error})", mend)


def _bare(cell: str) -> str:
    """Return what ``quoted`` made a cell of."""
    return cell[1:] if cell.startswith(QUOTE) and cell.lstrip(QUOTE).startswith(FORMULA) else cell


def quoted(text: str) -> str:
    """Return a text as a cell that no spreadsheet runs, and that is read here as the text."""
    return QUOTE + text if text.lstrip(QUOTE).startswith(FORMULA) else text
