"""The gateway's policy held against the orders that came through the registry: what refuses more was set around it.

A gateway obeys its own machine as well: root there needs no two officers. It is said here when that was done.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from control.registry.audit.chain import Tampering
from control.registry.intents.policies import Rules, refused_share
from control.registry.store.model import AuditRow

GATEWAY = "gateway"
"""The gateway's name in the audit; an action of it is called GATEWAY.VERB."""

STEPPING = ("rollout_start", "rollout_resume", "rollout_move")
"""Verbs after which a plan enforces in steps, up to everything."""


def findings(session: Session, policy: Rules) -> Iterator[Tampering]:
    """Yield which protocols a gateway refuses more of than it was ordered; nothing before the first order."""
    columns = select(AuditRow.seq, AuditRow.action, AuditRow.after)
    orders = columns.where(AuditRow.object == GATEWAY, AuditRow.outcome == "done").order_by(AuditRow.seq)
    ordered: dict[str, int] = {}
    last = 0
    for seq, action, after in session.execute(orders):
        try:
            said = json.loads(after)
            ordered = _after(ordered, action.removeprefix(f"{GATEWAY}."), said["order"], said["reply"])
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # the chain says that it was altered
        last = seq
    for protocol, rule in policy.items() if ordered else ():
        share, most = refused_share(rule), ordered.get(protocol, 0)
        if share > most:
            what = f"{share} % of unregistered flows are refused, and by row {last} of the audit {most} % at most"
            yield Tampering(f"policy of {protocol}", f"{what}: it was set at the gateway itself")


def _after(ordered: dict[str, int], verb: str, order: Mapping[str, Any], reply: Mapping[str, Any]) -> dict[str, int]:
    """Return the highest share by protocol to which a gateway may go after an order."""
    if verb == "set_policy":
        rules = {protocol: refused_share(rule) for protocol, rule in reply["policy"].items()}
        named = {protocol: share for protocol, share in rules.items() if protocol in order["policy"]}
        return {**rules, **ordered, **named}
    if verb in STEPPING:
        return ordered | dict.fromkeys(order["protocols"], 100)
    return ordered
