"""An edge in a namespace of its own with interfaces to play with, and a real agent on it; no lab around it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from control import config as configuration
from control.commands.client import AgentSocket
from control.commands.request import Reply, Request
from control.commands.status import ReadStatus
from control.datapath.interfaces import links
from control.datapath.interfaces.links import Link
from control.fault import Refused
from lab.gateway import AGENT, STOP_SECONDS, WICKET, configure, free_port, wait_for_start
from lab.stage.namespace import Namespace
from lab.waiting import wait_for


class Box:
    """The edge's namespace and its agent."""

    def __init__(self, directory: Path, bpffs: Path) -> None:
        self.namespace = Namespace(f"wlab-{os.getpid()}-{secrets.token_hex(3)}-box")
        self.config = configure(directory, bpffs, free_port())
        self._settings = configuration.load(self.config)
        self.pins = self._settings.pins
        self._agent: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the agent and wait until it answers."""
        self._agent = subprocess.Popen(self._command(AGENT))
        wait_for_start([self._agent], self._answers, "the agent answers")

    @property
    def agent_pid(self) -> int:
        """The agent's process."""
        assert self._agent is not None
        return self._agent.pid

    @property
    def socket(self) -> Path:
        """Where the agent listens."""
        return self._settings.socket

    def signal(self, number: int) -> None:
        """Send the agent a signal."""
        os.kill(self.agent_pid, number)

    def ask(self, request: Request[Any], seconds: float = 60.0) -> Reply:
        """Ask the agent, and wait for so long."""
        reply: Reply = AgentSocket(self.socket, timeout=seconds).ask(request)
        return reply

    def stop(self, *, kill: bool = False) -> None:
        """End the agent by SIGTERM, or SIGKILL, and wait for it."""
        if self._agent is not None:
            self._agent.kill() if kill else self._agent.terminate()
            self._agent.wait(STOP_SECONDS)
            self._agent = None

    def second_agent(self) -> subprocess.CompletedProcess[str]:
        """Start another agent for the same instance, which should end by itself."""
        return self._run(AGENT)

    def wicket(self, *arguments: str) -> dict[str, Any]:
        """Run the command line with --json; what it says.

        Raises:
            Refused: as it refuses.
        """
        done = self._run(WICKET, *arguments, "--json")
        if done.returncode:
            raise Refused.from_dict(json.loads(done.stderr))
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def state(self, name: str) -> dict[str, Any]:
        """How an interface stands, as `wicket status` says."""
        return next((state for state in self.states() if state["name"] == name), {})

    def states(self) -> list[dict[str, Any]]:
        """How all interfaces stand."""
        status = AgentSocket(self._settings.socket).ask(ReadStatus())
        return [interface.model_dump() for interface in status.interfaces]

    def add(self, name: str, **settings: int) -> None:
        """Make a veth pair NAME and NAME-far, both up."""
        more = " ".join(f"{key} {value}" for key, value in settings.items())
        self.ip(
            f"link add {name} {more} type veth peer name {name}-far",
            f"link set {name} up",
            f"link set {name}-far up",
        )

    def ip(self, *lines: str) -> None:
        """Run commands of `ip` in the namespace."""
        self.namespace.ip_batch(lines)

    def link(self, name: str) -> Link:
        """An interface as the kernel has it."""
        return self.namespace.inside(lambda: links.find(name))

    def wait_until_guarded(self, name: str) -> None:
        """Wait until the agent has an interface guarded."""
        wait_for(lambda: bool(self.state(name).get("attached")), f"{name} is guarded: {self.states()}")

    def stays(self, seconds: float, name: str, program: int) -> None:
        """An interface keeps the program it has for so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.link(name).program == program
            time.sleep(0.1)

    def close(self) -> None:
        """End the agent, take everything out of the kernel, and remove the namespace."""
        try:
            self.stop()
            self.wicket("detach")
        finally:
            self.namespace.remove()

    def _command(self, *words: str) -> list[str]:
        return [*self.namespace.enter(), words[0], "--config", str(self.config), *words[1:]]

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self._command(*words), capture_output=True, text=True, timeout=60, check=False)

    def _answers(self) -> bool:
        with contextlib.suppress(Refused):
            AgentSocket(self._settings.socket).ask(ReadStatus())
            return True
        return False


@contextlib.contextmanager
def box(directory: Path, bpffs: Path) -> Iterator[Box]:
    """A box with its agent running; on leaving, nothing of it stays."""
    made = Box(directory, bpffs)
    try:
        made.namespace.create()
        made.start()
        yield made
    finally:
        made.close()
