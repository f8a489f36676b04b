"""Files that say which address space is a provider's.

- ``prefixes``: one address or prefix a line; what is behind a # is a remark.
- ``delegated``: the extended statistics of a regional registry, where each holder has an opaque id
  (https://www.apnic.net/about-apnic/corporate-documents/documents/resource-guidelines/rir-statistics-exchange-format/).
- ``roa``: validated route origins as CSV, with a header that has the columns ASN and IP Prefix, as validators write it;
  of the autonomous systems that are named.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, ip_address, ip_network, summarize_address_range

from control.allowlist.entry import Bounds, Prefix
from control.allowlist.prefix import read_prefix
from control.fault import BadValueError, Fault, Kind, Refused, shown

BOUNDS = Bounds(1, 1)
"""A provider's space is as wide as it is."""

FORMATS = ("prefixes", "delegated", "roa")
FAULTS = 100
TITLE = "The address space cannot be read"
MEND = "write prefixes, or see the manual for the formats"


def read(data: bytes, form: str, holders: Sequence[str]) -> list[Prefix]:
    """Return the prefixes of a file in one of FORMATS, of holders: opaque ids, or autonomous systems such as AS64500.

    Raises:
        Refused: "unreadable": it is no such file, or says nothing of these holders; "invalid", with every bad row.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable("the file", f"is no UTF-8 text ({error.reason})") from None
    if form == "prefixes":
        return read_prefixes(_lines(text))
    if not holders:
        raise _unreadable("--holder", "is missing, and without it the file is everybody's")
    wanted = {holder.upper().removeprefix("AS") for holder in holders}
    found = list(_of_statistics(text, wanted) if form == "delegated" else _of_origins(text, wanted))
    if not found:
        raise _unreadable("--holder", f"{shown(', '.join(holders))} has nothing in it")
    return found


def read_prefixes(written: Iterable[tuple[str, str]]) -> list[Prefix]:
    """Return prefixes from where they stand and their text.

    Raises:
        Refused: "invalid", with the first faults.
    """
    found: list[Prefix] = []
    faults: list[Fault] = []
    for where, text in written:
        try:
            found.append(read_prefix(text, BOUNDS))
        except BadValueError as error:
            faults.append(Fault(where, error.why, error.mend))
            if len(faults) >= FAULTS:
                break
    if faults:
        raise Refused(Kind.INVALID, TITLE, faults)
    return found


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if said := line.partition("#")[0].strip():
            yield f"row {number}", said


def _of_statistics(text: str, wanted: set[str]) -> Iterator[Prefix]:
    """Yield what is allocated or assigned to holders: registry|cc|type|start|value|date|status|opaque-id."""
    for number, line in enumerate(text.splitlines(), 1):
        cells = line.strip().split("|")
        if line.startswith("#") or len(cells) < 8 or cells[2] not in ("ipv4", "ipv6"):
            continue
        if cells[7].upper().removeprefix("AS") not in wanted or cells[6] not in ("allocated", "assigned"):
            continue
        try:
            first, value = ip_address(cells[3]), int(cells[4])
            if isinstance(first, IPv4Address):  # the value is how many addresses there are, not always a power of two
                yield from summarize_address_range(first, first + (value - 1))
            else:
                yield ip_network((int(first), value))
        except ValueError:
            raise _unreadable(f"row {number}", f"{shown(line)} is no row of statistics") from None


def _of_origins(text: str, wanted: set[str]) -> Iterator[Prefix]:
    rows = csv.reader(io.StringIO(text))
    header = [cell.strip().lower() for cell in next(rows, [])]
    if "asn" not in header or "ip prefix" not in header:
        raise _unreadable("the header", "has no columns ASN and IP Prefix")
    system, prefix = header.index("asn"), header.index("ip prefix")
    for number, row in enumerate(rows, 2):
        if len(row) <= max(system, prefix) or row[system].strip().upper().removeprefix("AS") not in wanted:
            continue
        try:
            yield ip_network(row[prefix].strip())
        except ValueError:
            raise _unreadable(f"row {number}", f"{shown(row[prefix])} is no prefix") from None


def _unreadable(where: str, why: str) -> Refused:
    return Refused(Kind.UNREADABLE, TITLE, [Fault(where, why, MEND)])
