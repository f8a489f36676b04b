"""The stage: three network namespaces, subscriber — edge — internet, and all that runs in them.

The edge forwards plainly, IPv4 and IPv6. Nothing here knows the gateway: whoever wants it attaches it to
`Stage.edge_interfaces`. The host gets no route to the stage and no interface of it.

A stage is named `wlab-PID-RANDOM`, so that several live side by side, and so that a stage left behind by
a process killed with SIGKILL is known by its dead pid and removed by the next one.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab.namespace import Namespace, run

# 48 pairs of ends: every session and every kind of ordinary traffic has one of its own.
PAIRS = 48
_FIRST_HOST = 10
_NAME = re.compile(r"^wlab-(\d+)-[0-9a-f]{6}")
_TERM_SECONDS = 3.0
_PRIVATE_RUN = 'mount -t tmpfs tmpfs /run && exec "$@"'


@dataclass(frozen=True)
class Ends:
    """The two outer addresses of one session; traffic to `server` leaves from `client`."""

    index: int
    client: str
    server: str

    @property
    def version(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.server else 4

    @property
    def family(self) -> socket.AddressFamily:
        return socket.AF_INET6 if self.version == 6 else socket.AF_INET


@dataclass(frozen=True)
class Link:
    """One veth: the edge's end and the host's end, and their networks."""

    edge_interface: str
    host_interface: str
    network4: str
    network6: str

    def address(self, version: int, host: int) -> str:
        """The address of a host (1–254) on this link."""
        return f"{self.network6}{host:x}" if version == 6 else f"{self.network4}{host}"


# Addresses that look public, for an address check refuses documentation and private space. They exist
# inside the namespaces only.
SUBSCRIBER_LINK = Link("edge-sub", "uplink", "45.83.16.", "2a0d:5600:16::")
INTERNET_LINK = Link("edge-net", "uplink", "45.83.64.", "2a0d:5600:64::")


class Stage:
    """Builds the namespaces on entry; on exit ends every process in them and removes them."""

    def __init__(self) -> None:
        self.name = f"wlab-{os.getpid()}-{secrets.token_hex(3)}"
        self.subscriber = Namespace(f"{self.name}-sub")
        self.edge = Namespace(f"{self.name}-edge")
        self.internet = Namespace(f"{self.name}-net")
        self.namespaces = (self.subscriber, self.edge, self.internet)
        # (subscriber side, internet side)
        self.edge_interfaces = (SUBSCRIBER_LINK.edge_interface, INTERNET_LINK.edge_interface)
        self.directory = Path(tempfile.gettempdir()) / self.name
        self._processes: list[subprocess.Popen[bytes]] = []
        self._closers = contextlib.ExitStack()
        self._pairs_taken = 0

    def __enter__(self) -> Self:
        prune()
        try:
            self.directory.mkdir(mode=0o700)
            for namespace in self.namespaces:
                namespace.create()
            self._connect(self.subscriber, SUBSCRIBER_LINK)
            self._connect(self.internet, INTERNET_LINK)
            self._route()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End everything and remove everything; may be called twice."""
        try:
            self._closers.close()
        finally:
            self._end(self._processes)
            for namespace in self.namespaces:
                namespace.remove()
            shutil.rmtree(self.directory, ignore_errors=True)

    def on_close(self, close: contextlib.AbstractContextManager[object]) -> None:
        """Enter a context that is left before the namespaces go."""
        self._closers.enter_context(close)

    def take_ends(self, version: int = 4) -> Ends:
        """The next free pair of outer addresses."""
        index = self._pairs_taken
        if index >= PAIRS:
            raise RuntimeError(f"the stage has {PAIRS} pairs of addresses and all are taken: raise PAIRS")
        self._pairs_taken += 1
        host = _FIRST_HOST + index
        return Ends(index, SUBSCRIBER_LINK.address(version, host), INTERNET_LINK.address(version, host))

    def run(self, namespace: Namespace, *argv: str, text: str | None = None, seconds: float = 20) -> str:
        """Run a program to its end in a namespace; its output, or RuntimeError with what it said."""
        return run(*namespace.enter(), *argv, text=text, seconds=seconds)

    def spawn(self, namespace: Namespace, *argv: str, log: str) -> subprocess.Popen[bytes]:
        """Start a daemon in a namespace; it writes `log_path(log)` anew and ends with the stage.

        It gets a session of its own: a Ctrl-C ends it through the stage, in order, not by itself.
        """
        with self.log_path(log).open("wb") as output:
            process = subprocess.Popen(
                [*namespace.enter(), *argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def spawn_private(self, namespace: Namespace, *argv: str, log: str) -> subprocess.Popen[bytes]:
        """`spawn` with a /run of its own, for daemons that keep sockets at fixed places there."""
        return self.spawn(namespace, "unshare", "--mount", "sh", "-c", _PRIVATE_RUN, "sh", *argv, log=log)

    @staticmethod
    def private_run(process: subprocess.Popen[bytes], *parts: str) -> Path:
        """A path below the /run of a process that `spawn_private` started, seen from outside."""
        return Path("/proc", str(process.pid), "root/run", *parts)

    def log_path(self, log: str) -> Path:
        """Where a daemon's output is kept while the stage stands."""
        return self.directory / f"{log}.log"

    def end(self, *processes: subprocess.Popen[bytes]) -> None:
        """Stop daemons that `spawn` started: SIGTERM, and SIGKILL for who does not listen."""
        self._end(list(processes))
        self._processes = [process for process in self._processes if process not in processes]

    @staticmethod
    def _end(processes: list[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + _TERM_SECONDS
        for process in processes:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _connect(self, host: Namespace, link: Link) -> None:
        run(
            *("ip", "link", "add", link.edge_interface, "netns", self.edge.name, "type", "veth"),
            *("peer", "name", link.host_interface, "netns", host.name),
        )
        edge_lines = [
            f"address add {link.address(4, 1)}/24 dev {link.edge_interface}",
            f"address add {link.address(6, 1)}/64 dev {link.edge_interface} nodad",
            f"link set {link.edge_interface} up",
        ]
        host_lines = ["link set lo up", f"link set {link.host_interface} up"]
        for number in range(_FIRST_HOST, _FIRST_HOST + PAIRS):
            host_lines.append(f"address add {link.address(4, number)}/24 dev {link.host_interface}")
            host_lines.append(f"address add {link.address(6, number)}/64 dev {link.host_interface} nodad")
        self.edge.ip_batch(edge_lines)
        host.ip_batch(host_lines)

    def _route(self) -> None:
        """Defaults over the edge, and each server reached from the client address of its own pair."""
        ways = []
        for version in (4, 6):
            hop = SUBSCRIBER_LINK.address(version, 1)
            for host in range(_FIRST_HOST, _FIRST_HOST + PAIRS):
                client, server = (link.address(version, host) for link in (SUBSCRIBER_LINK, INTERNET_LINK))
                ways.append(f"route add {server} via {hop} src {client}")
        self.subscriber.ip_batch([*ways, *_default_routes(SUBSCRIBER_LINK)])
        self.internet.ip_batch(_default_routes(INTERNET_LINK))
        self.edge.ip_batch(["link set lo up"])
        self.edge.sysctl("ipv4/ip_forward", 1)
        self.edge.sysctl("ipv6/conf/all/forwarding", 1)


def _default_routes(link: Link) -> list[str]:
    return [
        f"route add {everything} via {link.address(version, 1)}"
        for version, everything in ((4, "0.0.0.0/0"), (6, "::/0"))
    ]


def wait_for(happened: Callable[[], bool], what: str, seconds: float = 5.0) -> None:
    """Wait until something has happened; TimeoutError with `what` when it does not."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s in vain: {what}")
        time.sleep(0.02)


def leftovers(pid: int | None = None) -> list[str]:
    """Names of namespaces and directories of stages: those of one process, or those of dead ones."""
    found = {path.name for path in Path("/run/netns").glob("wlab-*")}
    found |= {path.name for path in Path(tempfile.gettempdir()).glob("wlab-*")}
    owners = {name: int(match[1]) for name in found if (match := _NAME.match(name))}
    return sorted(name for name, owner in owners.items() if (owner == pid if pid else not _alive(owner)))


def prune() -> None:
    """Remove what stages of dead processes left: their daemons, namespaces and directories."""
    for name in leftovers():
        Namespace(name).remove()
        shutil.rmtree(Path(tempfile.gettempdir()) / name, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, signal.Signals(0))
    except ProcessLookupError:
        return False
    return True
