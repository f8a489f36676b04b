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
from tests.gateway import AGENT, API, WICKET, Gateway, configure
from tests.lab.stage import Stage


class EdgeGateway(Gateway):
    """Agent and API of a stage: the agent lives in the edge's namespace, the API outside."""

    def __init__(self, stage: Stage, bpffs: Path, port: int) -> None:
        file = configure(stage.directory, bpffs, port)
        super().__init__(port, file, configuration.load(file).token_file)
        self.stage = stage

    def start_agent(self) -> None:
        """Start wicketd on the edge and wait until it answers."""
        self.agent = self.stage.spawn(self.stage.edge, AGENT, "--config", str(self.config), log="wicketd")
        self.processes.append(self.agent)
        self.wait("/readyz", 200)

    def start_api(self) -> None:
        """Start the API."""
        self.processes.append(self.stage.spawn_outside(API, "--config", str(self.config), log="wicket-api"))

    def kill_agent(self) -> None:
        """End the agent with SIGKILL, as a crash would."""
        self.processes.remove(self.agent)
        self.agent.kill()
        self.agent.wait()

    def wicket(self, *arguments: str) -> str:
        """Run the command line on the edge and return what it prints; RuntimeError when it refuses."""
        return self.stage.run(self.stage.edge, WICKET, "--config", str(self.config), *arguments, seconds=60)

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
