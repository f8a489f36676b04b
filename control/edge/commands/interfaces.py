"""The interfaces: guarded, and not guarded any more."""

from control.commands.interfaces import Attach, Attached, Detach, Detached
from control.edge.edge import Edge
from control.fault import Fault, Kind, Refused, shown
from control.vocabulary import ATTACH_MODES, VPN_PROTOCOLS


def attach(edge: Edge, request: Attach, _body: bytes) -> Attached:
    """Guard an interface from now on; where anything is enforced, that may have to be confirmed."""
    if request.mode not in ATTACH_MODES:
        fault = Fault("mode", f"{shown(request.mode)} is no mode", f"give one of {', '.join(ATTACH_MODES)}")
        raise Refused(Kind.BAD_REQUEST, "The mode is not known", [fault])
    origin = request.origin()
    with edge.turn(origin) as turn:
        is_new = not edge.interfaces.is_guarded(request.interface)
        enforced = [name for name in VPN_PROTOCOLS if is_new and edge.policies.dropped_share(name)]
        if request.dry_run:
            return _told(edge.interfaces.foresee(request.interface, request.mode), enforced)
        within = edge.config.rollout.confirm_first if request.confirm_within is None else request.confirm_within
        with edge.confirmations.asked(turn, within if enforced else 0, None, {}, origin, request.interface) as asked:
            state = edge.interfaces.attach(turn, request.interface, request.mode)
        edge.lease.shorten(edge.confirmations.until)
        return _told(state, enforced, asked.token)


def _told(state: Attached, enforced: list[str], token: str | None = None) -> Attached:
    """Return how an interface stands, with what enforcing does to it, of which no traffic was seen yet."""
    which = ", ".join(enforced)
    refused = f"{which}: who is unregistered is refused on it; how many that is, is not known before it is looked at"
    warnings = [*state.warnings, *([refused] if enforced else [])]
    return state.model_copy(update={"enforced": enforced, "token": token, "warnings": warnings})


def detach(edge: Edge, request: Detach, _body: bytes) -> Detached:
    """Stop guarding an interface, or all of them."""
    with edge.turn(request.origin()) as turn:
        return Detached(detached=edge.interfaces.detach(turn, request.interface))
