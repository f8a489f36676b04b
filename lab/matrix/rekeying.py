"""What an unregistered session does that was up when its protocol came to be enforced."""

from __future__ import annotations

import time
from typing import Protocol, runtime_checkable

from lab.matrix.row import MatrixRow, Rekey
from lab.sessions.session import Session

# WireGuard uses a key for 180 s at most (REJECT_AFTER_TIME, its paper, section 6.1); strongSwan tries for 8 s.
_PATIENCE = 240.0
_DOWN_SECONDS = 12.0  # without an answer, after which a session has ended
_ASK_SECONDS = 1.0
_AT_ONCE_SECONDS = 2.0


@runtime_checkable
class Renews(Protocol):
    """A session whose daemon says when it has renewed its keys."""

    def rekeys(self) -> int:
        """How often it has."""
        ...


def watch_rekey(row: MatrixRow, session: Session) -> tuple[str, bool]:
    """Ask a session until it has renewed its keys so often or has ended; what was seen, and whether that is right."""
    began = last = time.monotonic()
    before = session.rekeys() if isinstance(session, Renews) else 0
    renewed = 0
    while time.monotonic() - began < _PATIENCE:
        if session.is_up(_ASK_SECONDS):
            last = time.monotonic()
            renewed = session.rekeys() - before if isinstance(session, Renews) else 0
            if renewed >= row.rekeys and last - began >= row.lasts:
                return _goes_on(last - began, renewed), row.rekey is Rekey.GOES_ON
            time.sleep(_ASK_SECONDS / 4)
        elif time.monotonic() - last > _DOWN_SECONDS:
            return _ended(row, last - began, renewed)
    return _goes_on(_PATIENCE, renewed), False


def _goes_on(seconds: float, renewed: int) -> str:
    rekeys = "" if not renewed else "1 rekey " if renewed == 1 else f"{renewed} rekeys "
    return f"{Rekey.GOES_ON}, {rekeys}in {seconds:.0f} s"


def _ended(row: MatrixRow, after: float, renewed: int) -> tuple[str, bool]:
    if after < _AT_ONCE_SECONDS:
        return Rekey.AT_ONCE.value, row.rekey is Rekey.AT_ONCE
    return f"{Rekey.ENDS}, after {after:.0f} s", row.rekey is Rekey.ENDS and not renewed
