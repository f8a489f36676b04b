"""Which addresses may be registered, and how the database keeps them."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from control.allowlist import mapped
from control.allowlist.entry import (
    DEFAULT_BOUNDS,
    Bounds,
    Entry,
    PortRange,
    Prefix,
    port_text,
)
from control.allowlist.schema import FieldFault, read_row
from control.allowlist.space import DOCUMENTATION, GLOBAL6, PRIVATE, UNROUTED
from control.fault import Fault, Kind, Refused

PUBLIC = "write the public, static address that your provider gave you"


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What the configuration allows.

    Attributes:
        bounds: the widest prefixes.
        private, documentation: whether such addresses may be registered, as in a lab.
    """

    bounds: Bounds = DEFAULT_BOUNDS
    private: bool = False
    documentation: bool = False

    def fault(self, prefix: Prefix) -> FieldFault | None:
        """Return why a prefix may not be registered; none when it may."""
        kinds = [("is not routed on the internet", UNROUTED)]
        kinds += [] if self.private else [("is private address space", PRIVATE)]
        kinds += [] if self.documentation else [("is kept for documentation and benchmarks", DOCUMENTATION)]
        for what, networks in kinds:
            for network in networks:
                if network.version == prefix.version and prefix.overlaps(network):
                    return FieldFault("prefix", f"{Entry(prefix).text} {what} ({network})", PUBLIC)
        if prefix.version == 6 and not prefix.overlaps(GLOBAL6) and not self._allowed6(prefix):
            return FieldFault("prefix", f"{Entry(prefix).text} is no global unicast address ({GLOBAL6})", PUBLIC)
        return None

    def _allowed6(self, prefix: Prefix) -> bool:
        return self.private and any(network.version == 6 and prefix.overlaps(network) for network in PRIVATE)


def read_entry(row: object, rules: AddressRules) -> Entry | list[FieldFault]:
    """Return the entry of a row in JSON types, or everything wrong with it."""
    entry = read_row(row, rules.bounds)
    if isinstance(entry, list):
        return entry
    fault = rules.fault(entry.prefix)
    return [fault] if fault else Entry(entry.prefix, entry.protocols, entry.ports)


def read_entries(rows: Sequence[object], rules: AddressRules) -> tuple[Entry, ...]:
    """Return the entries of one application.

    Raises:
        Refused: "invalid", with every fault; a prefix that is there again is shown once.
    """
    faults: list[Fault] = []
    entries: dict[Prefix, Entry] = {}
    repeated: set[Prefix] = set()
    for place, row in enumerate(rows):
        entry = read_entry(row, rules)
        if isinstance(entry, list):
            faults += [Fault(f"entries[{place}].{wrong.field}".rstrip("."), wrong.why, wrong.mend) for wrong in entry]
        elif entry.prefix not in entries:
            entries[entry.prefix] = entry
        elif entry.prefix not in repeated:
            repeated.add(entry.prefix)
            faults.append(Fault(f"entries[{place}].prefix", f"{entry.text} is there twice", "write it once"))
    if faults:
        raise Refused(Kind.INVALID, "The addresses cannot be registered", faults)
    return tuple(entries.values())


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as the columns of the database have it; see ``model.ApplicationEntry``."""

    first: bytes
    length: int
    prefix: str
    protocols: str
    ports: str


def stored(entry: Entry) -> StoredEntry:
    """Return an entry as the database keeps it."""
    ports = " ".join(map(port_text, entry.ports))
    return StoredEntry(*key(entry.prefix), entry.text, " ".join(entry.protocols), ports)


class Written(Protocol):
    """An entry's columns that are text."""

    @property
    def prefix(self) -> Any: ...  # noqa: D102
    @property
    def protocols(self) -> Any: ...  # noqa: D102
    @property
    def ports(self) -> Any: ...  # noqa: D102


def record(row: Written) -> dict[str, Any]:
    """Return an entry that the database keeps as every door shows it: no protocols are all, and no ports are all."""
    ranges = [ports.partition("-") for ports in row.ports.split()]
    ports = [first if first == last else f"{first}{dash}{last}" for first, dash, last in ranges]
    return {"prefix": row.prefix, "protocols": row.protocols.split(), "ports": ports}


class Row(Protocol):
    """A row of the database that has an entry's columns."""

    @property
    def first(self) -> Any: ...  # noqa: D102
    @property
    def length(self) -> Any: ...  # noqa: D102
    @property
    def protocols(self) -> Any: ...  # noqa: D102
    @property
    def ports(self) -> Any: ...  # noqa: D102


def entry(row: Row) -> Entry:
    """Return the entry that the database keeps in a row."""
    return Entry(prefix(row), *terms(row.protocols, row.ports))


class Keyed(Protocol):
    """A row of the database that has a prefix's columns."""

    @property
    def first(self) -> Any: ...  # noqa: D102
    @property
    def length(self) -> Any: ...  # noqa: D102


def prefix(row: Keyed) -> Prefix:
    """Return the prefix that the database keeps in a row."""
    high, low = divmod(int.from_bytes(row.first, "big"), 1 << 64)
    return mapped.prefix_of(high, low, row.length)


def key(prefix: Prefix) -> tuple[bytes, int]:
    """Return the first address, 16 bytes, and the length, both as control/allowlist/mapped.py says."""
    high, low, length = mapped.key_of(prefix)
    return (high << 64 | low).to_bytes(16, "big"), length


def space_digest(prefixes: Iterable[str]) -> dict[str, str | None]:
    """Return what the audit has of a provider's whole space: a SHA-256 of its prefixes; none where it has none."""
    text = "\n".join(sorted(prefixes))
    return {"space_sha256": hashlib.sha256(text.encode()).hexdigest() if text else None}


def covering_keys(prefix: Prefix) -> list[tuple[bytes, int]]:
    """Return the keys of a prefix and of every wider one that covers it, the widest first."""
    first, _ = key(prefix)
    number = int.from_bytes(first, "big")
    host = mapped.HOST
    lengths = mapped.covering_lengths(prefix)
    return [((number >> host - length << host - length).to_bytes(16, "big"), length) for length in lengths]


def terms(protocols: str, ports: str) -> tuple[tuple[str, ...], tuple[PortRange, ...]]:
    """Return protocols and port ranges as ``stored`` wrote them; today's rules are not for what is stored."""
    ranges = (each.partition("-") for each in ports.split())
    return tuple(protocols.split()), tuple((int(first), int(last or first)) for first, _, last in ranges)
