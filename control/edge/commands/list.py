"""The local list: read, replaced, changed."""

from control.allowlist.allowlist import Allowlist
from control.commands.list import ChangeList, ListChanged, ListHead, ReadList, ReplaceList
from control.edge.edge import Edge
from control.fault import Fault, Kind, Refused


def read(edge: Edge, _request: ReadList, _body: bytes) -> tuple[ListHead, bytes]:
    """Return the list: its head, and the list packed."""
    state = edge.list.state
    position, allowlist = state.local, state.union.local
    head = ListHead(epoch=position.epoch, serial=position.serial, count=len(allowlist), etag=position.etag)
    return head, allowlist.pack()


def replace(edge: Edge, request: ReplaceList, body: bytes) -> ListChanged:
    """Make the packed list of the body the local one."""
    new, origin = _unpacked(body), request.origin()
    with edge.turn(origin) as turn:
        return edge.list.replace(
            turn,
            new,
            origin,
            if_match=request.if_match,
            dry_run=request.dry_run,
            allow_empty=request.allow_empty,
            override=request.override,
        )


def change(edge: Edge, request: ChangeList, body: bytes) -> ListChanged:
    """Add the first packed list of the body, and remove the second."""
    add, remove = _unpacked(body[: request.add_size]), _unpacked(body[request.add_size :])
    origin = request.origin()
    with edge.turn(origin) as turn:
        return edge.list.change(
            turn,
            add,
            remove,
            origin,
            if_match=request.if_match,
            dry_run=request.dry_run,
            override=request.override,
        )


def _unpacked(body: bytes) -> Allowlist:
    try:
        return Allowlist.unpack(body)
    except ValueError as error:
        fault = Fault("body", str(error), "send what Allowlist.pack makes, of the same version")
        raise Refused(Kind.BAD_REQUEST, "The list is not packed as it should be", [fault]) from error
