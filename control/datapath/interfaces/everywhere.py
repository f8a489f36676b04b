"""Interfaces of every network namespace that can be reached from here, for who must find all that carry a program.

A link takes its program along when it is moved to another namespace, and an operator's shell need not be in the one in
which the agent is.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from control.datapath import syscall

Returned = TypeVar("Returned")

OWN = Path("/proc/self/ns/net")
NAMED = Path("/run/netns")  # ip-netns(8); the file of one that is gone is a plain one
NSFS_MAGIC = 0x6E736673  # <linux/magic.h>
FIRST_PROCESSES = 0xEFFFFFFC  # PROC_PID_INIT_INO, <linux/proc_ns.h>: the inode of the first namespace of processes


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network namespace.

    Attributes:
        inode: by which the kernel tells it from others.
        path: by which it can be entered.
    """

    inode: int
    path: Path

    def inside(self, do: Callable[[], Returned]) -> Returned:
        """Call a function in a thread inside the namespace, and return what that returns.

        Raises:
            OSError: it may not be entered (needs CAP_SYS_ADMIN), or is gone.
        """
        if self.inode == OWN.stat().st_ino:
            return do()
        with ThreadPoolExecutor(1) as mover:
            return mover.submit(self._entered, do).result()

    def _entered(self, do: Callable[[], Returned]) -> Returned:
        syscall.enter(self.path)
        return do()


def own() -> int:
    """Return the inode of the network namespace of this process."""
    return OWN.stat().st_ino


def namespaces() -> Iterator[Namespace]:
    """Yield each network namespace that a process is in or that has a name, once; that of this process first."""
    seen = set()
    for path in _paths():
        try:
            inode, kind = path.stat().st_ino, syscall.file_system(str(path))
        except OSError:
            continue  # the process has ended, or may not be looked at
        if kind == NSFS_MAGIC and inode not in seen:
            seen.add(inode)
            yield Namespace(inode, path)


def find(inode: int) -> Namespace | None:
    """Return a namespace that no process is in, but that one of them holds: by a mount, a descriptor or a thread.

    None where nobody does: then it is gone, and its links with it; for whoever sees every process, see ``sees_all``.
    """
    name = f"net:[{inode}]"
    for process in _processes():
        with contextlib.suppress(OSError):
            for task in (process / "task").iterdir():
                if (task / "ns/net").stat().st_ino == inode:
                    return Namespace(inode, task / "ns/net")
            for descriptor in (process / "fd").iterdir():
                if str(descriptor.readlink()) == name:
                    return Namespace(inode, descriptor)
            for mount in (process / "mountinfo").read_text().splitlines():
                if mount.split()[3] == name:  # proc(5): the root of the mount; its place is the next
                    return Namespace(inode, process / "root" / mount.split()[4].lstrip("/"))
    return None


def sees_all() -> bool:
    """Return whether this process sees all others of the machine."""
    return Path("/proc/self/ns/pid").stat().st_ino == FIRST_PROCESSES and os.geteuid() == 0


def _processes() -> Iterator[Path]:
    return (process for process in Path("/proc").iterdir() if process.name.isdigit())


def _paths() -> Iterator[Path]:
    yield OWN
    if NAMED.is_dir():
        yield from NAMED.iterdir()
    yield from (process / "ns/net" for process in _processes())
