"""History: read, shown, compared, and gone back in."""

from control.commands.history import (
    CompareRevisions,
    Difference,
    LastRevisions,
    ReadHistory,
    RevisionShown,
    RollBack,
    RolledBack,
    ShowRevision,
)
from control.edge.commands.list import to_confirm
from control.edge.edge import Edge


def read(edge: Edge, request: ReadHistory, _body: bytes) -> LastRevisions:
    """Return the last revisions."""
    with edge.turn():
        return LastRevisions(revisions=edge.past.last(request.most))


def show(edge: Edge, request: ShowRevision, _body: bytes) -> RevisionShown:
    """Return what one revision did."""
    with edge.turn():
        return edge.past.show(request.revision)


def compare(edge: Edge, request: CompareRevisions, _body: bytes) -> Difference:
    """Return what is between two revisions."""
    with edge.turn():
        return edge.past.diff(request.one, request.other)


def roll_back(edge: Edge, request: RollBack, _body: bytes) -> RolledBack:
    """Go back to one of them."""
    origin = request.origin()
    with edge.turn(origin) as turn, to_confirm(edge, turn, request.confirm_within, request.dry_run) as asked:
        done = edge.past.roll_back(turn, request.revision, origin, dry_run=request.dry_run, override=request.override)
        if done.cut is None or done.held or not done.live:
            asked.token = None
        return done.model_copy(update={"token": asked.token})
