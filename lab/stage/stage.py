"""The stage: network namespaces subscriber — edge — internet, and all that runs in them.

The edge forwards plainly, IPv4 and IPv6. Nothing here knows the gateway: whoever wants it attaches it to
`Stage.edge_interfaces`. The machine itself gets no route to the stage and no interface of it. A fourth
namespace, the bystander, hangs behind the internet: there are the servers of ordinary traffic, on ports
that the VPN daemons hold at the internet's own host.

A stage is named `wlab-PID-RANDOM`, so that several live side by side, and so that a stage left behind by
a process killed with SIGKILL is known by its dead pid and removed by the next one.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.command import run
from lab.network import Link, Peers
from lab.signals import held_back
from lab.stage import addresses
from lab.stage.namespace import Namespace

_NAME = re.compile(r"^wlab-(\d+)-[0-9a-f]{6}")
_TERM_SECONDS = 3.0
_PRIVATE_RUN = 'mount -t tmpfs tmpfs /run && exec "$@"'


class Stage:
    """Builds the namespaces on entry; on exit ends every process in them and removes them."""

    def __init__(self) -> None:
        self.name = f"wlab-{os.getpid()}-{secrets.token_hex(3)}"
        self.subscriber = Namespace(f"{self.name}-sub")
        self.edge = Namespace(f"{self.name}-edge")
        self.internet = Namespace(f"{self.name}-net")
        self.bystander = Namespace(f"{self.name}-by")
        self.namespaces = (self.subscriber, self.edge, self.internet, self.bystander)
        # (subscriber side, internet side)
        self.edge_interfaces = (addresses.SUBSCRIBER.router_interface, addresses.INTERNET.router_interface)
        self.directory = Path(tempfile.gettempdir()) / self.name
        self._processes: list[subprocess.Popen[bytes]] = []
        self._closers = contextlib.ExitStack()
        self._pairs_taken = 0

    def __enter__(self) -> Self:
        prune()
        try:
            self.directory.mkdir(mode=0o700)
            self._build()
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

    def take_peers(self, version: int = 4, servers: Link = addresses.INTERNET) -> Peers:
        """The next free pair of outer addresses; RuntimeError when there is none."""
        index = self._pairs_taken
        if index >= addresses.PAIRS:
            raise RuntimeError(f"all {addresses.PAIRS} pairs of addresses are taken: raise addresses.PAIRS")
        self._pairs_taken += 1
        return addresses.pair(index, version, servers)

    def run(self, namespace: Namespace, *argv: str, text: str | None = None, seconds: float = 60) -> str:
        """Run a program to its end in a namespace; its output, or RuntimeError with what it said."""
        return run(*namespace.enter(), *argv, text=text, seconds=seconds)

    def spawn(self, namespace: Namespace, *argv: str, log: str) -> subprocess.Popen[bytes]:
        """Start a daemon in a namespace; it writes `log_path(log)` anew and ends with the stage.

        It gets a process group of its own: a Ctrl-C ends it through the stage, in order, not by itself. No session of
        its own: the kernel shares processors between sessions (autogroup, sched(7)), and left a compiler in a session
        without any for a minute, beside busy loops in that of the tests.
        """
        return self.spawn_outside(*namespace.enter(), *argv, log=log)

    def spawn_outside(self, *argv: str, log: str) -> subprocess.Popen[bytes]:
        """`spawn` in the machine's own namespace."""
        with self.log_path(log).open("wb") as output, held_back():
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                process_group=0,
            )
            self._processes.append(process)
        return process

    def spawn_private(self, namespace: Namespace, *argv: str, log: str) -> subprocess.Popen[bytes]:
        """`spawn` with a /run of its own, for daemons that keep sockets at fixed places there.

        What is unmounted outside goes there too, where it is shared: a copy would keep a disk in use.
        """
        unshare = ("unshare", "--mount", "--propagation", "slave")
        return self.spawn(namespace, *unshare, "sh", "-c", _PRIVATE_RUN, "sh", *argv, log=log)

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

    def _build(self) -> None:
        for namespace in self.namespaces:
            namespace.create()
        _connect(self.edge, self.subscriber, addresses.SUBSCRIBER)
        _connect(self.edge, self.internet, addresses.INTERNET)
        _connect(self.internet, self.bystander, addresses.BYSTANDER)
        self.subscriber.ip_batch(addresses.pair_routes())
        self.internet.ip_batch(addresses.server_routes())
        self.edge.ip_batch(addresses.bystander_routes())
        for router in (self.edge, self.internet):
            router.sysctl("ipv4/ip_forward", 1)
            router.sysctl("ipv6/conf/all/forwarding", 1)


def _connect(router: Namespace, host: Namespace, link: Link) -> None:
    run(
        *("ip", "link", "add", link.router_interface, "netns", router.name, "type", "veth"),
        *("peer", "name", link.host_interface, "netns", host.name),
    )
    for namespace, interface in ((router, link.router_interface), (host, link.host_interface)):
        # Packets as on a real wire: with their checksums, and none longer than the MTU.
        run(*namespace.enter(), "ethtool", "-K", interface, "tx", "off", "tso", "off", "gso", "off")
    router.ip_batch(addresses.router_lines(link))
    host.ip_batch(addresses.host_lines(link))


def leftovers(pid: int | None = None) -> list[str]:
    """Names of namespaces and directories of stages: those of one process, or those of dead ones."""
    names = {path.name for path in Path("/run/netns").glob("wlab-*")}
    names |= {path.name for path in Path(tempfile.gettempdir()).glob("wlab-*")}
    owners = {name: int(match[1]) for name in names if (match := _NAME.match(name))}
    return sorted(name for name, owner in owners.items() if (owner == pid if pid else not _alive(owner)))


def prune() -> None:
    """Remove what stages of dead processes left: their daemons, namespaces and directories."""
    for name in leftovers():
        Namespace(name).remove()
        shutil.rmtree(Path(tempfile.gettempdir()) / name, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
