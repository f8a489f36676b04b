"""Applications while they are the applicant's: entered, corrected, and read. ``review`` takes them further."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from control.allowlist.entry import Entry, Prefix
from control.allowlist.schema import FieldFault
from control.fault import BadValueError, Fault, Kind, Refused, shown
from control.registry.access import scopes
from control.registry.access.actor import Actor
from control.registry.cases import workflow
from control.registry.parties.categories import Category
from control.registry.parties.forms import Form, read
from control.registry.parties.lines import Line
from control.registry.space import addresses, coverage
from control.registry.store import rows
from control.registry.store.ids import new_id
from control.registry.store.model import Application, ApplicationEntry, Provider, Registrant
from control.registry.store.writing import Rules, Writing, portions

SHA256 = "[0-9a-f]{64}"
_SHA256 = re.compile(SHA256)
OWN = "write the addresses of your VPN alone"
OPEN = ("draft", "returned", "submitted", "confirmed")
MOST_OPEN = 200
"""Applications that a registrant itself may have before anybody has decided on them."""

MAX_DOCUMENTS = 50
"""Of one application."""


def _read_sha256(value: object) -> str:
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        mend = "write 64 hexadecimal digits in lower case, as sha256sum does"
        raise BadValueError(f"{shown(value)} is no SHA-256", mend)
    return value


class DocumentText(Form):
    """A document that is kept elsewhere: the registry has where, and its hash."""

    kind: Line = Field(description="One of its category's.")
    reference: Line = Field(description="Where whoever keeps it finds it.")
    sha256: Annotated[str, PlainValidator(_read_sha256), WithJsonSchema({"type": "string", "pattern": f"^{SHA256}$"})]


class Documents(Form):
    """The documents of one application."""

    documents: tuple[DocumentText, ...] = ()


def read_documents(rows: Sequence[Mapping[str, object]]) -> tuple[DocumentText, ...]:
    """Return the documents of one application.

    Raises:
        Refused: "invalid", with every fault.
    """
    return read(Documents, {"documents": rows}, "The application has faults").documents


@dataclass(frozen=True, slots=True)
class Draft:
    """What an application says; ``addresses.read_entries`` reads the entries."""

    registrant_id: str
    category: str
    entries: tuple[Entry, ...] = ()
    documents: tuple[DocumentText, ...] = ()
    provider_id: str | None = None


def create(writing: Writing, draft: Draft) -> Application:
    """Enter an application as a draft, which may still lack what its submission demands.

    Raises:
        Refused: "not-found": the registrant; "invalid", with every fault.
    """
    return create_many(writing, [draft])[0]


def create_many(writing: Writing, drafts: Sequence[Draft]) -> list[Application]:
    """Enter applications as drafts, all or none; a fault's place begins with the draft's when there are several."""
    writing.set_action("application.create")
    scopes.demand(writing.actor, "application.create")
    rows.find_many(writing.session, writing.actor, Registrant, list({draft.registrant_id for draft in drafts}))
    demand_quota(writing.session, writing.actor, len(drafts))
    _demand_sound(writing, drafts)
    applications = [
        Application(
            id=new_id("app"),
            registrant_id=draft.registrant_id,
            state=workflow.INITIAL["application"],
            reason="",
            created_at=writing.now,
            changed_at=writing.now,
            **_columns(draft),
        )
        for draft in drafts
    ]
    writing.session.add_all(applications)
    writing.session.flush()
    _put_entries(writing, dict(zip((application.id for application in applications), drafts, strict=True)))
    for application, draft in zip(applications, drafts, strict=True):
        writing.record("application.create", application.id, {}, rows.columns(application) | _entries_for_audit(draft))
    return applications


def demand_quota(session: Session, actor: Actor, more: int) -> None:
    """Refuse a registrant more applications than are worth a look; an officer's files are larger.

    Raises:
        Refused: "busy".
    """
    if actor.registrant is None:
        return
    its = select(func.count()).select_from(Application).where(Application.registrant_id == actor.registrant)
    open_ = session.scalar(its.where(Application.state.in_(OPEN))) or 0
    if open_ + more > MOST_OPEN:
        fault = Fault("applications", f"{open_:,} of yours are not decided on", f"have at most {MOST_OPEN} at a time")
        raise Refused(Kind.BUSY, "Too many applications wait", [fault])


def edit(writing: Writing, id_: str, version: int | None, draft: Draft) -> Application:
    """Put another draft in the place of what an application says; ``draft_of`` gives the one to start from.

    Raises:
        Refused: "invalid", with every fault of the draft.
    """
    step = workflow.step("application", "edit")
    writing.set_action(step.action, id_)
    scopes.demand(writing.actor, step.action)
    application = rows.find(writing.session, writing.actor, Application, id_)
    rows.demand_versions([application], {id_: version})
    workflow.demand_legal(step, {id_: application.state})
    before = draft_of(writing.session, application)
    if draft.registrant_id != before.registrant_id:
        fault = Fault("registrant_id", "cannot be changed", "withdraw this application and write another")
        raise Refused(Kind.INVALID, "An application stays its registrant's", [fault])
    _demand_sound(writing, [draft])
    beside = None
    if draft.entries != before.entries:
        writing.session.execute(delete(ApplicationEntry).where(ApplicationEntry.application_id == id_))
        _put_entries(writing, {id_: draft})
        beside = _entries_for_audit(before), _entries_for_audit(draft)
    columns = _columns(draft)
    if draft.documents == before.documents:
        del columns["documents"]  # as stored: an older version may have taken what today's rules refuse
    rows.change(writing, step.action, application, columns, beside)
    writing.session.flush()
    return application


def draft_of(session: Session, application: Application) -> Draft:
    """Return what an application says."""
    return Draft(
        application.registrant_id,
        application.category,
        entries_of(session, application.id),
        tuple(DocumentText.model_construct(**document) for document in application.documents),
        application.provider_id,
    )


def entries_of(session: Session, id_: str) -> tuple[Entry, ...]:
    """Return the entries of an application in the order of the applicant."""
    entries = select(ApplicationEntry).where(ApplicationEntry.application_id == id_).order_by(ApplicationEntry.place)
    return tuple(addresses.entry(row) for row in session.scalars(entries))


def faults(session: Session, rules: Rules, drafts: Sequence[Draft]) -> Iterator[tuple[int, FieldFault]]:
    """Yield what is wrong with drafts: the draft's place from 0, and the fault by field."""
    known = _known_providers(session, drafts)
    for place, draft in enumerate(drafts):
        for fault in _draft_faults(rules, draft, known):
            yield place, fault


def missing(rules: Rules, application: Application, registrant_kind: str, entries: int) -> Iterator[FieldFault]:
    """Yield what a sound application with so many entries lacks for its submission."""
    category = rules.categories.get(application.category)
    if category is None:
        yield _no_category(rules, application.category)
        return
    if registrant_kind not in category.applicants:
        why = f"{application.category} is not for an {registrant_kind}"
        yield FieldFault("category", why, f"it is for an {' or an '.join(category.applicants)}")
    if not entries:
        yield FieldFault("entries", "are missing", "write at least one address")
    if application.provider_id is None:
        yield FieldFault("provider_id", "is missing", "name the provider that gave you the addresses")
    there = {document.get("kind") for document in application.documents}
    for kind in category.documents:
        if kind not in there:
            yield FieldFault("documents", f"lack the {kind}", "refer to that document")


def _draft_faults(rules: Rules, draft: Draft, providers: set[str]) -> Iterator[FieldFault]:
    category = rules.categories.get(draft.category)
    if category is None:
        yield _no_category(rules, draft.category)
    elif len(draft.entries) > category.most_entries:
        why = f"are {len(draft.entries)}, and {draft.category} takes {category.most_entries}"
        yield FieldFault("entries", why, "write several applications")
    else:
        yield from too_much(draft.category, category, [entry.prefix for entry in draft.entries])
    if draft.provider_id is not None and draft.provider_id not in providers:
        yield FieldFault("provider_id", f"{shown(draft.provider_id)} is no provider", "write the id of a provider")
    if len(draft.documents) > MAX_DOCUMENTS:
        yield too_many_documents(len(draft.documents))


def too_many_documents(count: int) -> FieldFault:
    """Return the fault of more documents than one application refers to."""
    why = f"are {count}, and one application refers to {MAX_DOCUMENTS} at most"
    return FieldFault("documents", why, "leave out what its category does not ask for")


def too_much(name: str, category: Category, prefixes: Sequence[Prefix]) -> Iterator[FieldFault]:
    """Yield which prefixes are wider, or what is more in all, than a category allows."""
    widest = {4: category.widest_ipv4, 6: category.widest_ipv6}
    for place, prefix in enumerate(prefixes):
        if prefix.prefixlen < widest[prefix.version]:
            why = f"{prefix} is wider than /{widest[prefix.version]}, the widest that {name} takes"
            yield FieldFault(f"entries[{place}].prefix", why, OWN)
    covers = coverage.covered(prefixes)
    for what, found, most in (
        ("IPv4 addresses", covers.addresses, category.most_addresses),
        (f"IPv6 networks (/{coverage.NETWORK})", covers.networks, category.most_networks),
    ):
        if found > most:
            yield FieldFault("entries", f"cover {found:,} {what}, and {name} takes {most:,}", OWN)


def prefixes_of(session: Session, applications: Sequence[Application]) -> dict[str, list[Prefix]]:
    """Return the prefixes of applications, by their ids, in the order of the applicant."""
    found: dict[str, list[Prefix]] = {application.id: [] for application in applications}
    for portion in portions(found):
        of_these = select(ApplicationEntry).where(ApplicationEntry.application_id.in_(portion))
        for row in session.scalars(of_these.order_by(ApplicationEntry.application_id, ApplicationEntry.place)):
            found[row.application_id].append(addresses.prefix(row))
    return found


def _no_category(rules: Rules, name: str) -> FieldFault:
    return FieldFault("category", f"{shown(name)} is no category", f"write one of {', '.join(rules.categories)}")


def _known_providers(session: Session, drafts: Sequence[Draft]) -> set[str]:
    named = {draft.provider_id for draft in drafts if draft.provider_id is not None}
    known: set[str] = set()
    for portion in portions(named):
        known |= set(session.scalars(select(Provider.id).where(Provider.id.in_(portion))))
    return known


def _demand_sound(writing: Writing, drafts: Sequence[Draft]) -> None:
    wrong = [
        Fault(fault.field if len(drafts) == 1 else f"{place}.{fault.field}", fault.why, fault.mend)
        for place, fault in faults(writing.session, writing.rules, drafts)
    ]
    if wrong:
        raise Refused(Kind.INVALID, "The application has faults", wrong)


def _columns(draft: Draft) -> dict[str, Any]:
    return {
        "category": draft.category,
        "provider_id": draft.provider_id,
        "documents": [document.columns() for document in draft.documents],
    }


def _put_entries(writing: Writing, drafts: dict[str, Draft]) -> None:
    entries = [
        {"application_id": id_, "place": place, **asdict(addresses.stored(entry))}
        for id_, draft in drafts.items()
        for place, entry in enumerate(draft.entries)
    ]
    for portion in portions(entries):
        writing.session.execute(insert(ApplicationEntry), portion)


def _entries_for_audit(draft: Draft) -> dict[str, Any]:
    entries = map(addresses.stored, draft.entries)
    return {"entries": [[entry.prefix, entry.protocols, entry.ports] for entry in entries]}
