"""The local list: read, replaced, changed."""

from contextlib import AbstractContextManager

from control.allowlist.allowlist import Allowlist
from control.commands.list import ChangeList, ListChanged, ListHead, ReadList, ReplaceList
from control.edge.careful.confirmations import Asked
from control.edge.edge import Edge
from control.edge.turn import Turn
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
    with edge.turn(origin) as turn, to_confirm(edge, turn, request.confirm_within, request.dry_run) as asked:
        done = edge.list.replace(
            turn,
            new,
            origin,
            if_match=request.if_match,
            dry_run=request.dry_run,
            allow_empty=request.allow_empty,
            override=request.override,
            doubtful=request.doubtful,
        )
        if done.live:
            edge.ends.note(turn, new, None, origin)
        return _with_token(done, asked)


def change(edge: Edge, request: ChangeList, body: bytes) -> ListChanged:
    """Add the first packed list of the body, and remove the second."""
    add, remove = _unpacked(body[: request.add_size]), _unpacked(body[request.add_size :])
    origin = request.origin()
    with edge.turn(origin) as turn, to_confirm(edge, turn, request.confirm_within, request.dry_run) as asked:
        done = edge.list.change(
            turn,
            add,
            remove,
            origin,
            if_match=request.if_match,
            dry_run=request.dry_run,
            override=request.override,
            doubtful=request.doubtful,
        )
        if done.live:
            edge.ends.note(turn, add, request.lasts, origin)
        return _with_token(done, asked)


def to_confirm(edge: Edge, turn: Turn, within: float | None, dry_run: bool) -> AbstractContextManager[Asked]:
    """Have the next revision of the live list confirmed in so many seconds, or in as many as are configured."""
    seconds = edge.config.rollout.confirm if within is None else within
    return edge.confirmations.asked(turn, 0 if dry_run else seconds, edge.list.state.revision + 1, {}, turn.origin)


def _with_token(done: ListChanged, asked: Asked) -> ListChanged:
    if done.cut is None or done.held or not done.live:
        asked.token = None
    return done.model_copy(update={"token": asked.token})


def _unpacked(body: bytes) -> Allowlist:
    try:
        return Allowlist.unpack(body)
    except ValueError as error:
        fault = Fault("body", str(error), "send what Allowlist.pack makes, of the same version")
        raise Refused(Kind.BAD_REQUEST, "The list is not packed as it should be", [fault]) from error
