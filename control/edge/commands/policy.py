"""The policy: read, and set."""

from control.commands.policy import PolicyState, ReadPolicy, SetPolicy
from control.edge.edge import Edge


def read(edge: Edge, _request: ReadPolicy, _body: bytes) -> PolicyState:
    """Return the policy as the kernel has it."""
    return edge.policies.state


def change(edge: Edge, request: SetPolicy, _body: bytes) -> PolicyState:
    """Set the rules of the protocols named."""
    with edge.turn(request.origin()) as turn:
        edge.policies.set(turn, request.policy, request.if_match)
        return edge.policies.state
