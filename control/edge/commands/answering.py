"""Which function here does which command."""

from collections.abc import Callable, Mapping
from typing import Any

from control.commands.bypass import ReadBypass, SetBypass
from control.commands.catalogue import REQUESTS
from control.commands.confirm import CancelChange, ConfirmChange
from control.commands.doctor import Examine
from control.commands.heads import ReadHeads
from control.commands.held import DropHeld, ReadHeld, ReleaseHeld, ShowHeld
from control.commands.history import CompareRevisions, ReadHistory, RollBack, ShowRevision
from control.commands.interfaces import Attach, Detach
from control.commands.list import ChangeList, ReadList, ReplaceList
from control.commands.packets import (
    CheckAddress,
    ExplainPacket,
    ReadCounters,
    ReadEvents,
    ReadRegistration,
    RunPackets,
    SamplePackets,
)
from control.commands.policy import ReadPolicy, SetPolicy
from control.commands.request import Order, Reply, Request, read
from control.commands.rollout import MovePlan, PausePlan, ReadPlans, ResumePlan, StartPlan, UndoPlan
from control.commands.status import ReadStatus
from control.edge.commands import (
    bypass,
    confirm,
    doctor,
    heads,
    held,
    history,
    interfaces,
    packets,
    policy,
    rollout,
    status,
)
from control.edge.commands import list as lists
from control.edge.commands.peer import Peer
from control.edge.edge import Edge
from control.fault import Fault, Kind, Refused

Done = Reply | tuple[Reply, bytes]

DOING: Mapping[type[Request[Any]], Callable[[Edge, Any, bytes], Done]] = {
    Attach: interfaces.attach,
    CancelChange: confirm.cancel,
    ChangeList: lists.change,
    CheckAddress: packets.check,
    CompareRevisions: history.compare,
    Detach: interfaces.detach,
    ConfirmChange: confirm.confirm,
    DropHeld: held.drop,
    Examine: doctor.examine,
    ExplainPacket: packets.explain,
    MovePlan: rollout.move,
    PausePlan: rollout.pause,
    ReadBypass: bypass.read,
    ReadCounters: packets.count,
    ReadEvents: packets.read_events,
    ReadHeads: heads.read,
    ReadHeld: held.read,
    ReadHistory: history.read,
    ReadList: lists.read,
    ReadPlans: rollout.read,
    ReadPolicy: policy.read,
    ReadRegistration: packets.registration,
    ReadStatus: status.read,
    ReleaseHeld: held.release,
    ReplaceList: lists.replace,
    ResumePlan: rollout.resume,
    RollBack: history.roll_back,
    RunPackets: packets.run,
    SamplePackets: packets.sample,
    SetBypass: bypass.change,
    SetPolicy: policy.change,
    ShowHeld: held.show,
    ShowRevision: history.show,
    StartPlan: rollout.start,
    UndoPlan: rollout.undo,
}


def answer(edge: Edge, head: dict[str, Any], body: bytes, peer: Peer | None = None) -> tuple[Reply, bytes]:
    """Do what one message asks for: ``head`` has the verb and its arguments, ``peer`` is who sent it, if a socket did.

    Raises:
        Refused: as the edge refuses, the verb or its arguments are not known, or the peer has no right to it.
    """
    verb = head.pop("verb", None)
    if not isinstance(verb, str) or verb not in REQUESTS:
        fault = Fault("verb", f"{verb!r} is not known", f"use one of {', '.join(sorted(REQUESTS))}")
        raise Refused(Kind.BAD_REQUEST, "The agent does not know this verb", [fault])
    request = read(REQUESTS[verb], head)
    if peer is not None:
        peer.demand(request.right, edge.config.socket)
        request = _of(peer, request)
    done = DOING[type(request)](edge, request, body)
    return done if isinstance(done, tuple) else (done, b"")


def _of(peer: Peer, request: Request[Any]) -> Request[Any]:
    """Return a request with who sent it, whatever it says itself: what a door says of who asks stands beside that."""
    if not isinstance(request, Order):
        return request
    person = peer.person(request.door, request.person)
    who = f"{request.who}, {peer}" if request.who else str(peer)
    return request.model_copy(update={"who": who, "person": person})
