"""Which function here does which command."""

from collections.abc import Callable, Mapping
from typing import Any

from control.commands.bypass import ReadBypass, SetBypass
from control.commands.catalogue import REQUESTS
from control.commands.interfaces import Attach, Detach
from control.commands.list import ChangeList, ReadList, ReplaceList
from control.commands.packets import CheckAddress, ExplainPacket, ReadCounters, SamplePackets
from control.commands.policy import ReadPolicy, SetPolicy
from control.commands.request import Order, Reply, Request, read
from control.commands.status import ReadStatus
from control.edge.commands import bypass, interfaces, packets, policy, status
from control.edge.commands import list as lists
from control.edge.edge import Edge
from control.fault import Fault, Kind, Refused

Done = Reply | tuple[Reply, bytes]

DOING: Mapping[type[Request[Any]], Callable[[Edge, Any, bytes], Done]] = {
    Attach: interfaces.attach,
    ChangeList: lists.change,
    CheckAddress: packets.check,
    Detach: interfaces.detach,
    ExplainPacket: packets.explain,
    ReadBypass: bypass.read,
    ReadCounters: packets.count,
    ReadList: lists.read,
    ReadPolicy: policy.read,
    ReadStatus: status.read,
    ReplaceList: lists.replace,
    SamplePackets: packets.sample,
    SetBypass: bypass.change,
    SetPolicy: policy.change,
}


def answer(edge: Edge, head: dict[str, Any], body: bytes, user: str = "") -> tuple[Reply, bytes]:
    """Do what one message asks for: ``head`` has the verb and its arguments; ``user`` is who sent it.

    Raises:
        Refused: as the edge refuses, or the verb or its arguments are not known.
    """
    verb = head.pop("verb", None)
    if not isinstance(verb, str) or verb not in REQUESTS:
        fault = Fault("verb", f"{verb!r} is not known", f"use one of {', '.join(sorted(REQUESTS))}")
        raise Refused(Kind.BAD_REQUEST, "The agent does not know this verb", [fault])
    request = read(REQUESTS[verb], head)
    if isinstance(request, Order) and user:
        request = request.model_copy(update={"who": f"{request.who}, {user}" if request.who else user})
    done = DOING[type(request)](edge, request, body)
    return done if isinstance(done, tuple) else (done, b"")
