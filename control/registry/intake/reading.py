"""The rows of a file of applications, each held to what can be said of it alone, without the registry."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import ValidationError

from control.allowlist.entry import Entry, Prefix
from control.allowlist.schema import FieldFault
from control.fault import Fault, shown
from control.registry.cases import applications
from control.registry.cases.applications import MAX_DOCUMENTS, DocumentText, Draft
from control.registry.intake import text as intake_text
from control.registry.intake.text import Values
from control.registry.parties import contacts, forms, registrants
from control.registry.parties.registrants import RegistrantNew
from control.registry.progress import Progress, no_progress
from control.registry.space import addresses
from control.registry.store.writing import Rules

MAX_FAULTS = 50_000
"""Faults that are listed; one more says that there are others."""

STRIDE = 500
"""Rows between two reports of progress."""

MOST_SECONDS = 120
"""Of a processor, that the reading of one file may take; a hundred thousand rows take a tenth of that."""

PORTION_ROWS, PORTION_ENTRIES = 200, 1000
"""What is entered in one transaction: a fraction of a second's work, or one row, for others wait that long."""

COLUMN_OF = {
    "prefix": "prefixes",
    "entries": "prefixes",
    "provider_id": "provider",
    "reference": "registrant",
    **{f"contacts[0].{name}": column for column, name in contacts.COLUMNS.items()},
}
"""Columns of the file that have another name than the field of an application."""


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
        new: what the row says about the registrant; what it does not say is not there.
        provider: id or name.
        draft: the rest; its registrant and provider are filled in when they are known.
    """

    row: int
    registrant: str
    new: RegistrantNew
    provider: str
    draft: Draft

    @property
    def size(self) -> int:
        """How many entries it has."""
        return len(self.draft.entries)


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
        name = re.split(r"[\[.]", fault.field)[0]
        column = COLUMN_OF.get(fault.field) or COLUMN_OF.get(name, name)
        if len(self.faults) < MAX_FAULTS:
            self.faults.setdefault((row, column), fault)

    def faulty(self, row: int, *columns: str) -> bool:
        """Return whether one of some columns of a row has a fault."""
        return any((row, column) in self.faults for column in columns)

    def listed(self) -> list[RowFault]:
        """Return the faults by row, as the file's writer sees them."""
        faults = sorted(
            RowFault(row, self.written.get(column, column), fault.why, fault.mend)
            for (row, column), fault in self.faults.items()
        )
        if len(faults) < MAX_FAULTS:
            return faults
        return [*faults, RowFault(faults[-1].row, "", "there may be more faults", f"mend these {MAX_FAULTS:,} first")]

    def portions(self) -> "Iterator[Batch]":
        """Yield the rows as batches that are each entered in one transaction."""
        portion, entries = Batch(self.total, self.written), 0
        for item in self.items:
            if len(portion.items) == PORTION_ROWS or (portion.items and entries + item.size > PORTION_ENTRIES):
                yield portion
                portion, entries = Batch(self.total, self.written), 0
            portion.items.append(item)
            entries += item.size
        if portion.items:
            yield portion


def read(
    data: bytes, media_type: str | None, rules: Rules, progress: Progress = no_progress, entered: int = 0
) -> Batch:
    """Return the rows of a file with everything that is wrong with them by themselves, but for the first ``entered``.

    Raises:
        Refused: "unsupported-media-type", "too-large" or "bad-list": there are no rows to speak of, or too many.
    """
    most = max((category.most_entries for category in rules.categories.values()), default=1)
    text = intake_text.read(data, media_type, most)
    batch, prefixes, began = Batch(text.total, text.written), 0, time.thread_time()
    for place, (row, values) in enumerate(text.rows):
        if place < entered:
            continue
        if isinstance(values, FieldFault):
            batch.refuse(row, values)
        else:
            prefixes += len(cast("list[object]", values.get("prefixes", [])))
            if prefixes > intake_text.MAX_PREFIXES:
                why = (
                    f"has more prefixes than the {intake_text.MAX_PREFIXES:,} that are taken at a time, up to row {row}"
                )
                raise intake_text.too_large(why)
            batch.items.append(_item(batch, row, values, rules, most))
        if place % STRIDE == 0:
            progress(place, batch.total)
        if time.thread_time() - began > MOST_SECONDS:
            raise intake_text.too_large(f"takes more than {MOST_SECONDS} s to read, and is at row {row} by then")
    progress(batch.total, batch.total)
    return batch


def _item(batch: Batch, row: int, values: Values, rules: Rules, most: int) -> Item:
    said = {name: str(values.get(name, "")).strip() for name in ("registrant", "category", "provider")}
    for name, mend in (
        ("registrant", "write its id, or the reference by which you know it, such as a member's number"),
        ("category", f"write one of {', '.join(rules.categories)}"),
        ("provider", "name the provider that gave the addresses"),
    ):
        if not said[name]:
            batch.refuse(row, FieldFault(name, "is missing", mend))
    category = rules.categories.get(said["category"])
    entries: tuple[Entry, ...] = ()
    prefixes = cast("list[object]", values.get("prefixes", []))
    if len(prefixes) > (most := category.most_entries if category else most):
        why = f"are {len(prefixes):,}, and {said['category'] if category else 'a row'} takes {most:,}"
        batch.refuse(row, FieldFault("prefixes", why, "write several applications"))
    else:
        entries = _entries(batch, row, values, prefixes, rules)
    draft = Draft("", said["category"], entries, _documents(batch, row, values))
    columns = {name: str(values[name]) for name in registrants.COLUMNS if name in values}
    reference = None if registrants.is_id(said["registrant"]) else said["registrant"] or None
    about = {"reference": reference, **registrants.values_of(columns)}
    return Item(row, said["registrant"], _registrant(batch, row, about), said["provider"], draft)


def _entries(batch: Batch, row: int, values: Values, prefixes: Sequence[object], rules: Rules) -> tuple[Entry, ...]:
    terms = {name: values[name] for name in ("protocols", "ports") if name in values}
    entries: dict[Prefix, Entry] = {}
    for prefix in prefixes:
        entry = addresses.read_entry({"prefix": prefix, **terms}, rules.addresses)
        if isinstance(entry, list):
            for fault in entry:
                batch.refuse(row, fault)
        elif entries.setdefault(entry.prefix, entry) is not entry:
            batch.refuse(row, FieldFault("prefixes", f"{entry.text} is there twice", "write it once"))
    return tuple(entries.values())


def _documents(batch: Batch, row: int, values: Values) -> tuple[DocumentText, ...]:
    """Return the documents, each written as kind=reference=sha256 or as an object."""
    documents: list[DocumentText] = []
    said_documents = cast("list[object]", values.get("documents", []))
    if len(said_documents) > MAX_DOCUMENTS:
        batch.refuse(row, applications.too_many_documents(len(said_documents)))
        return ()
    for document in said_documents:
        parts: Mapping[Any, Any] = {}
        if isinstance(document, str) and document.count("=") > 1:
            kind, _, rest = document.partition("=")
            reference, _, sha256 = rest.rpartition("=")
            parts = {"kind": kind, "reference": reference, "sha256": sha256}
        elif isinstance(document, dict):
            parts = document
        if set(parts) != set(DocumentText.model_fields):
            mend = "write kind=reference=sha256, such as identity=shelf-7/12=9f86d0…, and nothing else"
            batch.refuse(row, FieldFault("documents", f"{shown(document)} is no document", mend))
            continue
        try:
            documents.append(DocumentText.model_validate(parts))
        except ValidationError as error:
            said: dict[str, Any] = {name: str(part) for name, part in parts.items()}
            documents.append(DocumentText.model_construct(**said))  # or the plan would call it missing as well
            for fault in forms.faults(error):
                batch.refuse(row, FieldFault("documents", fault.why, f"{fault.field}: {fault.mend}"))
    return tuple(documents)


def _registrant(batch: Batch, row: int, about: Mapping[str, Any]) -> RegistrantNew:
    """Return who a row is about; what is missing is told by the plan, which knows whether it is needed."""
    try:
        about = forms.Edit(RegistrantNew, forms.some_of(RegistrantNew).model_validate(about)).values
    except ValidationError as error:
        for fault in forms.faults(error):
            batch.refuse(row, fault)
    return RegistrantNew.model_construct(**about)
