"""The rows of a file of applications, each held to what can be said of it alone, without the registry."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from control.allowlist.entry import Entry, Prefix
from control.allowlist.schema import FieldFault
from control.fault import Fault, shown
from control.registry.cases.applications import Document, Draft
from control.registry.intake import text as intake_text
from control.registry.intake.text import Values
from control.registry.parties.registrants import NewRegistrant
from control.registry.space import addresses
from control.registry.store.rows import MAX_NAME
from control.registry.store.writing import Rules

KINDS = ("organisation", "individual")
MAX_REGISTRANT_REFERENCE = 100
"""Characters; see ``model.Registrant``."""

MAX_FAULTS = 50_000
"""Faults that are listed; one more says that there are others."""

STRIDE = 500
"""Rows between two reports of progress."""

CONTACT = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
COLUMN_OF = {"prefix": "prefixes", "entries": "prefixes", "provider_id": "provider"}
"""Columns of the file that have another name than the field of an application."""

Progress = Callable[[int, int], None]
"""Told how many rows of how many are done."""


def no_progress(done: int, total: int) -> None:
    """Tell no one."""


@dataclass(frozen=True, slots=True, order=True)
class RowFault:
    """What is wrong in one column of one row; an empty column is the row as a whole."""

    row: int
    column: str
    why: str
    mend: str

    def fault(self) -> Fault:
        """Return it in the form of every refusal."""
        return Fault(", ".join(filter(None, (f"row {self.row}", self.column))), self.why, self.mend)


@dataclass(frozen=True, slots=True)
class Item:
    """One row that could be read.

    Attributes:
        registrant: id or reference.
        new: what the row says about the registrant; none when it says nothing.
        provider: id or name.
        draft: the rest; its registrant and provider are filled in when they are known.
    """

    row: int
    registrant: str
    new: NewRegistrant | None
    provider: str
    draft: Draft


@dataclass(slots=True)
class Batch:
    """A file that was read.

    Attributes:
        items: its rows, but for those that could not be read at all.
        total: how many rows it has.
        faults: by row and column of ``COLUMNS``, each once.
        written: how the file itself calls a column.
    """

    total: int
    written: Mapping[str, str]
    items: list[Item] = field(default_factory=list)
    faults: dict[tuple[int, str], FieldFault] = field(default_factory=dict)

    def refuse(self, row: int, fault: FieldFault) -> None:
        """Note a fault, unless that column of that row has one already."""
        column = COLUMN_OF.get(name := re.split(r"[\[.]", fault.field)[0], name)
        if len(self.faults) < MAX_FAULTS:
            self.faults.setdefault((row, column), fault)

    def faulty(self, row: int, *columns: str) -> bool:
        """Return whether one of some columns of a row has a fault."""
        return any((row, column) in self.faults for column in columns)

    def listed(self) -> list[RowFault]:
        """Return the faults by row, as the file's writer sees them."""
        found = sorted(
            RowFault(row, self.written.get(column, column), fault.why, fault.mend)
            for (row, column), fault in self.faults.items()
        )
        if len(found) < MAX_FAULTS:
            return found
        return [*found, RowFault(found[-1].row, "", "there may be more faults", f"mend these {MAX_FAULTS:,} first")]


def read(data: bytes, media_type: str | None, rules: Rules, progress: Progress = no_progress) -> Batch:
    """Return the rows of a file with everything that is wrong with them by themselves.

    Raises:
        Refused: "unsupported-media-type", "too-large" or "bad-list": there are no rows to speak of.
    """
    text = intake_text.read(data, media_type)
    batch = Batch(len(text.rows), text.written)
    for place, (row, values) in enumerate(text.rows):
        if isinstance(values, FieldFault):
            batch.refuse(row, values)
        else:
            batch.items.append(_item(batch, row, values, rules))
        if place % STRIDE == 0:
            progress(place, batch.total)
    progress(batch.total, batch.total)
    return batch


def _item(batch: Batch, row: int, values: Values, rules: Rules) -> Item:
    said = {name: str(values.get(name, "")).strip() for name in ("registrant", "category", "provider")}
    for name, mend in (
        ("registrant", "write its id, or the reference by which you know it, such as a member's number"),
        ("category", f"write one of {', '.join(rules.categories)}"),
        ("provider", "name the provider that gave the addresses"),
    ):
        if not said[name]:
            batch.refuse(row, FieldFault(name, "is missing", mend))
    if len(said["registrant"]) > MAX_REGISTRANT_REFERENCE or not said["registrant"].isprintable():
        why = f"{shown(said['registrant'])} is no reference"
        batch.refuse(row, FieldFault("registrant", why, f"write at most {MAX_REGISTRANT_REFERENCE} characters"))
    draft = Draft("", said["category"], _entries(batch, row, values, rules), _documents(batch, row, values))
    return Item(row, said["registrant"], _registrant(batch, row, said["registrant"], values), said["provider"], draft)


def _entries(batch: Batch, row: int, values: Values, rules: Rules) -> tuple[Entry, ...]:
    terms = {name: values[name] for name in ("protocols", "ports") if name in values}
    entries: dict[Prefix, Entry] = {}
    for prefix in cast("list[object]", values.get("prefixes", [])):
        entry = addresses.read_entry({"prefix": prefix, **terms}, rules.addresses)
        if isinstance(entry, list):
            for fault in entry:
                batch.refuse(row, fault)
        elif entries.setdefault(entry.prefix, entry) is not entry:
            batch.refuse(row, FieldFault("prefixes", f"{entry.text} is there twice", "write it once"))
    return tuple(entries.values())


def _documents(batch: Batch, row: int, values: Values) -> tuple[Document, ...]:
    """Return the documents, each written as kind=reference=sha256 or as an object; their faults are found later."""
    documents = []
    for each in cast("list[object]", values.get("documents", [])):
        parts: Mapping[Any, Any] = {}
        if isinstance(each, str) and each.count("=") > 1:
            kind, _, rest = each.partition("=")
            reference, _, sha256 = rest.rpartition("=")
            parts = {"kind": kind, "reference": reference, "sha256": sha256}
        elif isinstance(each, dict):
            parts = each
        if set(parts) == {"kind", "reference", "sha256"} and all(isinstance(part, str) for part in parts.values()):
            documents.append(Document(**parts))
        else:
            mend = "write kind=reference=sha256, such as identity=shelf-7/12=9f86d0…, and nothing else"
            batch.refuse(row, FieldFault("documents", f"{shown(each)} is no document", mend))
    return tuple(documents)


def _registrant(batch: Batch, row: int, reference: str, values: Values) -> NewRegistrant | None:
    contact = {name: str(values[name]) for name in ("contact", "email", "phone") if name in values}
    name, kind = (str(values.get(each, "")) for each in ("name", "kind"))
    if not (name or kind or contact):
        return None
    if kind and kind not in KINDS:
        batch.refuse(row, FieldFault("kind", f"{shown(kind)} is no kind of registrant", f"write {' or '.join(KINDS)}"))
    if "email" in contact and not CONTACT.fullmatch(contact["email"]):
        why = f"{shown(contact['email'])} is no address for mail"
        batch.refuse(row, FieldFault("email", why, "write one such as desk@company.example, or leave it out"))
    for each in ("name", "contact", "phone"):
        if len(text := str(values.get(each, ""))) > MAX_NAME or not text.isprintable():
            batch.refuse(row, FieldFault(each, "is too long", f"write at most {MAX_NAME} printable characters"))
    contacts = ({("name" if key == "contact" else key): value for key, value in contact.items()},) if contact else ()
    return NewRegistrant(cast("Literal['organisation', 'individual']", kind), name.strip(), reference, contacts)
