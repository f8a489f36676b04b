"""History: read, shown, compared, and gone back in."""

from control.commands.history import (
    CompareSteps,
    Difference,
    History,
    ReadHistory,
    RollBack,
    RolledBack,
    ShowStep,
    StepShown,
)
from control.edge.edge import Edge


def read(edge: Edge, request: ReadHistory, _body: bytes) -> History:
    """Return the last revisions."""
    with edge.turn():
        return History(steps=edge.past.steps(request.most))


def show(edge: Edge, request: ShowStep, _body: bytes) -> StepShown:
    """Return what one revision did."""
    with edge.turn():
        return edge.past.show(request.revision)


def compare(edge: Edge, request: CompareSteps, _body: bytes) -> Difference:
    """Return what is between two revisions."""
    with edge.turn():
        return edge.past.diff(request.one, request.other)


def roll_back(edge: Edge, request: RollBack, _body: bytes) -> RolledBack:
    """Go back to one of them."""
    origin = request.origin()
    with edge.turn(origin) as turn:
        return edge.past.roll_back(turn, request.revision, origin, dry_run=request.dry_run, override=request.override)
