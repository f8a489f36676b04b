"""The workflow: one table of states and steps, from which the code decides and the manual draws."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from control.fault import BadValueError, Fault, Kind, Refused
from control.registry.access.actor import CLOCK_SCOPE
from control.registry.parties.lines import read_text

INITIAL = {"application": "draft", "registration": "active"}
"""The state in which each begins; a registration begins when its application is approved."""

LIVE = ("active", "expiring")
"""The states of a registration that are on the live list."""

HELD = (*LIVE, "suspended")
"""The states of a registration that keep its prefix from others."""

PENDING = ("confirmed",)
"""The states of an application that keep its prefixes from others: its provider has said that they are its own. A mere
submission keeps nothing, or anybody could have everything held up by asking for it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the table.

    Attributes:
        subject: "application" or "registration".
        name: the verb.
        sources: the states in which it is legal.
        target: the state it leads to; none when it stays.
        scopes: who may; an actor needs one of them. ``access.scopes`` reads them from here.
        reason: whether a reason must be given.
        removes: whether it takes entries off the live list, so that it is an intent first.
        persons: how many people it takes.
    """

    subject: str
    name: str
    sources: tuple[str, ...]
    target: str | None
    scopes: tuple[str, ...]
    reason: bool = False
    removes: bool = False
    persons: int = 1

    @property
    def action(self) -> str:
        """The step's name in the audit."""
        return f"{self.subject}.{self.name}"


# fmt: off
STEPS = (
    Step("application", "edit", ("draft", "returned"), None, ("registrant", "officer")),
    Step("application", "submit", ("draft", "returned"), "submitted", ("registrant", "officer")),
    Step("application", "confirm", ("submitted",), "confirmed", ("provider",)),
    Step("application", "approve", ("confirmed",), "approved", ("officer",)),
    Step("application", "return", ("submitted", "confirmed"), "returned", ("provider", "officer"), reason=True),
    Step("application", "refuse", ("submitted", "confirmed"), "refused", ("provider", "officer"), reason=True),
    Step("application", "withdraw", ("draft", "returned", "submitted", "confirmed"), "withdrawn",
         ("registrant", "officer")),
    Step("registration", "warn", ("active",), "expiring", (CLOCK_SCOPE,)),
    Step("registration", "renew", ("active", "expiring"), "active", ("registrant", "officer")),
    Step("registration", "suspend", LIVE, "suspended", ("officer",), reason=True, removes=True),
    Step("registration", "resume", ("suspended",), "active", ("officer",)),
    Step("registration", "restore", ("expired", "revoked"), "active", ("officer",)),
    Step("registration", "expire", ("expiring",), "expired", ("officer", CLOCK_SCOPE), removes=True),
    Step("registration", "revoke", HELD, "revoked", ("officer",), reason=True, removes=True, persons=2),
)
# fmt: on

_BY_NAME = {(step.subject, step.name): step for step in STEPS}


def step(subject: str, name: str) -> Step:
    """Return a step of the table.

    Raises:
        KeyError: there is none of that name.
    """
    return _BY_NAME[subject, name]


def states(subject: str) -> tuple[str, ...]:
    """Return every state of a subject, in the order of the table."""
    steps = [step for step in STEPS if step.subject == subject]
    names = [INITIAL[subject], *(state for step in steps for state in (*step.sources, step.target) if state)]
    return tuple(dict.fromkeys(names))


def legal(subject: str, state: str, scopes: Iterable[str] | None = None) -> tuple[str, ...]:
    """Return the steps that are legal in a state, for whoever has ``scopes`` when they are given."""
    allowed = None if scopes is None else set(scopes)
    return tuple(
        step.name
        for step in STEPS
        if step.subject == subject and state in step.sources and (allowed is None or allowed & set(step.scopes))
    )


def demand_reason(step: Step, reason: str) -> None:
    """Refuse a step that lacks its reason, or whose reason is not text that everybody can be shown.

    Raises:
        Refused: "invalid".
    """
    try:
        read_text(reason)
    except BadValueError as error:
        raise Refused(Kind.INVALID, "The reason cannot be kept", [Fault("reason", error.why, error.mend)]) from error
    if step.reason and not reason.strip():
        fault = Fault("reason", "is missing", "say why, in words that the registrant can act on")
        raise Refused(Kind.INVALID, f"To {step.name} takes a reason", [fault])


def demand_legal(step: Step, states: Mapping[str, str]) -> None:
    """Refuse a step that is not legal for every one of some objects; ``states`` has their states by id.

    Raises:
        Refused: "conflict", with a fault for each that names the legal steps.
    """
    faults = [_illegal(step, id_, state) for id_, state in states.items() if state not in step.sources]
    if faults:
        raise Refused(Kind.CONFLICT, f"To {step.name} is not legal in that state", faults)


def _illegal(step: Step, id_: str, state: str) -> Fault:
    others = legal(step.subject, state)
    mend = f"legal steps are {', '.join(others)}" if others else "no step is legal any more"
    return Fault(id_, f"is {state}, so you cannot {step.name} it", mend)


def diagram(subject: str) -> str:
    """Return the state diagram of a subject, in mermaid."""
    lines = ["stateDiagram-v2", f"    [*] --> {INITIAL[subject]}"]
    for step in STEPS:
        if step.subject == subject:
            signs = [sign for sign, shown in (("intent", step.removes), ("two persons", step.persons > 1)) if shown]
            label = f"{step.name} ({', '.join(signs)})" if signs else step.name
            lines += [f"    {source} --> {step.target or source}: {label}" for source in step.sources]
    lines += [f"    {state} --> [*]" for state in states(subject) if not legal(subject, state)]
    return "\n".join(lines)
