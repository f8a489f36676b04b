"""An intent that was carried out, undone: what it took off the list is back at once, by one person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from control.fault import Fault, Kind, Refused
from control.registry.access import scopes
from control.registry.cases import registrations, workflow
from control.registry.intents import intents
from control.registry.intents.policies import POLICY
from control.registry.space import claims
from control.registry.store import rows
from control.registry.store.model import Intent, Registration
from control.registry.store.writing import Writing

TITLE = "The intent cannot be undone"
TAKEN_UP = "apply for it anew, or decide on that one first"


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of it.

    Attributes:
        back: ids of the registrations that are on the live list again.
        left: why others are not, with what to do.
    """

    back: Sequence[str]
    left: Sequence[Fault]


def undo(writing: Writing, id_: str, version: int | None = None) -> Undone:
    """Put back on the live list what an intent took off it, as far as nothing else has become of that since.

    Raises:
        Refused: "conflict": it was not carried out, is about the policy, or there is nothing to put back.
    """
    writing.set_action("intent.undo", id_)
    scopes.demand(writing.actor, "intent.undo")
    intent = rows.find(writing.session, writing.actor, Intent, id_)
    rows.demand_versions([intent], {id_: version})
    _demand_done(intent)
    target = workflow.step("registration", intent.step).target
    back = "resume" if target == "suspended" else "restore"
    still: list[Registration] = []
    left: list[Fault] = []
    for each in writing.session.scalars(intents.of_intent(id_).order_by(Registration.id)):
        # Carried out at the moment of the decision; whatever has changed since has been decided on anew.
        if each.state == target and each.changed_at == intent.decided_at:
            still.append(each)
        else:
            left.append(Fault(each.id, f"is {each.state}, by another decision since", "look at it by itself"))
    if back == "restore":
        barred = dict(_barred(writing, still))
        left += barred.values()
        still = [each for each in still if each.id not in barred]
    if not still:
        raise Refused(Kind.CONFLICT, TITLE, left[: intents.FAULTS] or [Fault(id_, "took nothing off", "do nothing")])
    registrations.MANY[back](writing, {each.id: None for each in still})
    writing.set_action("intent.undo", id_)
    rows.change(writing, "intent.undo", intent, {"state": "undone"})
    return Undone([each.id for each in still], left)


def _demand_done(intent: Intent) -> None:
    if intent.step == POLICY:
        fault = Fault(intent.id, "is about the policy", "set the policy: loosening it is done at once")
        raise Refused(Kind.CONFLICT, TITLE, [fault])
    if intent.state != "done":
        mend = "cancel it" if intent.state == "open" else "nothing is left to do"
        raise Refused(Kind.CONFLICT, TITLE, [Fault(intent.id, f"is {intent.state}", mend)])


def _barred(writing: Writing, wanted: Sequence[Registration]) -> Iterator[tuple[str, Fault]]:
    """Yield what cannot be put back, because somebody holds the address by now, with why."""
    barred = list(claims.overlaps(writing.session, registrations.claims_of(wanted)))
    unseen = claims.unseen_registrants(writing.session, writing.actor, barred)
    for claim, holder in barred:
        why = claims.fault(claim, holder, unseen)
        yield claim.holder, Fault(claim.holder, f"{claim.prefix} {why.why}", TAKEN_UP)
