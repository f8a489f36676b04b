"""The policy where there is a registry: a stricter one is an intent, which a second officer confirms."""

from collections.abc import Callable

from api.kit import agent
from api.kit.shared import PolicyChange
from api.registry.desk import store
from control.commands.policy import ReadPolicy, SetPolicy
from control.fault import Fault, Kind, Refused
from control.registry.intents import intents, policies


def change(read: Callable[[], SetPolicy]) -> PolicyChange:
    """Set what refuses no more than now, and propose what refuses more of any protocol, as a whole.

    Args:
        read: reads from the request the rules, and the ETag of the policy that they are meant for, none for any.

    Raises:
        Refused: as ``read`` or the agent refused; "stale"; "conflict": another proposal is open.
    """
    with store.attempting("policy.change", policies.POLICY):
        order = read()
        rules = {protocol: rule.model_dump() for protocol, rule in order.policy.items()}
        now = agent.ask(ReadPolicy())
        _demand_match(now.etag, order.if_match)
    if policies.stricter(now.model_dump()["policy"], rules):
        with store.writing() as writing:
            writing.set_action("policy.change", policies.POLICY)
            proposal = policies.propose(writing, rules, now.etag)
            return PolicyChange(now, f"/v1/intents/{proposal.id}")
    return PolicyChange(agent.set_policy(rules, now.etag))


def enact(intent: str, rules: policies.Rules, seen: str) -> None:
    """Have the gateway set a policy to which two persons have agreed; where it refuses, the intent is open again.

    Raises:
        Refused: as the agent refused.
    """
    try:
        agent.set_policy(rules, seen)
    except Refused:
        with store.writing() as writing:
            intents.reopen(writing, intent)
        raise


def _demand_match(now: str, named: str | None) -> None:
    if named not in (None, now):
        fault = Fault("header If-Match", f"is {named}, and the policy is {now} by now", "read it again, and decide")
        raise Refused(Kind.STALE, "The policy is not what you read", [fault])
