"""Confirmed changes: what tightens can be made so that it undoes itself unless somebody confirms it in time.

As routers have it (RFC 6241, section 8.4): whoever cut themselves off need do nothing. An agent that starts finds what
was not confirmed and undoes it; while one is dead, the lease ends with that time.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from control.commands.confirm import PendingState
from control.edge.careful.undoing import Undoing
from control.edge.state.store import Store
from control.edge.state.tightened import Tightened
from control.edge.turn import Turn
from control.fault import Fault, Kind, Refused
from control.host import clock
from control.rollout.origin import Door, Origin

log = structlog.get_logger()

KIND = "confirmation"


@dataclass(frozen=True, slots=True)
class _Pending:
    """A change that is to be confirmed.

    Attributes:
        token: by which another session may confirm it.
        until: seconds of the host's monotonic clock.
        revisions: of the live list that it made.
        tightened: what it tightened.
        origin: who made it.
        interface: that it attached; none.
    """

    token: str
    until: float
    revisions: tuple[int, ...]
    tightened: tuple[Tightened, ...]
    origin: Origin
    interface: str | None = None


@dataclass
class Asked:
    """What is asked of whoever makes a change.

    Attributes:
        token: by which to confirm it; set to none where it has turned out to tighten nothing.
    """

    token: str | None


class Confirmations:
    """What waits to be confirmed."""

    def __init__(self, undoing: Undoing, store: Store) -> None:
        self._undoing, self._store = undoing, store
        self._pending: list[_Pending] = []
        self.undone: list[str] = []

    @property
    def states(self) -> list[PendingState]:
        """What waits, as whoever asks is told."""
        return [
            PendingState(
                token=each.token,
                left_s=round(max(0.0, each.until - clock.now()), 1),
                revisions=list(each.revisions),
                policies=sorted({name for one in each.tightened for name in one.before}),
                interface=each.interface,
                who=each.origin.who,
                reason=each.origin.why,
            )
            for each in self._pending
        ]

    @property
    def until(self) -> float | None:
        """Until when the kernel may drop, by the host's monotonic clock, as long as nothing is confirmed; none: any."""
        return min((each.until for each in self._pending), default=None)

    def take_up(self, turn: Turn) -> None:
        """Undo what an agent before this one left unconfirmed: whoever was to confirm it may have lost their way in."""
        turn.demand()
        for token, said in self._store.waiting.load(KIND).items():
            tightened = tuple(
                Tightened(version, 0.0, {name: (mode, share) for name, (mode, share) in before.items()})
                for version, before in said["tightened"]
            )
            origin = Origin(Door(said["door"]), said["who"], said["why"])
            revisions, interface = tuple(said["revisions"]), said.get("interface")
            self._pending.append(_Pending(token, 0.0, revisions, tightened, origin, interface))
        self.expire(turn, "the agent ended before it was confirmed")

    @contextmanager
    def asked(
        self,
        turn: Turn,
        seconds: float,
        revision: int | None,
        before: Mapping[str, tuple[str, int]],
        origin: Origin,
        interface: str | None = None,
    ) -> Iterator["Asked"]:
        """Have what is made in the block undone unless it is confirmed in so many seconds; 0: it stays.

        It is kept before anything is made, so that no crash makes it one that stays. ``revision`` is that which it
        makes of the live list, if it does, ``before`` what the policies are that it tightens, ``interface`` the one
        that it attaches.

        Raises:
            Refused: the disk does not take that; nothing is made.
        """
        turn.demand()
        if not seconds:
            yield Asked(None)
            return
        tightened = (Tightened(0, 0.0, dict(before)),) if before else ()
        revisions = () if revision is None else (revision,)
        until = clock.now() + seconds
        pending = _Pending(secrets.token_hex(4), until, revisions, tightened, origin, interface)
        self._pending.append(pending)
        try:
            self._keep()
        except Refused:
            self._pending.remove(pending)
            raise
        asked = Asked(pending.token)
        try:
            yield asked
        except BaseException:
            self._forget(pending)
            raise
        if asked.token is None:
            self._forget(pending)

    def confirm(self, turn: Turn, token: str | None) -> str:
        """Have a change stay; without a token the only one that waits. Return the token.

        Raises:
            Refused: "not-found": no such change waits; "conflict": several do, and no token says which.
        """
        turn.demand()
        waiting = [each for each in self._pending if token in (None, each.token)]
        if not waiting:
            fault = Fault(token or "confirm", "no such change waits (any more)", "see `wicket status`")
            raise Refused(Kind.NOT_FOUND, "There is nothing to confirm", [fault])
        if len(waiting) > 1:
            tokens = ", ".join(each.token for each in waiting)
            fault = Fault("token", f"{tokens} wait", "say which")
            raise Refused(Kind.CONFLICT, "Several changes wait to be confirmed", [fault])
        self._forget(waiting[0])
        log.info("confirmed", token=waiting[0].token, **turn.origin.logged)
        return waiting[0].token

    def cancel(self, turn: Turn, token: str) -> list[str]:
        """Undo a change that waits at once; return in words what that did.

        Raises:
            Refused: "not-found".
        """
        for each in self._pending:
            if each.token == token:
                return self._undo(turn, each, "it was cancelled")
        fault = Fault(token, "no such change waits (any more)", "see `wicket status`")
        raise Refused(Kind.NOT_FOUND, "There is nothing to cancel", [fault])

    def expire(self, turn: Turn, why: str = "nobody confirmed it in time") -> None:
        """Undo what was not confirmed in time."""
        for each in [each for each in self._pending if each.until <= clock.now()]:
            self._undo(turn, each, why)

    def _undo(self, turn: Turn, pending: _Pending, why: str) -> list[str]:
        origin = Origin(Door.CONFIRM, why=why)
        done = self._undoing.undo(turn, pending.tightened, pending.revisions, origin)
        done += self._undoing.detach(turn, pending.interface) if pending.interface else []
        self._forget(pending)
        log.warning("not confirmed", token=pending.token, why=why, undone="; ".join(done), **pending.origin.logged)
        self.undone = [*self.undone, f"{why}: undone: {'; '.join(done) or 'nothing'}"][-20:]
        return done

    def _forget(self, pending: _Pending) -> None:
        self._pending.remove(pending)
        try:
            self._keep()
        except Refused as refused:  # a start undoes it then, which loosens
            log.error("not kept", what="confirmation", why=str(refused.faults[0]))

    def _keep(self) -> None:
        said = {
            each.token: {
                "revisions": each.revisions,
                "tightened": [(one.version, one.before) for one in each.tightened],
                "door": each.origin.door.value,
                "who": each.origin.who,
                "why": each.origin.why,
                "interface": each.interface,
            }
            for each in self._pending
        }
        self._store.waiting.keep(KIND, said)
