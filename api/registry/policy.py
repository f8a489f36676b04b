"""The policy where there is a registry: a stricter one is an intent, which a second officer confirms."""

from collections.abc import Callable

from api.kit import agent
from api.kit.shared import PolicyState, Rules
from api.registry.desk import store
from control.fault import Fault, Kind, Refused
from control.registry.intents import policies


def change(read: Callable[[], tuple[Rules, str | None]]) -> PolicyState:
    """Set what refuses no more than now, and propose what refuses more of any protocol, as a whole.

    Args:
        read: reads from the request the rules and the ETag of the policy that they are meant for, none for any.

    Raises:
        Refused: as ``read`` or the agent refused; "stale"; "conflict": another proposal is open.
    """
    with store.attempting("policy.change", policies.POLICY):
        wanted, named = read()
    with store.writing() as writing:
        writing.attempt("policy.change", policies.POLICY)
        now = agent.ask("policy")
        _demand_match(now["etag"], named)
        if policies.stricter(now["policy"], wanted):
            proposal = policies.propose(writing, wanted, now["etag"])
            return PolicyState(now["policy"], now["etag"], f"/v1/intents/{proposal.id}")
        policies.put(writing, wanted, now["etag"], agent.set_policy)
    now = agent.ask("policy")
    return PolicyState(now["policy"], now["etag"])


def _demand_match(now: str, named: str | None) -> None:
    if named not in (None, now):
        fault = Fault("header If-Match", f"is {named}, and the policy is {now} by now", "read it again, and decide")
        raise Refused(Kind.STALE, "The policy is not what you read", [fault])
