"""What the gateway is ordered where there is a registry: every order by the API is in the audit, done or refused."""

import hashlib
from typing import Any

import structlog
from typing_extensions import Buffer

from api.registry.desk import store
from control.commands.request import Order, Reply
from control.fault import Refused
from control.registry.audit.gateway import GATEWAY

log = structlog.get_logger("api")

OURS = frozenset({"door", "who", "person", "until"})
"""What an order says of who gives it: the audit has that itself."""

SECRET = frozenset({"token", "seconds", "would"})
"""What a reply says to whoever asked alone, or that is no state."""


def note(order: Order[Any], body: Buffer, outcome: Reply | Refused) -> None:
    """Have an order audited. It stays done where the registry cannot be written: loosening waits for no registry."""
    said = order.model_dump(mode="json", exclude_defaults=True)
    if said.get("dry_run"):
        return
    wanted = {name: value for name, value in said.items() if name not in OURS}
    if size := memoryview(body).nbytes:
        wanted["body"] = {"sha256": hashlib.sha256(body).hexdigest(), "length": size}
    action = f"{GATEWAY}.{order.verb}"
    try:
        if isinstance(outcome, Refused):
            store.database().record_refusal(store.actor(), store.request_id(), outcome, action, GATEWAY)
            return
        reply = {name: value for name, value in outcome.model_dump(mode="json").items() if name not in SECRET}
        with store.writing() as writing:
            writing.set_action(action, GATEWAY)
            writing.record(action, GATEWAY, {}, {"order": wanted, "reply": reply})
    except Refused as refused:
        log.warning("an order was carried out, and the audit cannot be written", refusal=str(refused), order=wanted)
