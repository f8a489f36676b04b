"""The real agent on the lab's edge, and the real API before it."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from control import config as configuration
from control.commands.client import AgentSocket
from control.config.guard import GuardSettings
from control.datapath.interfaces import links
from control.datapath.interfaces.links import Link
from lab.gateway import AGENT, API, ENDS_WITH_US, WICKET, Gateway, configure
from lab.limits import UNLIMITED
from lab.signals import held_back
from lab.stage.stage import Stage


class EdgeGateway(Gateway):
    """Agent and API of a stage: the agent lives in the edge's namespace, the API outside."""

    def __init__(self, stage: Stage, bpffs: Path, port: int, guard: GuardSettings = UNLIMITED) -> None:
        file = configure(stage.directory, bpffs, port, guard=guard)
        settings = configuration.load(file)
        super().__init__(port, file, settings.token_file)
        self.stage, self.pins, self.socket = stage, settings.pins, AgentSocket(settings.socket)

    def wait(self, path: str, status: int) -> None:
        try:
            super().wait(path, status)
        except (TimeoutError, AssertionError) as fault:
            logs = (self.stage.log_path(name) for name in ("wicketd", "wicket-api"))
            raise type(fault)("\n".join([str(fault), *(log.read_text() for log in logs)])) from fault

    def launch_agent(self) -> None:
        """Start wicketd on the edge."""
        with held_back():
            self.agent = self.stage.spawn(self.stage.edge, AGENT, "--config", str(self.config), log="wicketd")
            self.processes.append(self.agent)

    def start_agent(self) -> None:
        """Start wicketd on the edge and wait until it answers."""
        self.launch_agent()
        self.wait("/readyz", 200)
        self.wait_for_lease()

    def start_api(self) -> None:
        """Start the API."""
        with held_back():
            self.api = self.stage.spawn_outside(*ENDS_WITH_US, API, "--config", str(self.config), log="wicket-api")
            self.processes.append(self.api)

    def stop_api(self) -> None:
        """End the API and leave the agent alone."""
        self.processes.remove(self.api)
        self.stage.end(self.api)

    def kill_agent(self) -> None:
        """End the agent with SIGKILL, as a crash would."""
        self.processes.remove(self.agent)
        self.agent.kill()
        self.agent.wait()

    def wicket(self, *arguments: str) -> str:
        """Run the command line on the edge and return what it prints; RuntimeError when it refuses."""
        return self.stage.run(self.stage.edge, WICKET, "--config", str(self.config), *arguments)

    def guarded(self) -> list[Link]:
        """Return the edge's interfaces as the kernel has them."""
        there = self.stage.edge.inside(links.all_links)
        return [there[name] for name in self.stage.edge_interfaces]

    def push(self, addresses: Iterable[str]) -> None:
        """Make ``addresses`` the whole list, through the API."""
        answer = self.put("\n".join(addresses).encode(), Content_Type="text/csv")
        assert answer.status == 200, answer.body

    def set_policy(self, mode: str, protocols: Iterable[str]) -> None:
        """Set one mode for protocols, through the API."""
        answer = self.ask("PUT", "/v1/policy", {name: {"mode": mode, "share": 100} for name in protocols})
        assert answer.status == 200, answer.body

    def counters(self) -> list[dict[str, Any]]:
        """Return what the program has counted."""
        counted: list[dict[str, Any]] = json.loads(self.wicket("counters", "--json"))
        return counted


@contextmanager
def guarding(stage: Stage, bpffs: Path, port: int) -> Iterator[EdgeGateway]:
    """Run a gateway on both interfaces of a stage's edge; on leaving, nothing of it stays in the kernel."""
    gateway = EdgeGateway(stage, bpffs, port)
    try:
        gateway.start_api()
        gateway.start_agent()
        for interface in stage.edge_interfaces:
            gateway.wicket("attach", interface, "--mode", "native")
        yield gateway
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            stage.end(*gateway.processes)
        gateway.wicket("detach")
