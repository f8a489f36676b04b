"""Changes that undo themselves unless confirmed: confirmed, cancelled."""

from control.commands.confirm import CancelChange, Cancelled, ConfirmChange, Confirmed
from control.edge.edge import Edge


def confirm(edge: Edge, request: ConfirmChange, _body: bytes) -> Confirmed:
    """Have a change stay."""
    with edge.turn(request.origin()) as turn:
        token = edge.confirmations.confirm(turn, request.token)
        edge.lease.shorten(edge.confirmations.until)
        return Confirmed(token=token)


def cancel(edge: Edge, request: CancelChange, _body: bytes) -> Cancelled:
    """Undo one at once."""
    with edge.turn(request.origin()) as turn:
        undone = edge.confirmations.cancel(turn, request.token)
        edge.lease.shorten(edge.confirmations.until)
        return Cancelled(token=request.token, undone=undone)
