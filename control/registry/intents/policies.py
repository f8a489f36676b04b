"""The gateway's policy under the registry: letting more through is instant, refusing more takes two officers."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from control.fault import Fault, Kind, Refused
from control.registry.access import scopes
from control.registry.store import rows
from control.registry.store.ids import new_id
from control.registry.store.model import Intent
from control.registry.store.writing import Writing

POLICY = "policy"
"""The step of an intent that is about the policy, and the policy's name in the audit."""

Rules = Mapping[str, Mapping[str, Any]]
"""Protocol to ``mode`` and ``share``, as the agent has them."""


def stricter(now: Rules, proposed: Rules) -> bool:
    """Return whether any protocol of ``wanted`` would lose a larger share of its unregistered flows than now."""
    return any(refused_share(rule) > refused_share(now[name]) for name, rule in proposed.items())


def refused_share(rule: Mapping[str, Any]) -> int:
    """Return of how many per cent of the unregistered flows a rule refuses what it recognises."""
    return int(rule["share"]) if rule["mode"] == "enforce" else 0


def propose(writing: Writing, policy: Rules, seen: str) -> Intent:
    """Propose a policy in place of the one that the ETag ``seen`` names; one proposal is open at a time.

    Raises:
        Refused: "conflict": another is open.
    """
    scopes.demand(writing.actor, "policy.change")
    other = writing.session.scalars(select(Intent.id).where(Intent.step == POLICY, Intent.state == "open")).first()
    if other is not None:
        fault = Fault(POLICY, f"is in the open intent {other}", "confirm or cancel that one first")
        raise Refused(Kind.CONFLICT, "Another intent is open", [fault])
    intent = Intent(
        id=new_id("int"),
        step=POLICY,
        reason="",
        state="open",
        proposed_by=writing.actor.id,
        proposed_behind=writing.actor.behind,
        policy=dict(policy),
        policy_etag=seen,
        created_at=writing.now,
        changed_at=writing.now,
    )
    writing.session.add(intent)
    writing.session.flush()
    writing.record(f"intent.{POLICY}", intent.id, {}, rows.columns(intent))
    return intent
