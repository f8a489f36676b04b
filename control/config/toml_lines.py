"""Where each key of a TOML text is: tomllib reads values, and forgets their lines."""

import re
from collections.abc import Mapping

Path = tuple[str | int, ...]
"""Keys and indexes that lead to a value, as pydantic counts them."""

BARE_OR_QUOTED = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
DOTTED = rf"{BARE_OR_QUOTED}(?:\s*\.\s*{BARE_OR_QUOTED})*"
TABLE = re.compile(rf"\s*(\[\[?)\s*({DOTTED})\s*\]")
KEY = re.compile(rf"\s*({DOTTED})\s*=")
MULTILINE = re.compile(r"\"\"\"|'''")


def lines_of(text: str) -> Mapping[Path, int]:
    """Return the line, from 1, of each table and key of a valid TOML text; what is inline has its key's line."""
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    quoted = False
    for number, line in enumerate(text.splitlines(), 1):
        if not quoted and (header := TABLE.match(line)):
            table = _path(header[2], counts)
            if header[1] == "[[":
                lines.setdefault(table, number)
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            lines[table] = number
        elif not quoted and (key := KEY.match(line)):
            path = (*table, *_keys(key[1]))
            for length in range(len(table) + 1, len(path) + 1):
                lines.setdefault(path[:length], number)
        quoted ^= len(MULTILINE.findall(line)) % 2 == 1
    return lines


def line_of(lines: Mapping[Path, int], path: Path) -> int | None:
    """Return the line of a value, or of the nearest table or key around it."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _path(header: str, counts: Mapping[Path, int]) -> Path:
    """Return the path of a table; below an array of tables it is in the last of them."""
    path: Path = ()
    *above, last = _keys(header)
    for key in above:
        path = (*path, key)
        path = (*path, counts[path]) if path in counts else path
    return (*path, last)


def _keys(dotted: str) -> tuple[str, ...]:
    return tuple(key.strip("\"'") for key in re.findall(BARE_OR_QUOTED, dotted))
