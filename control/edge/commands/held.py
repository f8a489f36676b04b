"""What is held: read, and released."""

from control.commands.held import Held, HeldReleased, ReadHeld, ReleaseHeld
from control.edge.edge import Edge


def read(edge: Edge, _request: ReadHeld, _body: bytes) -> Held:
    """Return what stays live although the feed's list has it no more."""
    return edge.feed.read_held()


def release(edge: Edge, request: ReleaseHeld, _body: bytes) -> HeldReleased:
    """Have it as the feed has it."""
    origin = request.origin()
    with edge.turn(origin) as turn:
        return edge.feed.release(turn, origin)
