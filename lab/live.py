"""The promise, held against live traffic: registered sessions up under enforce, and nothing of theirs lost."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from control.vocabulary import VPN_PROTOCOLS
from lab.gateway import free_port
from lab.guarding import EdgeGateway, guarding
from lab.sessions.kinds import all_sessions, start_all, stop_all, which_are_up
from lab.sessions.raw import RawSession
from lab.sessions.session import UP_SECONDS, Session
from lab.stage.stage import Stage
from lab.traffic.exchange import SteadyPing, steady
from lab.traffic.ordinary import Ordinary, ordinary_traffic
from lab.waiting import wait_for

_RATE = 100  # questions a second of every registered session
_LEAST = 20  # questions that each must have asked, however busy the machine: a lab that does not ask proves nothing
_REFUSED_SECONDS = 2.5  # the time of a second handshake; a session that is to come up does so in one


@dataclass(frozen=True)
class Live:
    """A stage under a gateway, with sessions of every protocol."""

    gateway: EdgeGateway
    registered: list[Session]
    unregistered: list[Session]
    ordinary: list[Ordinary]

    @property
    def servers(self) -> list[str]:
        """The addresses that every list must hold."""
        return [session.server_address for session in self.registered]

    @contextlib.contextmanager
    def nothing_lost(self) -> Iterator[None]:
        """Ask all registered sessions and all ordinary traffic meanwhile; every question must be answered."""
        sessions = [session.steady_ping(_RATE) for session in self.registered]
        with steady([*sessions, *(kind.steady_ping() for kind in self.ordinary)]) as tallies:
            yield
            asked = [session.sent for session in sessions]
            wait_for(lambda: all(session.sent >= _LEAST for session in sessions), "enough is asked")
        assert all(asked), f"of every registered session, how often it was asked meanwhile: {asked}"
        lost = [
            f"{tally.name}: {tally.lost} of {tally.sent}, from {tally.missing[0]} on" for tally in tallies if tally.lost
        ]
        assert not lost, f"lost: {'; '.join(lost)}"

    def refused_pings(self) -> list[SteadyPing]:
        """Unregistered packets that their protocol number identifies: they need no session to be sent."""
        return [session.steady_ping(_RATE) for session in self.unregistered if isinstance(session, RawSession)]

    @contextlib.contextmanager
    def nothing_let_through(self) -> Iterator[None]:
        """Send unregistered packets that their protocol number identifies meanwhile; each must be dropped."""
        with steady(self.refused_pings()) as tallies:
            yield
        passed = {tally.name: tally.received for tally in tallies if tally.received}
        assert not passed, f"let through: {passed}"

    @contextlib.contextmanager
    def nothing_dropped(self) -> Iterator[None]:
        """Hold the program's own counters against it: no packet was dropped meanwhile, for any reason."""
        before = self.dropped()
        yield
        assert self.dropped() == before, self.gateway.counters()

    def dropped(self) -> int:
        """How many packets the program has dropped since it was loaded."""
        return sum(count["packets"] for count in self.gateway.counters() if count["verdict"] == "drop")

    def starts(self, sessions: list[Session], seconds: float = UP_SECONDS) -> list[str]:
        """End sessions and start them anew; the names of those that came up."""
        stop_all(sessions)
        start_all(sessions)
        return [name for name, up in which_are_up(sessions, seconds).items() if up]

    def registered_start(self) -> None:
        """Every registered session can start now."""
        down = {session.name for session in self.registered} - set(self.starts(self.registered, UP_SECONDS))
        assert not down, f"not up: {down}"

    def unregistered_are_refused(self) -> None:
        """No unregistered session can start now."""
        up = self.starts(self.unregistered, _REFUSED_SECONDS)
        assert not up, f"up, but not registered: {up}"
        stop_all(self.unregistered)

    def must_be_healthy(self) -> dict[str, Any]:
        """Return the status; both interfaces are guarded in native mode, by one program, which is pinned."""
        status: dict[str, Any] = self.gateway.ask("GET", "/v1/status").json
        for state in status["interfaces"]:
            assert (state["attached"], state["mode"], state["trouble"]) == (True, "native", None), state
        assert [state["name"] for state in status["interfaces"]] == list(self.gateway.stage.edge_interfaces)
        assert status["pinned"]
        assert status["generation"]["revision"] == status["serial"]
        assert len({link.program for link in self.gateway.guarded()}) == 1
        pinned = [path.name for path in self.gateway.pins.iterdir()]
        assert pinned == ["live"], f"pinned: {pinned}"
        return status


@contextlib.contextmanager
def live(bpffs: Path) -> Iterator[Live]:
    """A lab of its own: every registered session up, every protocol enforced."""
    with Stage() as stage, guarding(stage, bpffs, free_port()) as gateway:
        sessions = all_sessions(stage)
        registered = [session for session in sessions if session.registered]
        unregistered = [session for session in sessions if not session.registered]
        lab = Live(gateway, registered, unregistered, ordinary_traffic(stage))
        gateway.push(lab.servers)
        gateway.set_policy("enforce", VPN_PROTOCOLS)
        lab.registered_start()
        yield lab
