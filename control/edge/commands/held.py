"""What is held: read, shown, released, dropped."""

from control.commands.held import DropHeld, Held, HeldDecided, HeldShown, ReadHeld, ReleaseHeld, ShowHeld
from control.edge.edge import Edge


def read(edge: Edge, _request: ReadHeld, _body: bytes) -> Held:
    """Return everything that is held."""
    if edge.contact is not None:
        edge.feed.demand_heard()
    return Held(items=edge.held.items)


def show(edge: Edge, request: ShowHeld, _body: bytes) -> HeldShown:
    """Return one thing that is held, and whom it would cut."""
    with edge.turn() as turn:
        return edge.held.show(turn, request.id)


def release(edge: Edge, request: ReleaseHeld, _body: bytes) -> HeldDecided:
    """Have it done, if as many people want it as it takes."""
    origin = request.origin()
    with edge.turn(origin) as turn:
        return edge.held.release(turn, request.id, origin)


def drop(edge: Edge, request: DropHeld, _body: bytes) -> HeldDecided:
    """Have it not done."""
    origin = request.origin()
    with edge.turn(origin) as turn:
        return edge.held.drop(turn, request.id, origin)
