"""The interfaces: guarded, and not guarded any more."""

from control.commands.interfaces import Attach, Attached, Detach, Detached
from control.edge.edge import Edge
from control.fault import Fault, Kind, Refused, shown
from control.vocabulary import ATTACH_MODES


def attach(edge: Edge, request: Attach, _body: bytes) -> Attached:
    """Guard an interface from now on."""
    if request.mode not in ATTACH_MODES:
        fault = Fault("mode", f"{shown(request.mode)} is no mode", f"give one of {', '.join(ATTACH_MODES)}")
        raise Refused(Kind.BAD_REQUEST, "The mode is not known", [fault])
    with edge.turn(request.origin()) as turn:
        return edge.interfaces.attach(turn, request.interface, request.mode)


def detach(edge: Edge, request: Detach, _body: bytes) -> Detached:
    """Stop guarding an interface, or all of them."""
    with edge.turn(request.origin()) as turn:
        return Detached(detached=edge.interfaces.detach(turn, request.interface))
