"""The formats that a list comes in and goes out in: JSON, NDJSON and CSV."""

import json
from collections.abc import Callable, Iterator

from control.allowlist.allowlist import Allowlist
from control.allowlist.csv_text import read_csv
from control.allowlist.entry import DEFAULT_BOUNDS, Bounds
from control.allowlist.gathering import Gathering
from control.allowlist.json_text import read_json, read_ndjson
from control.allowlist.writing import write_csv, write_json, write_ndjson
from control.fault import Fault, Kind, Refused

JSON, NDJSON, CSV = MEDIA_TYPES = ("application/json", "application/x-ndjson", "text/csv")

UNTOLD = (None, "", "application/octet-stream", "application/x-www-form-urlencoded")
"""Media types of senders who say nothing about the format: the last is curl's for --data-binary."""

FIRST_LINE = 1 << 16
"""A longer first line is a whole document, and no row."""

NOTHING = b" \t\r\n\0"

_READERS: dict[str, Callable[[bytes, Gathering], None]] = {
    JSON: read_json,
    NDJSON: read_ndjson,
    CSV: read_csv,
}
_WRITERS = {JSON: write_json, NDJSON: write_ndjson, CSV: write_csv}


def read(
    data: bytes,
    media_type: str | None,
    bounds: Bounds = DEFAULT_BOUNDS,
    told: Callable[[int, int], None] | None = None,
) -> Allowlist:
    """Return the list that ``data`` says; the format is guessed when the media type is one of UNTOLD.

    Only JSON can say an empty list, as no entries in a document. ``told`` is told how many rows of how many are read.

    Raises:
        Refused: "unsupported-media-type"; or "bad-list", with every row that is wrong or, when they are more
            than gathering.MAX_FAULTS, the first of them and how many more there are.
    """
    kind = kind_of(media_type)
    text = text_of(data)
    kind = kind or sniff(text)
    gathering = Gathering(bounds, (lambda row: f"entries[{row}]") if kind == JSON else (lambda row: f"row {row}"), told)
    _READERS[kind](text, gathering)
    if gathering.nothing and kind != JSON:
        raise _no_entry(data)
    return gathering.finish()


def kind_of(media_type: str | None) -> str | None:
    """Return the media type that a header names, without its parameters, or nothing when it says nothing.

    Raises:
        Refused: "unsupported-media-type".
    """
    name = (media_type or "").partition(";")[0].strip().lower()
    if name in MEDIA_TYPES:
        return name
    if name in UNTOLD:
        return None
    fault = Fault("Content-Type", f"{name} is no format of a list", f"send one of {', '.join(MEDIA_TYPES)}")
    raise Refused(Kind.UNSUPPORTED_MEDIA_TYPE, "The list comes in an unknown format", [fault])


def text_of(data: bytes) -> bytes:
    """Return the data without a byte order mark, once it is text with something in it.

    Raises:
        Refused: "bad-list".
    """
    text = data.removeprefix(b"\xef\xbb\xbf")
    if not text.strip(NOTHING):
        raise _no_entry(data)
    nul = text.find(b"\0")
    try:
        if nul < 0:
            text.decode()
            return text
        place, why = nul, "a NUL byte"
    except UnicodeDecodeError as error:
        place, why = error.start, "bytes that are not UTF-8"
    line = text.count(b"\n", 0, place) + 1
    mend = "save the list as UTF-8 text; a spreadsheet calls it CSV UTF-8"
    raise Refused(Kind.BAD_LIST, "The list is not text", [Fault(f"row {line}", f"holds {why} (byte {place})", mend)])


def _no_entry(data: bytes) -> Refused:
    mend = 'send at least one entry; an empty list is {"entries": []}, sent as application/json'
    return Refused(Kind.BAD_LIST, "The list is empty", [Fault("the list", f"no entry in {len(data)} bytes", mend)])


def sniff(text: bytes) -> str:
    """Return the media type that text looks like: NDJSON is when the first line is a row by itself."""
    start = text.lstrip()[: FIRST_LINE + 1]
    if start[:1] == b"[":
        return JSON
    if start[:1] != b"{":
        return CSV
    line = start.partition(b"\n")[0]
    try:
        row = json.loads(line) if len(line) <= FIRST_LINE else None
    except (ValueError, RecursionError):
        return JSON
    return NDJSON if isinstance(row, dict) and "entries" not in row else JSON


def chunks(allowlist: Allowlist, media_type: str = JSON, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """Return the entries from ``start`` to before ``stop`` as a list in a format, in pieces of many rows.

    Raises:
        Refused: "unsupported-media-type".
    """
    first, end, _ = slice(start, stop).indices(len(allowlist))
    return _WRITERS[kind_of(media_type) or JSON](allowlist, first, end)


def write(allowlist: Allowlist, media_type: str = JSON, start: int = 0, stop: int | None = None) -> bytes:
    """Return what ``chunks`` yields, in one piece."""
    return b"".join(chunks(allowlist, media_type, start, stop))
