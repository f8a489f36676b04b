"""The place where things go wrong: an edge that enforces, with disk and bpffs of its own, and traffic across it."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Entry
from control.allowlist.mapped import Address
from control.commands.list import ChangeList
from control.config.guard import GuardSettings
from control.datapath.generations.generation import Generation
from control.datapath.program.maps import array
from control.datapath.program.pins import Pinned
from control.vocabulary import VPN_PROTOCOLS
from lab.command import run
from lab.faults.disk import Disk
from lab.gateway import AGENT, WICKET, free_port
from lab.guarding import EdgeGateway
from lab.limits import UNLIMITED
from lab.sessions.kinds import all_sessions, start_all, which_are_up
from lab.sessions.raw import RawSession
from lab.sessions.session import Session
from lab.signals import held_back
from lab.stage.stage import Stage
from lab.traffic.exchange import Steady, SteadyPing, steady
from lab.traffic.ordinary import Ordinary, ordinary_traffic
from lab.waiting import wait_for

RATE = 50.0  # questions a second of every registered session
WATCH_RATE = 200.0  # of the unregistered packets by which is told that dropping has stopped
DROPPED_SECONDS = 0.3  # for which nothing of them comes through, before it is said that they are dropped
COMMAND_SECONDS = 150
LOOPING = Path(__file__).parent / "looping"
CARRIED = ("wireguard", "openvpn")  # live sessions, beside raw frames of every protocol that has them


class FaultyEdge(EdgeGateway):
    """Agent and API of a stage's edge, on a disk and a bpffs that can fail.

    Attributes:
        disk: where the agent keeps its state.
        bpffs: where it pins.
    """

    def __init__(self, stage: Stage, guard: GuardSettings) -> None:
        self._entering = stage.edge.enter()  # what goes before a command
        self.bpffs = stage.directory / "bpffs"
        self.bpffs.mkdir()
        run("mount", "-t", "bpf", "bpf", str(self.bpffs))
        self.disk = Disk(stage.directory / "disk")
        (stage.directory / "state").symlink_to(self.disk.directory)
        super().__init__(stage, self.bpffs, free_port(), guard)
        named = "".join(f'\n[[interfaces]]\nname = "{name}"\nmode = "native"\n' for name in stage.edge_interfaces)
        self.config.write_text(self.config.read_text() + named)

    @property
    def state_dir(self) -> Path:
        """The agent's directory on its disk."""
        return self.disk.directory / self.pins.name

    def launch_agent(self, *entering: str) -> None:
        """Start wicketd on the edge, by way of a command that enters some other namespace; it loops on SIGUSR2."""
        loops = ("env", f"PYTHONPATH={LOOPING}")
        command = (*entering, *loops, AGENT, "--config", str(self.config))
        with held_back():
            self.agent = self.stage.spawn(self.stage.edge, *command, log="wicketd")
            self.processes.append(self.agent)

    def is_running(self) -> bool:
        """Whether the agent's process is there."""
        return self.agent in self.processes and self.agent.poll() is None

    def stop_agent(self) -> None:
        """End the agent in order."""
        self.processes.remove(self.agent)
        self.stage.end(self.agent)

    def end_agent(self) -> None:
        """Kill the agent, whatever it does, if it is there."""
        if self.agent in self.processes:
            self.kill_agent()

    def say(self, *words: str) -> tuple[int, str]:
        """Run a command on the edge; its status, and all that it said."""
        command = [*self._entering, WICKET, "--config", str(self.config), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False)
        return done.returncode, f"{done.stdout}{done.stderr}".strip()

    @contextlib.contextmanager
    def entered_by(self, *entering: str) -> Iterator[None]:
        """Have commands run by way of others meanwhile: in another namespace, as another user."""
        before, self._entering = self._entering, entering
        try:
            yield
        finally:
            self._entering = before

    def lengths(self, address: Address) -> set[int]:
        """The lengths of which the kernel looks up prefixes that an address is in."""
        pinned = Pinned(self.pins / "live")
        try:
            controls = array(pinned, "controls")
            slot = int(controls["active"][0])
            live = Generation.open(slot, pinned.generations / str(slot), controls["generations"][0][slot])
            try:
                return live.lengths(address)
            finally:
                live.close()
        finally:
            pinned.close()

    def close(self) -> None:
        """Give disk and bpffs back."""
        shutil.rmtree(self.pins, ignore_errors=True)
        run("umount", str(self.bpffs))
        self.disk.close()


@dataclass(frozen=True)
class Site:
    """An edge under enforce, with traffic of which every question must be answered.

    Attributes:
        registered: the sessions whose servers are on the list, up.
        unregistered: of which nothing comes through while the edge drops.
        ordinary: traffic that is no VPN's.
        older: the agent's state as it was before there was a list.
    """

    stage: Stage
    edge: FaultyEdge
    registered: list[Session]
    unregistered: list[RawSession]
    ordinary: list[Ordinary]
    older: Path

    @property
    def servers(self) -> list[str]:
        """The addresses that are on the list."""
        return sorted({session.server_address for session in self.registered})

    @contextlib.contextmanager
    def traffic(self) -> Iterator[list[Steady]]:
        """Ask every registered session, and ordinary traffic, all the while; give what asks."""
        sessions: list[Steady] = [session.steady_ping(RATE) for session in self.registered]
        with contextlib.ExitStack() as running:
            pings = [*sessions, *(kind.steady_ping() for kind in self.ordinary)]
            for ping in pings:
                running.enter_context(ping)
            yield pings

    def watch(self) -> list[SteadyPing]:
        """What asks unregistered, by which is told whether the edge drops."""
        return [
            SteadyPing(session.name, session.ask(), session.dialect, WATCH_RATE, stragglers=0)
            for session in self.unregistered
        ]

    def settle(self) -> None:
        """Bring the edge to where every row begins: an agent that works, both interfaces guarded, all enforced."""
        if not self.edge.is_running():
            self.edge.start_agent()
        self.edge.wicket("bypass", "off")
        for name in self.stage.edge_interfaces:
            self.edge.wicket("attach", name, "--mode", "native")
        if self.status()["count"] != len(self.servers):
            self.edge.push(self.servers)
        self.edge.set_policy("enforce", VPN_PROTOCOLS)
        wait_for(self.drops, "what is not registered is dropped")

    def status(self) -> dict[str, Any]:
        """What the agent says of itself."""
        said: dict[str, Any] = json.loads(self.edge.wicket("status", "--json"))
        return said

    def interface(self, name: str) -> dict[str, Any]:
        """How an interface stands, as the agent says; nothing where it does not know it."""
        return next((state for state in self.status()["interfaces"] if state["name"] == name), {})

    def add(self, address: str) -> None:
        """Add an address to the list."""
        added = Allowlist.from_entries([Entry(ip_network(address))])
        packed = added.pack()
        self.edge.socket.ask(ChangeList(add_size=len(packed)), packed + Allowlist.empty().pack())

    def in_use(self) -> int:
        """How many entries with traffic in the last day would be cut, were all the servers removed."""
        body = {"remove": self.servers}
        answer = self.edge.patch(body, "?dry_run=true")
        assert answer.status == 200, answer.body
        return int(answer.json["removed_in_use"])

    def drops(self) -> bool:
        """Whether nothing unregistered comes through now."""
        with steady(self.watch()) as tallies:
            time.sleep(DROPPED_SECONDS)
        return not any(tally.received for tally in tallies)


@contextlib.contextmanager
def site(carried: tuple[str, ...] = CARRIED, guard: GuardSettings = UNLIMITED) -> Iterator[Site]:
    """A stage with an edge of its own, everything enforced, every registered session up; nothing of it stays.

    ``carried`` are the kinds of live sessions, beside raw frames.
    """
    with Stage() as stage:
        edge = FaultyEdge(stage, guard)
        try:
            edge.start_api()
            edge.start_agent()
            edge.stop_agent()
            older = Path(shutil.copytree(edge.state_dir, stage.directory / "older"))
            edge.start_agent()
            here = _site(stage, edge, older, carried)
            here.settle()
            start_all(here.registered)
            down = [name for name, up in which_are_up(here.registered).items() if not up]
            assert not down, f"not up: {down}"
            yield here
        finally:
            with contextlib.suppress(subprocess.TimeoutExpired):
                stage.end(*edge.processes)
            with contextlib.suppress(subprocess.TimeoutExpired):
                edge.say("detach")
            edge.close()


def _site(stage: Stage, edge: FaultyEdge, older: Path, kinds: tuple[str, ...]) -> Site:
    sessions = all_sessions(stage)
    raw = [session for session in sessions if isinstance(session, RawSession)]
    carried = [each for each in sessions if each.registered and each.name.lower().startswith(kinds)]
    registered = [*carried, *(session for session in raw if session.registered)]
    unregistered = [session for session in raw if not session.registered]
    return Site(stage, edge, registered, unregistered, ordinary_traffic(stage), older)
