"""The way of an application from its submission to live registrations, one by one or by the thousand.

Every function takes ids with the version that the caller has seen (none: whatever it is), and does all or nothing.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, select

from control.fault import Fault, Kind, Refused
from control.registry.access.actor import same_person
from control.registry.cases import workflow
from control.registry.cases.applications import missing, prefixes_of, too_much
from control.registry.cases.stepping import checked
from control.registry.space import allocations, claims
from control.registry.space.allocations import named
from control.registry.store import rows
from control.registry.store.ids import new_id
from control.registry.store.model import Application, ApplicationEntry, Registrant, Registration
from control.registry.store.rows import Versions
from control.registry.store.writing import Writing, portions


def submit(writing: Writing, id_: str, version: int | None = None) -> Application:
    """Put an application before its provider.

    Raises:
        Refused: "invalid": something is missing, or more than its category takes; "conflict": the registrant itself
            holds an address already. What others hold, the provider's confirmation is held to.
    """
    return submit_many(writing, {id_: version})[0]


def submit_many(writing: Writing, versions: Versions) -> list[Application]:
    """Put applications before their providers; see ``submit``."""
    applications = checked(writing, Application, "submit", versions)
    _demand_complete(writing, applications)
    _demand_within_bounds(writing, applications)
    claims.demand_new(writing.session, claims.wanted(writing.session, versions))
    return _moved(
        writing,
        "submit",
        applications,
        submitted_at=writing.now,
        submitted_behind=writing.actor.behind,
        confirmed_at=None,
        confirmed_behind=None,
        decided_at=None,
        reason="",
    )


def confirm(writing: Writing, id_: str, version: int | None = None) -> Application:
    """Say, as the provider, that the addresses are the applicant's."""
    return confirm_many(writing, {id_: version})[0]


def confirm_many(writing: Writing, versions: Versions) -> list[Application]:
    """Confirm applications; see ``confirm``. From then on their addresses are kept from others.

    Raises:
        Refused: "forbidden": whoever submitted one may be the same person; "conflict": somebody holds an address.
    """
    applications = checked(writing, Application, "confirm", versions)
    _demand_another(writing, "confirm", applications)
    claims.demand_free(writing.session, writing.actor, claims.wanted(writing.session, versions))
    behind = writing.actor.behind
    return _moved(writing, "confirm", applications, confirmed_at=writing.now, confirmed_behind=behind)


def return_(writing: Writing, id_: str, reason: str, version: int | None = None) -> Application:
    """Give an application back to be corrected."""
    return _moved(writing, "return", checked(writing, Application, "return", {id_: version}, reason), reason=reason)[0]


def refuse(writing: Writing, id_: str, reason: str, version: int | None = None) -> Application:
    """Refuse an application for good."""
    applications = checked(writing, Application, "refuse", {id_: version}, reason)
    return _moved(writing, "refuse", applications, reason=reason, decided_at=writing.now)[0]


def withdraw(writing: Writing, id_: str, version: int | None = None) -> Application:
    """Take an application back, as the applicant."""
    return _moved(
        writing, "withdraw", checked(writing, Application, "withdraw", {id_: version}), decided_at=writing.now
    )[0]


def approve(writing: Writing, id_: str, version: int | None = None, outside: int = 0) -> list[Registration]:
    """Approve an application: its addresses are registered and live with this transaction's serial."""
    return registrations_of(writing, approve_many(writing, {id_: version}, outside))


def approve_many(writing: Writing, versions: Versions, outside: int = 0) -> list[Application]:
    """Approve applications; all that they ask for is live with one serial. See ``approve``.

    ``outside`` is how many of their prefixes lie outside the space of the provider that confirmed them, as the officer
    says explicitly: who does not know does not approve them.

    Raises:
        Refused: "forbidden": whoever submitted or confirmed one may be the same person; "invalid": one has more than
            its category takes; "conflict": another number of prefixes lies outside.
    """
    applications = checked(writing, Application, "approve", versions)
    _demand_another(writing, "approve", applications)
    _demand_within_bounds(writing, applications)
    _demand_outside(writing, applications, outside)
    _demand_categories(writing, applications)
    approved = _moved(writing, "approve", applications, decided_at=writing.now)
    _register(writing, approved)
    return approved


def registrations_of(writing: Writing, approved: Sequence[Application]) -> list[Registration]:
    """Return the registrations that came of applications."""
    ids = [application.id for application in approved]
    of_these = select(Registration).where(Registration.application_id.in_(ids))
    return list(writing.session.scalars(of_these.order_by(Registration.id)))


def _moved(writing: Writing, name: str, applications: list[Application], **values: Any) -> list[Application]:
    step = workflow.step("application", name)
    for application in applications:
        rows.change(writing, step.action, application, {"state": step.target, **values})
    writing.session.flush()
    return applications


def _demand_another(writing: Writing, name: str, applications: Sequence[Application]) -> None:
    """Refuse a step to whoever may be the person who took an earlier one.

    Raises:
        Refused: "forbidden", with a fault for each.
    """
    mine = writing.actor.behind
    faults = []
    for application in applications:
        earlier = {"submitted": application.submitted_behind, "confirmed": application.confirmed_behind}
        for done, behind in earlier.items():
            if behind and same_person(mine, behind):
                how = "you" if behind[0] == mine[0] else f"{behind[0]}, and one of you made the other's token"
                faults.append(Fault(application.id, f"was {done} by {how}", f"have another person {name} it"))
    if faults:
        raise Refused(Kind.FORBIDDEN, "To submit, to confirm and to approve takes three persons", faults)


def _demand_within_bounds(writing: Writing, applications: Sequence[Application]) -> None:
    """Refuse what its category does not take: an older version may have, or another category's bounds.

    Raises:
        Refused: "invalid", with every fault.
    """
    found = prefixes_of(writing.session, applications)
    faults = [
        Fault(f"{application.id}, {wrong.field}" if len(applications) > 1 else wrong.field, wrong.why, wrong.mend)
        for application in applications
        if (category := writing.rules.categories.get(application.category))
        for wrong in too_much(application.category, category, found[application.id])
    ]
    if faults:
        raise Refused(Kind.INVALID, "The application asks for more than its category takes", faults)


def _demand_outside(writing: Writing, applications: Sequence[Application], said: int) -> None:
    """Refuse what lies outside its provider's space, unless the officer has said how much that is.

    Raises:
        Refused: "conflict", with a fault for each application.
    """
    outside = allocations.outside(writing.session, applications)
    if sum(map(len, outside.values())) != said:
        mend = "have the provider say whose these are; if they are its own, approve with outside = their number"
        faults = [
            Fault(id_, f"{len(found):,} of its prefixes lie outside the provider's space: {named(found)}", mend)
            for id_, found in outside.items()
            if found
        ]
        none = Fault("outside", f"is {said}, and nothing lies outside", "leave it out")
        raise Refused(Kind.CONFLICT, "Addresses lie outside the provider's space", faults or [none])


def _demand_complete(writing: Writing, applications: Sequence[Application]) -> None:
    kinds: dict[str, str] = {}
    for portion in portions({application.registrant_id for application in applications}):
        kinds_of_these = select(Registrant.id, Registrant.kind).where(Registrant.id.in_(portion))
        kinds |= dict(writing.session.execute(kinds_of_these).all())
    counts: dict[str, int] = {}
    for portion in portions([application.id for application in applications]):
        of_these = ApplicationEntry.application_id.in_(portion)
        per_application = select(ApplicationEntry.application_id, func.count()).where(of_these)
        grouped = per_application.group_by(ApplicationEntry.application_id)
        counts |= dict(writing.session.execute(grouped).all())
    faults = [
        Fault(fault.field if len(applications) == 1 else f"{application.id}, {fault.field}", fault.why, fault.mend)
        for application in applications
        for fault in missing(
            writing.rules, application, kinds[application.registrant_id], counts.get(application.id, 0)
        )
    ]
    if faults:
        raise Refused(Kind.INVALID, "The application is not complete", faults)


def _demand_categories(writing: Writing, applications: Sequence[Application]) -> None:
    faults = [
        Fault(
            application.id,
            f"is of the category {application.category}, which is no more",
            "return it, to be applied for anew",
        )
        for application in applications
        if application.category not in writing.rules.categories
    ]
    if faults:
        raise Refused(Kind.CONFLICT, "The category is no more", faults)


def _register(writing: Writing, approved: Sequence[Application]) -> None:
    """Make a registration of each entry and put it on the live list."""
    by_id = {application.id: application for application in approved}
    for portion in portions(by_id):
        of_these = select(ApplicationEntry).where(ApplicationEntry.application_id.in_(portion))
        entries = writing.session.scalars(of_these.order_by(ApplicationEntry.application_id, ApplicationEntry.place))
        registrations = [_registration(writing, by_id[entry.application_id], entry) for entry in entries]
        for values in portions(registrations):
            writing.session.execute(insert(Registration), values)
        writing.list_entries(registrations)
        for registration in registrations:
            hidden = ("first", "length", "id", "created_at", "changed_at")
            after = {name: value for name, value in registration.items() if name not in hidden}
            writing.record("registration.start", registration["id"], {}, after)


def _registration(writing: Writing, application: Application, entry: ApplicationEntry) -> dict[str, Any]:
    return {
        "id": new_id("rgn"),
        "application_id": application.id,
        "registrant_id": application.registrant_id,
        "category": application.category,
        "first": entry.first,
        "length": entry.length,
        "prefix": entry.prefix,
        "protocols": entry.protocols,
        "ports": entry.ports,
        "valid_from": writing.now,
        "valid_until": writing.now + writing.rules.categories[application.category].term,
        "state": workflow.INITIAL["registration"],
        "reason": "",
        "live_serial": writing.serial,
        "version": 1,
        "created_at": writing.now,
        "changed_at": writing.now,
    }
