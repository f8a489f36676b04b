"""The policy: read, and set."""

from control.commands.policy import PolicyState, ReadPolicy, SetPolicy
from control.edge.edge import Edge
from control.edge.list import demand_match


def read(edge: Edge, _request: ReadPolicy, _body: bytes) -> PolicyState:
    """Return the policy as the kernel has it."""
    return edge.policies.state


def change(edge: Edge, request: SetPolicy, _body: bytes) -> PolicyState:
    """Set the rules of the protocols named; plans of theirs end, and what is tightened may have to be confirmed."""
    origin, rollout = request.origin(), edge.config.rollout
    with edge.turn(origin) as turn:
        demand_match(edge.policies.etag, request.if_match, "policy")
        if request.dry_run:
            preview = edge.traffic.preview(turn, request.policy)
            return edge.policies.state.model_copy(update={"preview": preview})
        before = edge.policies.tightened_by(request.policy)
        within = request.confirm_within
        if within is None:
            is_first = any(not edge.policies.dropped_share(name) for name in before)
            within = rollout.confirm_first if is_first else rollout.confirm
        with edge.confirmations.asked(turn, within if before else 0, None, before, origin) as asked:
            edge.policies.set(turn, request.policy, request.if_match)
        edge.plans.taken_over(list(request.policy), f"{origin.who or origin.door.value} set the policy")
        edge.lease.shorten(edge.confirmations.until)
        return edge.policies.state.model_copy(update={"token": asked.token})
