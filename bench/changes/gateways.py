"""The running agent and API of each side, and what an operator asks of them."""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.run import Run
from bench.sides.side import Side

CURL = ("curl", "--silent", "--show-error", "--fail-with-body")
PATIENCE = 60.0  # s


class NotAsAskedError(Exception):
    """A gateway has answered something else than what was to be measured."""


@dataclass
class Gateway:
    """A running agent and API of one side.

    Attributes:
        side: whose they are.
        port: the API's.
        token: for it.
        config: the file of their settings.
        agent: the agent's process.
        pin: where its program is pinned.
    """

    side: Side
    port: int
    token: str
    config: Path
    agent: int
    pin: Path

    @property
    def url(self) -> str:
        """The whole list's address."""
        return f"http://127.0.0.1:{self.port}/v1/allowlist"

    def put(self, file: Path, entries: int) -> float:
        """Push a file as the whole list by curl, and return the seconds until the answer that it is live."""
        command = [*CURL, "-T", str(file), "-H", f"Authorization: Bearer {self.token}", self.url]
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, check=False)
        took = time.perf_counter() - began
        answer = json.loads(done.stdout) if done.returncode == 0 else {"live": False, "said": done.stdout[-500:]}
        if not (answer["live"] and answer["count"] == entries):
            raise NotAsAskedError(f"{self.side.name}: not what was pushed: {answer}")
        return took

    def replace(self, file: Path) -> float:
        """Make a file the whole list by the command of this side's ``wicket``, and return the seconds until its end."""
        wicket = Path(sys.executable).with_name("wicket")
        command = (str(wicket), "--config", str(self.config), "allow", "replace", str(file))
        environment = os.environ | {"PYTHONPATH": str(self.side.tree)}
        began = time.perf_counter()
        subprocess.run(command, cwd=self.side.tree, env=environment, capture_output=True, check=True)
        return time.perf_counter() - began

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request and return its answer, read as JSON."""
        with closing(self.connected()) as connection:
            return self.ask_by(connection, method, path, body)

    def connected(self) -> http.client.HTTPConnection:
        """Return a connection to the API, for several requests."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def ask_by(self, connection: http.client.HTTPConnection, method: str, path: str, body: Any = None) -> Any:
        """Send a request by a connection and return its answer, read as JSON."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        answer = response.read()
        if response.status != http.client.OK:
            raise NotAsAskedError(f"{self.side.name}: {method} {path}: {response.status} {answer.decode()[:500]}")
        return json.loads(answer)

    def roll_back(self) -> float:
        """Go back to the list before the present one, and return the seconds until the answer that it is live."""
        before = self.ask("GET", "/v1/history")["revisions"][1]["revision"]
        began = time.perf_counter()
        self.ask("POST", f"/v1/history/{before}/rollback")
        return time.perf_counter() - began

    def enforce(self) -> None:
        """Have it drop whatever is not registered."""
        protocols = self.ask("GET", "/v1/policy")
        self.ask("PUT", "/v1/policy", {name: {"mode": "enforce", "share": 100} for name in protocols})

    def restart(self, *, unpinned: bool = False) -> float:
        """Kill the agent, take out of the kernel what it had pinned if so told, and start it again.

        Returns the seconds until it answered.
        """
        told = self.side.ask("gateway_restart", unpinned=unpinned)
        self.agent = told["agent"]
        return float(told["seconds"])

    def counts(self) -> Mapping[str, int]:
        """Return how many "packets" have come to its program, and how many were "dropped"."""
        counts: Mapping[str, int] = self.side.ask("gateway_counts")
        return counts

    def resident(self) -> float:
        """Return the agent's resident memory in megabytes, as proc_pid_status(5) has it."""
        status = Path(f"/proc/{self.agent}/status").read_text()
        kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(kilobytes) * 1024 / 1e6


@contextmanager
def gateways(run: Run, entries: int, names: Collection[str] = (), more: str = "") -> Iterator[Mapping[str, Gateway]]:
    """Run agent and API of each side, or of some, with nobody registered and room for so many; then they are gone.

    ``more`` are tables of their configuration.
    """
    opened: dict[str, Gateway] = {}
    try:
        for name, side in run.sides.items():
            if names and name not in names:
                continue
            directory = Path(tempfile.mkdtemp(prefix=f"gateway-{name}-", dir=run.here.directory))
            where = {"directory": str(directory), "bpffs": str(run.here.bpffs)}
            told = side.ask("gateway_open", **where, entries=entries, more=more)
            config, pin = Path(told["config"]), Path(told["pin"])
            opened[name] = Gateway(side, told["port"], told["token"], config, told["agent"], pin)
        yield opened
    finally:
        for gateway in opened.values():
            gateway.side.ask("gateway_close")
