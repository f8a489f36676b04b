"""Bulk intake: a file of thousands of applications, of which none is entered while one has a fault.

``reading`` reads a file, which needs no lock. What only the registry knows (who is registered, which addresses
are held) is checked here: of the whole file first, where it keeps nobody from writing, and of each portion again in
the transaction that enters it, so that nothing can come between. Others write between two portions; what they do may
bar a later one, and what is entered by then stays. A row is one application, entered and put before its provider.
Faults name the row and the column as the file's writer sees them; in one column of a row the first cause is told.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from sqlalchemy import select
from sqlalchemy.orm import Session

from control.allowlist.schema import FieldFault
from control.fault import Kind, Refused, shown
from control.registry.access import scopes, sight
from control.registry.access.actor import Actor
from control.registry.cases import applications, review
from control.registry.cases.applications import Draft
from control.registry.intake.reading import Batch, Item, RowFault
from control.registry.parties import registrants
from control.registry.parties.categories import APPLICANTS
from control.registry.parties.registrants import RegistrantNew
from control.registry.space import addresses, claims
from control.registry.space.claims import Claim
from control.registry.store.model import Application, Provider, Registrant
from control.registry.store.writing import Rules, Writing, portions

ROWS_SHOWN = 8
"""Rows that a fault about a repeated prefix names."""

NEAR_NAMES = 100
"""Unknown providers for which the nearest known one is looked for: with thousands that would take minutes."""

ANY_PROVIDER = "the name or the id of a provider"

NEEDED = ("kind", "name")
"""What a row has to say of a registrant who is not there yet."""

TITLE = "The file has rows that cannot be taken"

SIZES = ("applications", "registrants", "entries")
"""What the result of an import counts."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch would enter.

    Attributes:
        drafts: the applications; a registrant that is new is still named by its reference.
        new: registrants to enter, by reference.
        faults: why none of it can be taken; nothing is wrong when there are none.
    """

    drafts: list[Draft]
    new: dict[str, RegistrantNew]
    faults: list[RowFault]

    @property
    def sizes(self) -> dict[str, int]:
        """How much there is to enter, by the names of SIZES."""
        entries = sum(len(draft.entries) for draft in self.drafts)
        return dict(zip(SIZES, (len(self.drafts), len(self.new), entries), strict=True))

    @property
    def counts(self) -> dict[str, int]:
        """How much there is to enter, and the faults."""
        return self.sizes | {"faults": len(self.faults)}


def check(session: Session, actor: Actor, rules: Rules, batch: Batch) -> Plan:
    """Return what a batch would enter, or every fault, in the light of what the registry holds.

    Raises:
        Refused: "busy": that would be more applications than one may have open.
    """
    applications.demand_quota(session, actor, len(batch.items))
    known = _known_registrants(session, actor, batch)
    new = _new_registrants(actor, batch, known)
    drafts = _drafts(session, batch, known)
    for place, fault in applications.faults(session, rules, drafts):
        batch.refuse(batch.items[place].row, fault)
    kinds = {reference: registrant.kind for reference, registrant in new.items()} | {
        registrant.id: registrant.kind for registrant in known.values()
    }
    for item, draft in zip(batch.items, drafts, strict=True):
        _refuse_incomplete(rules, batch, item, draft, kinds.get(draft.registrant_id, ""))
    _refuse_overlaps(session, actor, batch, drafts)
    return Plan(drafts, new, batch.listed())


def enter(writing: Writing, plan: Plan) -> list[str]:
    """Enter what a plan without faults says, made in this very transaction; return the applications' ids.

    Raises:
        Refused: "bad-list": the plan has faults; or whatever the services refuse.
    """
    if plan.faults:
        raise Refused(Kind.BAD_LIST, TITLE, [fault.fault() for fault in plan.faults])
    ids: dict[str, str] = {}
    if plan.new:
        new = registrants.create_many(writing, list(plan.new.values()))
        ids = {registrant.reference or "": registrant.id for registrant in new}
    drafts = [replace(draft, registrant_id=ids.get(draft.registrant_id, draft.registrant_id)) for draft in plan.drafts]
    entered = {application.id: None for application in applications.create_many(writing, drafts)}
    review.submit_many(writing, entered)
    return list(entered)


def _known_registrants(session: Session, actor: Actor, batch: Batch) -> dict[str, Registrant]:
    """Return the registrants that the actor may see, by reference and by id."""
    known: dict[str, Registrant] = {}
    for portion in portions({item.registrant for item in batch.items}):
        named = Registrant.reference.in_(portion) | Registrant.id.in_(portion)
        for registrant in session.scalars(sight.select_visible(actor, Registrant).where(named)):
            known |= {registrant.id: registrant}
            if registrant.reference:
                known.setdefault(registrant.reference, registrant)  # an id is not another's reference
    return known


def _new_registrants(actor: Actor, batch: Batch, known: Mapping[str, Registrant]) -> dict[str, RegistrantNew]:
    """Return those to be entered; the first row about one says who it is, the others may repeat that."""
    new: dict[str, RegistrantNew] = {}
    first: dict[str, int] = {}
    for item in batch.items:
        there = known.get(item.registrant)
        if there is not None:
            _refuse_other(batch, item, there, f"is that of {there.id}")
        elif item.registrant in new:
            _refuse_other(batch, item, new[item.registrant], f"is in row {first[item.registrant]} already")
        elif registrants.is_id(item.registrant):
            fault = FieldFault("registrant", f"{shown(item.registrant)} is no registrant", "correct the id")
            batch.refuse(item.row, fault)
        elif not all(getattr(item.new, name, "") for name in NEEDED):
            _refuse_nameless(batch, item)
        elif not scopes.may(actor, "registrant.create"):
            fault = FieldFault("registrant", f"{shown(item.registrant)} is none of yours", "have an officer enter it")
            batch.refuse(item.row, fault)
        else:
            new[item.registrant], first[item.registrant] = item.new, item.row
    return new


def _refuse_other(batch: Batch, item: Item, there: Registrant | RegistrantNew, where: str) -> None:
    """Refuse a row that says the reference is somebody else's: one of the two is a slip."""
    for name in registrants.LINES:
        said, stands = getattr(item.new, name, None), getattr(there, name, None)
        if said and said != stands:
            other = shown(stands) if stands else "without one"
            why = f"{shown(said)}, but the reference {shown(item.registrant)} {where}: {other}"
            batch.refuse(item.row, FieldFault(name, why, "write the same, or correct the reference"))


def _refuse_nameless(batch: Batch, item: Item) -> None:
    for name in NEEDED:
        if not getattr(item.new, name, ""):
            why = f"is missing, and {shown(item.registrant)} is no registrant yet"
            mend = "write organisation or individual" if name == "kind" else "write its name, or correct the reference"
            batch.refuse(item.row, FieldFault(name, why, mend))


def _drafts(session: Session, batch: Batch, known: Mapping[str, Registrant]) -> list[Draft]:
    """Return the rows' drafts, with the ids of the registrants and providers that are known."""
    providers: dict[str, str] = {}
    for id_, name in session.execute(select(Provider.id, Provider.name)):
        providers |= {id_: id_, name: id_}
    names = [name for name, id_ in providers.items() if name != id_]
    mends: dict[str, str] = {}
    drafts = []
    for item in batch.items:
        provider = providers.get(item.provider)
        if item.provider and provider is None:
            if item.provider not in mends and len(mends) < NEAR_NAMES:
                mends[item.provider] = next(iter(get_close_matches(item.provider, names, 1)), ANY_PROVIDER)
            mend = f"write {mends.get(item.provider, ANY_PROVIDER)}"
            batch.refuse(item.row, FieldFault("provider", f"{shown(item.provider)} is no provider", mend))
        there = known.get(item.registrant)
        drafts.append(replace(item.draft, registrant_id=there.id if there else item.registrant, provider_id=provider))
    return drafts


def _refuse_incomplete(rules: Rules, batch: Batch, item: Item, draft: Draft, kind: str) -> None:
    """Refuse what is missing, but for what is there and has a fault of its own."""
    known_elsewhere = {"entries": batch.faulty(item.row, "protocols", "ports"), "category": kind not in APPLICANTS}
    for fault in applications.missing(rules, _application(draft), kind, len(draft.entries)):
        if not known_elsewhere.get(fault.field):
            batch.refuse(item.row, fault)


def _application(draft: Draft) -> Application:
    """Return a draft as ``applications.missing`` looks at it."""
    documents = [{"kind": document.kind} for document in draft.documents]
    return Application(category=draft.category, provider_id=draft.provider_id, documents=documents)


def _refuse_overlaps(session: Session, actor: Actor, batch: Batch, drafts: Sequence[Draft]) -> None:
    """Refuse what is in the file twice, told once, and what its registrant holds already.

    What others hold is told to who may see them alone; it is the provider's confirmation that is held to it.
    """
    rows: dict[tuple[bytes, int], list[int]] = {}
    once: list[Claim] = []
    for item, claim in _claims(batch, drafts):
        seen = rows.setdefault((claim.first, claim.length), [])
        seen.append(item.row)
        if len(seen) == 1:
            once.append(claim)
    for claim in once:
        first, *again = rows[claim.first, claim.length]
        if again:
            shown_rows = ", ".join(map(str, again[1:ROWS_SHOWN])) + (", …" if len(again) > ROWS_SHOWN else "")
            why = f"{claim.prefix} is in row {first} already" + (f", and in {shown_rows}" if again[1:] else "")
            batch.refuse(again[0], FieldFault("prefixes", why, "keep one of them"))
    barred = list(claims.overlaps(session, once))
    unseen = claims.unseen_registrants(session, actor, barred)
    for claim, other in barred:
        if other.registrant in unseen and not other.holder.isdecimal():
            continue
        batch.refuse(int(claim.holder), _overlap(claim, other, unseen))


def _claims(batch: Batch, drafts: Sequence[Draft]) -> Iterator[tuple[Item, Claim]]:
    for item, draft in zip(batch.items, drafts, strict=True):
        for entry in draft.entries:
            columns = addresses.stored(entry)
            yield item, Claim(str(item.row), draft.registrant_id, columns.first, columns.length, columns.prefix)


def _overlap(claim: Claim, other: Claim, unseen: Collection[str]) -> FieldFault:
    if other.holder.isdecimal():
        why = f"{claim.prefix} overlaps {other.prefix} of another registrant in row {other.holder}"
        return FieldFault("prefixes", why, "have the provider say whose it is, and correct one of the two")
    fault = claims.fault(claim, other, unseen)
    return FieldFault("prefixes", f"{claim.prefix} {fault.why}", fault.mend)
