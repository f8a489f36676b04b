"""A gateway to test: the real agent and server, in directories of their own."""

import contextlib
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from control import config as configuration
from control.commands.client import AgentSocket
from control.commands.status import ReadStatus
from control.config.guard import GuardSettings
from lab.limits import UNLIMITED, table
from lab.signals import held_back
from lab.waiting import must_run, wait_until_ready

BIN = Path(sys.executable).parent
AGENT, API, WICKET = (str(BIN / name) for name in ("wicketd", "wicket-api", "wicket"))
# setpriv(1): a process that we start from our main thread gets SIGTERM when we are killed.
ENDS_WITH_US = ("setpriv", "--pdeathsig", "TERM")
MAX_BODY = 80 << 20
START_SECONDS = 200  # the kernel of a busy machine has left an agent without a processor for a minute
STOP_SECONDS = 30

CONFIG = """\
instance = "{name}"
state = "{directory}/state"
run = "{directory}/run"
bpffs = "{bpffs}"

[list]
max_body = "{max_body}B"

{guard}
[api]
listen = "127.0.0.1:{port}"
"""


@dataclass(frozen=True)
class Answer:
    """A response as tests look at it; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        """The kind of a problem."""
        assert self.headers["content-type"] == "application/problem+json"
        return str(self.json["type"].rpartition("#")[2])

    @property
    def errors(self) -> list[dict[str, str]]:
        errors: list[dict[str, str]] = self.json["errors"]
        return errors


@dataclass
class Gateway:
    """A running agent and API."""

    port: int
    config: Path
    token_file: Path
    processes: list[subprocess.Popen[Any]] = field(default_factory=list)

    @property
    def token(self) -> str:
        return self.token_file.read_text().strip()

    def ask(self, method: str, path: str, body: Any = None, token: str | None = "", **headers: str) -> Answer:
        """Send a request; the right token goes with it unless another, or None, is given.

        ``body`` is sent as it is when it is bytes, else as JSON; ``headers`` have _ for -.
        """
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["Authorization"] = f"Bearer {token or self.token}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()

    def raw(self, request: bytes) -> Answer:
        """Send bytes, hang up, and return the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            response = http.client.HTTPResponse(connection)
            response.begin()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())

    def put(self, body: bytes, query: str = "", **headers: str) -> Answer:
        return self.ask("PUT", f"/v1/allowlist{query}", body, **headers)

    def patch(self, body: Any, query: str = "", **headers: str) -> Answer:
        return self.ask("PATCH", f"/v1/allowlist{query}", body, **headers)

    def prefixes(self) -> list[str]:
        """Return the live list's prefixes, as text."""
        return [row["prefix"] for row in self.ask("GET", "/v1/allowlist").json["entries"]]

    def start(self, command: str) -> None:
        with held_back():
            self.processes.append(subprocess.Popen([*ENDS_WITH_US, command, "--config", str(self.config)]))

    def must_run(self) -> None:
        """Say which process has ended, if one has, and how."""
        must_run(self.processes)

    def wait_for_lease(self) -> None:
        """Wait until the agent has worked for long enough that the kernel may drop."""

        agent = AgentSocket(configuration.load(self.config).socket)
        wait_for_start(self.processes, lambda: agent.ask(ReadStatus()).lease.left > 0, "the lease is earned")

    def wait(self, path: str, status: int) -> None:
        """Wait until ``path`` answers with ``status``."""

        def answers() -> bool:
            with contextlib.suppress(OSError):
                return self.ask("GET", path, token=None).status == status
            return False

        wait_for_start(self.processes, answers, f"{path} answers {status}")


def wait_for_start(processes: Sequence[subprocess.Popen[bytes]], answers: Callable[[], bool], what: str) -> None:
    """Wait until processes that were started answer.

    Raises:
        AssertionError: one of them has ended.
        TimeoutError: they do not answer; they were ended by SIGABRT, at which an agent says where it hangs.
    """
    try:
        wait_until_ready(processes, answers, what, START_SECONDS)
    except TimeoutError:
        for process in processes:
            process.send_signal(signal.SIGABRT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)  # what it says is there for whoever reads its log next
        raise


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def configure(directory: Path, bpffs: Path, port: int, more: str = "", guard: GuardSettings = UNLIMITED) -> Path:
    """Write the configuration of a gateway of its own into a directory, and more tables; return the file."""
    file = directory / "wicket.toml"
    name = f"test-{os.getpid()}-{secrets.token_hex(4)}"
    text = CONFIG.format(name=name, directory=directory, bpffs=bpffs, port=port, max_body=MAX_BODY, guard=table(guard))
    file.write_text(text + more)
    return file


@contextlib.contextmanager
def running(directory: Path, bpffs: Path, port: int | None = None, more: str = "") -> Iterator[Gateway]:
    """Run agent and API, and leave no process behind; what is pinned goes with the bpffs, or by ``wicket detach``."""
    port = port or free_port()
    file = configure(directory, bpffs, port, more)
    gateway = Gateway(port, file, configuration.load(file).token_file)
    try:
        gateway.start(AGENT)
        gateway.start(API)
        gateway.wait("/readyz", 200)
        gateway.wait_for_lease()
        yield gateway
    finally:
        for process in gateway.processes:
            process.terminate()
        for process in gateway.processes:
            process.wait(STOP_SECONDS)
