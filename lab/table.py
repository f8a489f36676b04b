"""The table of `make run`: every session under every policy, and whether that is as it must be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from control.vocabulary import MODES, VPN_PROTOCOLS
from lab.guarding import EdgeGateway
from lab.sessions.kinds import all_sessions, start_all, stop_all, which_are_up
from lab.sessions.session import Session
from lab.stage.stage import Stage
from lab.stage.watch import Watch
from lab.traffic.exchange import Tally, steady
from lab.traffic.ordinary import Ordinary, ordinary_traffic

_REFUSED_SECONDS = 5.0  # the time of a second handshake


@dataclass(frozen=True)
class Row:
    """One session under one policy.

    Attributes:
        session: its name; registered: whether its server is on the list.
        policy: of its protocol, "monitor" or "enforce".
        up: whether the tunnel carried an echo.
        passed, dropped: packets that crossed the edge, and those that went in and did not come out.
    """

    session: str
    protocol: str
    registered: bool
    policy: str
    up: bool
    passed: int
    dropped: int

    @property
    def as_it_must_be(self) -> bool:
        """Registered sessions lose nothing; unregistered ones neither, unless their protocol is enforced."""
        if self.registered or self.policy == "monitor":
            return self.up and self.dropped == 0
        return not self.up and self.dropped > 0


@dataclass(frozen=True)
class Outcome:
    """All rows, and what became of the ordinary traffic that ran all the while."""

    rows: Sequence[Row]
    ordinary: Sequence[Tally]

    @property
    def as_it_must_be(self) -> bool:
        return all(row.as_it_must_be for row in self.rows) and not any(tally.lost for tally in self.ordinary)


def measure(stage: Stage, gateway: EdgeGateway, say: Callable[[str], None]) -> Outcome:
    """Bring every session up and down under every policy; `say` hears of the progress."""
    say("making sessions: WireGuard, OpenVPN, strongSwan and those without a daemon")
    sessions, kinds = all_sessions(stage), ordinary_traffic(stage)
    registered = [session.server_address for session in sessions if session.registered]
    say(f"pushing {len(registered)} registered addresses through the API")
    gateway.push(registered)
    rows: list[Row] = []
    with steady(kind.steady_ping() for kind in kinds) as tallies:
        for mode in MODES:
            gateway.set_policy(mode, VPN_PROTOCOLS)
            say(f"{mode}: starting {len(sessions)} sessions beside {_count(kinds)}")
            rows += _under(stage, mode, sessions)
    return Outcome(rows, tallies)


def _under(stage: Stage, mode: str, sessions: Sequence[Session]) -> list[Row]:
    with Watch(stage) as watch:
        start_all(sessions)
        refused = [session for session in sessions if mode == "enforce" and not session.registered]
        up = which_are_up([session for session in sessions if session not in refused])
        up |= which_are_up(refused, _REFUSED_SECONDS)
        stop_all(sessions)
        watch.settle(session.server_address for session in sessions)
        crossings = [watch.crossing(session.server_address) for session in sessions]
    return [
        Row(
            session.name.rsplit(" ", 1)[0], session.protocol, session.registered, mode,
            up[session.name], crossing.passed, crossing.dropped,
        )
        for session, crossing in zip(sessions, crossings, strict=True)
    ]  # fmt: skip


def _count(kinds: Sequence[Ordinary]) -> str:
    return f"{len(kinds)} kinds of ordinary traffic"
