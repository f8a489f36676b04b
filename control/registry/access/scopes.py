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
class Permission:
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

KEEPING = tuple(workflow.step("registration", name) for name in ("renew", "resume", "restore"))
"""Steps that many registrations can take at once: they let more through."""

_REMOVING = tuple(step for step in workflow.STEPS if step.removes)

# fmt: off
PERMISSIONS = (
    Permission("registrant.read", _sees(model.Registrant), "see registrants"),
    Permission("registrant.create", ("officer",), "enter a registrant"),
    Permission("registrant.edit", ("registrant", "officer"), "change this registrant"),
    Permission("application.read", _sees(model.Application), "see applications"),
    Permission("application.create", ("registrant", "officer"), "apply"),
    Permission("application.step", _any(IN_BULK), "take applications a step further"),
    *(Permission(step.action, step.scopes, f"{step.name} this {step.subject}") for step in workflow.STEPS),
    Permission("registration.step", _any(KEEPING), "take registrations a step further"),
    Permission("registration.read", _sees(model.Registration), "see registrations"),
    Permission("registration.tick", ("officer", "operator"), "attend to the dates"),
    Permission("intent.read", _sees(model.Intent), "see intents"),
    Permission("intent.propose", _any(_REMOVING), "propose an intent"),
    Permission("intent.confirm", ("officer",), "decide on an intent"),
    Permission("intent.cancel", ("officer",), "decide on an intent"),
    Permission("intent.undo", ("officer",), "undo an intent"),
    Permission("policy.change", ("officer", "operator"), "change the policy"),
    Permission("provider.read", _sees(model.Provider), "see providers"),
    Permission("provider.queue", sight.seers(sight.QUEUES), "see what waits for a provider"),
    Permission("provider.create", ("officer", "operator"), "enter a provider"),
    Permission("provider.edit", ("officer", "operator"), "change a provider"),
    Permission("provider.space", ("officer", "operator"), "say which space is a provider's"),
    Permission("person.read", _sees(model.Person), "see persons"),
    Permission("person.create", ("officer", "operator"), "enter such a person"),
    Permission("person.create-privileged", ("operator",), "enter such a person"),
    Permission("person.edit", ("operator",), "change a person"),
    Permission("person.close", ("operator",), "close a person"),
    Permission("person.reopen", ("operator",), "reopen a person"),
    Permission("self.read", SCOPES, "see yourself"),
    Permission("token.read", _sees(model.Token), "see tokens"),
    Permission("token.create", ("officer", "operator"), "make such a token"),
    Permission("token.create-privileged", ("operator",), "make such a token"),
    Permission("token.revoke", ("registrant", "provider", "officer", "operator", "auditor"), "revoke this token"),
    Permission("token.revoke-unprivileged", ("officer", "operator"), "revoke this token"),
    Permission("token.revoke-privileged", ("operator",), "revoke this token"),
    Permission("import.order", ("registrant", "officer"), "import applications"),
    Permission("export.order", (*_sees(model.Application), *_sees(model.Registration)), "export"),
    Permission("job.read", _sees(model.Job), "see jobs"),
    Permission("job.work", ("officer", "operator"), "do what waits"),
    Permission("audit.read", _sees(model.AuditRow), "see the audit"),
    Permission("edge.read", _sees(model.FollowingEdge), "see the edges"),
    Permission("edge.create", ("operator",), "enter an edge"),
    Permission("edge.bind", ("operator",), "say by which login an edge speaks"),
    Permission("edge.retire", ("operator",), "say that an edge is no more"),
    Permission("list.follow", _sees(model.Publication), "follow the live list"),
    Permission("registry.backup", ("operator",), "take a copy of everything"),
    Permission("gateway.read", ("officer", "operator", "auditor"), "see the gateway's list and state"),
    Permission("gateway.change", ("operator",), "change the gateway's list"),
)
# fmt: on

_BY_ACTION = {permission.action: permission for permission in PERMISSIONS}


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
        permission = _BY_ACTION[action]
        allowed = " or ".join(permission.token_scopes)
        mend = f"it takes the scope {allowed}" if allowed else "the registry's clock does it by itself"
        fault = Fault(f"action {action}", f"is not for {actor.id}", mend)
        raise Refused(Kind.FORBIDDEN, f"You may not {permission.words}", [fault])
