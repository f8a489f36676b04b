"""Writing a list: blocks of rows as text, in each format."""

import csv
import io
import json
import socket
from collections.abc import Callable, Iterator

import numpy as np

from control.allowlist import columnar, mapped
from control.allowlist.allowlist import Allowlist
from control.allowlist.columnar import Columns
from control.allowlist.entry import PortRange, Terms, port_text
from control.allowlist.schema import FIELDS

ROWS = 1 << 15
"""Rows written at a time: a few hundred kilobytes."""


def texts(columns: Columns) -> list[str]:
    """Return the rows' prefixes as lists write them: a single address without its length."""
    ipv4 = columnar.is_ipv4(columns)
    written = [""] * len(columns)
    packed = columns.low[ipv4].astype(">u4").tobytes()
    for place, row in enumerate(np.flatnonzero(ipv4).tolist()):
        written[row] = socket.inet_ntoa(packed[4 * place : 4 * place + 4])
    packed = np.stack([columns.high[~ipv4], columns.low[~ipv4]], axis=1).astype(">u8").tobytes()
    for place, row in enumerate(np.flatnonzero(~ipv4).tolist()):
        written[row] = socket.inet_ntop(socket.AF_INET6, packed[16 * place : 16 * place + 16])
    for row in np.flatnonzero(columns.length < mapped.HOST).tolist():
        written[row] += f"/{mapped.own_length(int(columns.length[row]), 4 if ipv4[row] else 6)}"
    return written


def _rows(allowlist: Allowlist, ending: Callable[[Terms], str], start: int, stop: int) -> Iterator[list[str]]:
    """Yield blocks of rows from ``start`` to before ``stop``: each prefix and what its terms end it with."""
    for first in range(start, stop, ROWS):
        columns = allowlist.columns.take(slice(first, min(first + ROWS, stop)))
        used = np.unique(columns.terms).tolist()
        endings = {index: ending(allowlist.terms_table[index]) for index in used}
        yield [prefix + endings[index] for prefix, index in zip(texts(columns), columns.terms.tolist(), strict=True)]


def write_csv(allowlist: Allowlist, start: int, stop: int) -> Iterator[bytes]:
    """Yield a list in CSV; the columns of terms are left out when no entry of the list has any."""
    narrow = not allowlist.terms.any()
    yield b"prefix\n" if narrow else f"{','.join(FIELDS)}\n".encode()
    for rows in _rows(allowlist, (lambda _: "\n") if narrow else _csv_ending, start, stop):
        yield "".join(rows).encode()


def _csv_ending(terms: Terms) -> str:
    text = io.StringIO()
    ports = " ".join(map(port_text, terms.ports))
    csv.writer(text, lineterminator="\n").writerow(["", " ".join(terms.protocols), ports, terms.note])
    return text.getvalue()


def write_ndjson(allowlist: Allowlist, start: int, stop: int) -> Iterator[bytes]:
    """Yield a list as one JSON object a line."""
    for rows in _rows(allowlist, lambda terms: f"{_json_ending(terms)}\n", start, stop):
        yield ('{"prefix":"' + '{"prefix":"'.join(rows)).encode()


def write_json(allowlist: Allowlist, start: int, stop: int) -> Iterator[bytes]:
    """Yield a list as one JSON document."""
    before = '{"entries":['
    for rows in _rows(allowlist, _json_ending, start, stop):
        yield (before + '{"prefix":"' + ',\n{"prefix":"'.join(rows)).encode()
        before = ",\n"
    yield b"]}\n" if start < stop else b'{"entries":[]}\n'


def _json_ending(terms: Terms) -> str:
    """Return what follows the prefix's text in a JSON object."""
    members: dict[str, object] = {
        "protocols": terms.protocols,
        "ports": [_port(each) for each in terms.ports],
        "note": terms.note,
    }
    said = {name: value for name, value in members.items() if value}
    return '"' + (f",{json.dumps(said, separators=(',', ':'))[1:]}" if said else "}")


def _port(ports: PortRange) -> int | str:
    first, last = ports
    return first if first == last else port_text(ports)
