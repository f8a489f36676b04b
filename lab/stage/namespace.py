"""One network namespace: programs, sockets and settings in it."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from lab.command import run
from lab.waiting import wait_for

_CLONE_NEWNET = 0x40000000  # linux/sched.h
_KILL_SECONDS = 30.0
_libc = ctypes.CDLL(None, use_errno=True)
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Namespace:
    """A named network namespace, entered by nsenter.

    `ip netns exec` would mount a fresh /sys, and so hide bpffs from the programs inside.
    """

    name: str

    @property
    def path(self) -> Path:
        return Path("/run/netns") / self.name

    def enter(self) -> tuple[str, ...]:
        """The words to put before a command so that it runs here."""
        return ("nsenter", f"--net={self.path}", "--")

    def create(self) -> None:
        """Make it, without the checks that slow a lab down or drop what it sends.

        The source check (rp_filter) is off, and so is IPv6's search for a duplicate address, which keeps
        a link-local address, and with it neighbour discovery, waiting for two seconds.
        """
        # One at a time: the first on a machine makes /run/netns a mount, which two at once would do twice.
        run("flock", "/run/lock", "ip", "netns", "add", self.name)
        for setting in ("ipv4/conf/%s/rp_filter", "ipv6/conf/%s/accept_dad", "ipv6/conf/%s/dad_transmits"):
            for scope in ("all", "default"):
                self.sysctl(setting % scope, 0)
        self.ip_batch(["link set lo up"])

    def remove(self) -> None:
        """Kill every process inside, whoever started it, then remove the namespace. Absent is fine."""
        deadline = time.monotonic() + _KILL_SECONDS
        while (pids := self.pids()) and time.monotonic() < deadline:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
        with contextlib.suppress(RuntimeError):
            run("ip", "netns", "delete", self.name)

    def pids(self) -> list[int]:
        """Processes whose main thread is in this namespace; none when it is gone."""
        try:
            return [int(pid) for pid in run("ip", "netns", "pids", self.name).split()]
        except RuntimeError:
            return []

    def ip_batch(self, lines: Iterable[str]) -> None:
        """Run many `ip` commands in one process; RuntimeError with its words when one fails."""
        run(*self.enter(), "ip", "-batch", "-", text="\n".join(lines) + "\n")

    def wait_for_carrier(self, *interfaces: str) -> None:
        """Wait until interfaces send: a busy kernel takes its time, and throws away what comes before without a word.

        Raises:
            TimeoutError: one of them has not come up.
        """
        wait_for(
            lambda: self._with_carrier() >= set(interfaces), f"{self.name}: {' and '.join(interfaces)} have come up"
        )

    def has(self, interface: str) -> bool:
        """Whether there is an interface of this name."""
        return interface in {link["ifname"] for link in json.loads(run(*self.enter(), "ip", "-json", "link", "show"))}

    def _with_carrier(self) -> set[str]:
        links = json.loads(run(*self.enter(), "ip", "-json", "link", "show", "up"))
        return {link["ifname"] for link in links if link["operstate"] == "UP"}

    def sysctl(self, path: str, value: int) -> None:
        """Set net/PATH: /proc/sys/net shows the namespace of the thread that opens it."""
        self.inside(lambda: Path("/proc/sys/net", path).write_text(str(value)))

    def socket(self, family: socket.AddressFamily, kind: socket.SocketKind, protocol: int = 0) -> socket.socket:
        """A socket that lives here for good, whatever thread uses it."""
        return self.inside(lambda: socket.socket(family, kind, protocol))

    def inside(self, work: Callable[[], _Result]) -> _Result:
        """Run `work` in a thread that has moved here; the calling thread stays where it is."""
        with ThreadPoolExecutor(1) as mover:
            return mover.submit(self._work_here, work).result()

    def _work_here(self, work: Callable[[], _Result]) -> _Result:
        with self.path.open("rb") as handle:
            if _libc.setns(handle.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), f"setns to {self.name}")
        return work()
