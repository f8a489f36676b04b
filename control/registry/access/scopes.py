"""Who may do what: one table of actions and scopes, read by view, service, command, job and document alike.

What a scope may see follows from ``sight``, and who may take a step from ``workflow.STEPS``; the rest is told here.
Which of the objects it may be done with is for ``sight`` too: what an actor does not see is not there for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from control.fault import Fault, Kind, Refused
from control.registry.access import sight
from control.registry.access.actor import SCOPES, Actor
from control.registry.cases import workflow
from control.registry.store import model


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table.

    Attributes:
        action: its name; that of a change is its name in the audit too.
        scopes: who may; an actor needs one of them.
        words: what it is, to go on after "You may not".
    """

    action: str
    scopes: tuple[str, ...]
    words: str

    @property
    def token_scopes(self) -> tuple[str, ...]:
        """The scopes that a token can have, in the order of SCOPES."""
        return tuple(scope for scope in SCOPES if scope in self.scopes)


def _sees(table: type[model.Base]) -> tuple[str, ...]:
    return sight.seers(sight.GROUNDS[table])


def _any(steps: Iterable[workflow.Step]) -> tuple[str, ...]:
    """Return who may take at least one of some steps; which of them is demanded once it is known."""
    return tuple(dict.fromkeys(scope for step in steps for scope in step.scopes))


IN_BULK = tuple(workflow.step("application", name) for name in ("submit", "confirm", "approve"))
"""Steps that many applications can take at once."""

_REMOVING = tuple(step for step in workflow.STEPS if step.removes)

# fmt: off
RULES = (
    Rule("registrant.read", _sees(model.Registrant), "see registrants"),
    Rule("registrant.create", ("officer",), "enter a registrant"),
    Rule("registrant.edit", ("registrant", "officer"), "change this registrant"),
    Rule("application.read", _sees(model.Application), "see applications"),
    Rule("application.create", ("registrant", "officer"), "apply"),
    Rule("application.step", _any(IN_BULK), "take applications a step further"),
    *(Rule(step.action, step.scopes, f"{step.name} this {step.subject}") for step in workflow.STEPS),
    Rule("registration.read", _sees(model.Registration), "see registrations"),
    Rule("registration.tick", ("officer", "operator"), "attend to the dates"),
    Rule("intent.read", _sees(model.Intent), "see intents"),
    Rule("intent.propose", _any(_REMOVING), "propose an intent"),
    Rule("intent.confirm", ("officer",), "decide on an intent"),
    Rule("intent.cancel", ("officer",), "decide on an intent"),
    Rule("policy.change", ("officer", "operator"), "change the policy"),
    Rule("provider.read", _sees(model.Provider), "see providers"),
    Rule("provider.queue", sight.seers(sight.QUEUES), "see what waits for a provider"),
    Rule("provider.create", ("officer", "operator"), "enter a provider"),
    Rule("provider.edit", ("officer", "operator"), "change a provider"),
    Rule("officer.read", _sees(model.Officer), "see officers"),
    Rule("officer.create", ("operator",), "enter an officer"),
    Rule("token.read", _sees(model.Token), "see tokens"),
    Rule("token.create", ("officer", "operator"), "make such a token"),
    Rule("token.create-privileged", ("operator",), "make such a token"),
    Rule("token.revoke", ("officer", "operator"), "revoke a token"),
    Rule("import.order", ("registrant", "officer"), "import applications"),
    Rule("export.order", (*_sees(model.Application), *_sees(model.Registration)), "export"),
    Rule("job.read", _sees(model.Job), "see jobs"),
    Rule("job.work", ("officer", "operator"), "do what waits"),
    Rule("audit.read", _sees(model.AuditRow), "see the audit"),
    Rule("list.follow", _sees(model.Publication), "follow the live list"),
    Rule("registry.backup", ("operator",), "take a copy of everything"),
    Rule("gateway.read", ("officer", "operator", "auditor"), "see the gateway's list and state"),
    Rule("gateway.change", ("operator",), "change the gateway's list"),
)
# fmt: on

_BY_ACTION = {rule.action: rule for rule in RULES}


def token_scopes(action: str) -> frozenset[str]:
    """Return the scopes of which a token needs one for an action.

    Raises:
        KeyError: the table has no such action.
    """
    return frozenset(_BY_ACTION[action].token_scopes)


def may(actor: Actor, action: str) -> bool:
    """Return whether an actor has a scope for an action.

    Raises:
        KeyError: the table has no such action.
    """
    return bool(actor.scopes & set(_BY_ACTION[action].scopes))


def demand(actor: Actor, action: str) -> None:
    """Refuse an action to whoever has none of its scopes.

    Raises:
        Refused: "forbidden".
        KeyError: the table has no such action.
    """
    if not may(actor, action):
        rule = _BY_ACTION[action]
        allowed = " or ".join(rule.token_scopes)
        mend = f"it takes the scope {allowed}" if allowed else "the registry's clock does it by itself"
        fault = Fault(f"action {action}", f"is not for {actor.id}", mend)
        raise Refused(Kind.FORBIDDEN, f"You may not {rule.words}", [fault])
