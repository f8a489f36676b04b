"""/v1/held: what would cut more than may be cut before somebody has looked at it."""

from apiflask import APIBlueprint

from api.kit import agent
from api.kit.contract import GATEWAY_READERS, GATEWAY_WRITERS, Contract, serves
from control.commands.held import DropHeld, Held, HeldDecided, HeldShown, ReadHeld, ReleaseHeld, ShowHeld

blueprint = APIBlueprint("held", __name__, tag="Held")


@blueprint.get("/v1/held")
@serves(Contract(GATEWAY_READERS, Held))
def read() -> Held:
    """Read what is held.

    The entries stay live until somebody decides.
    """
    return agent.ask(ReadHeld())


@blueprint.get("/v1/held/<held_id>")
@serves(Contract(GATEWAY_READERS, HeldShown))
def show(held_id: str) -> HeldShown:
    """Read whom it would cut to release something.

    By name, and when each last had traffic, as far as that is known.
    """
    return agent.ask(ShowHeld(id=held_id))


@blueprint.post("/v1/held/<held_id>/release")
@serves(Contract(GATEWAY_WRITERS, HeldDecided))
def release(held_id: str) -> HeldDecided:
    """Have done what is held.

    Where it takes two people, the second one's word does it; whoever asked for it is the first.
    """
    return agent.ask(ReleaseHeld(id=held_id))


@blueprint.delete("/v1/held/<held_id>")
@serves(Contract(GATEWAY_WRITERS, HeldDecided))
def drop(held_id: str) -> HeldDecided:
    """Have it not done.

    The entries stay; what the feed's list lacks stays on the local list.
    """
    return agent.ask(DropHeld(id=held_id))
