"""The brake: read, pulled, and let go."""

from control.commands.bypass import BypassState, ReadBypass, SetBypass
from control.edge.edge import Edge


def read(edge: Edge, _request: ReadBypass, _body: bytes) -> BypassState:
    """Return whether nothing is dropped, as the kernel has it."""
    return edge.bypass.state


def change(edge: Edge, request: SetBypass, _body: bytes) -> BypassState:
    """Pull the brake by command, or let it go."""
    with edge.turn(request.origin()) as turn:
        return edge.bypass.set(turn, request.on)
