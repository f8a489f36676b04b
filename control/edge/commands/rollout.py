"""Plans: read, begun, paused, resumed, undone, moved."""

from control.commands.rollout import MovePlan, PausePlan, Plans, ReadPlans, ResumePlan, StartPlan, UndoPlan
from control.edge.edge import Edge


def read(edge: Edge, _request: ReadPlans, _body: bytes) -> Plans:
    """Return how all plans stand."""
    return Plans(plans=edge.plans.states)


def start(edge: Edge, request: StartPlan, _body: bytes) -> Plans:
    """Begin some; the first step of what starts at once is taken, and may have to be confirmed."""
    origin, rollout = request.origin(), edge.config.rollout
    with edge.turn(origin) as turn:
        within = request.confirm_within
        if within is None:
            within = rollout.confirm_first if edge.plans.is_first(request.protocols) else rollout.confirm
        rules = edge.policies.state.policy
        before = {name: (rules[name].mode, rules[name].share) for name in request.protocols}
        edge.plans.start(turn, request.protocols, request.shares, request.soak, request.date)
        if request.date is not None:
            return Plans(plans=edge.plans.states)
        with edge.confirmations.asked(turn, within, None, before, origin) as asked:
            edge.plans.begin(turn, request.protocols)
        edge.lease.shorten(edge.confirmations.until)
        return Plans(plans=edge.plans.states, token=asked.token)


def pause(edge: Edge, request: PausePlan, _body: bytes) -> Plans:
    """Have some stay where they are."""
    with edge.turn(request.origin()) as turn:
        edge.plans.pause(turn, request.protocols)
        return Plans(plans=edge.plans.states)


def resume(edge: Edge, request: ResumePlan, _body: bytes) -> Plans:
    """Have some go on."""
    with edge.turn(request.origin()) as turn:
        edge.plans.resume(turn, request.protocols)
        return Plans(plans=edge.plans.states)


def undo(edge: Edge, request: UndoPlan, _body: bytes) -> Plans:
    """Have policies be what they were before."""
    with edge.turn(request.origin()) as turn:
        edge.plans.undo(turn, request.protocols)
        return Plans(plans=edge.plans.states)


def move(edge: Edge, request: MovePlan, _body: bytes) -> Plans:
    """Give some another date."""
    with edge.turn(request.origin()) as turn:
        edge.plans.move(turn, request.protocols, request.date)
        return Plans(plans=edge.plans.states)
