"""Room for what arrives while a busy machine keeps its reader waiting, so that no socket of the lab loses a packet."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
from pathlib import Path

_SO_RCVBUFFORCE = 33  # asm-generic/socket.h: beyond net.core.rmem_max, which no namespace can change
_SYS_PIDFD_GETFD = 438  # asm-generic/unistd.h
_BUFFER = 16 << 20  # bytes; a small packet takes up to a page of them
_libc = ctypes.CDLL(None, use_errno=True)


def enlarge(receiver: socket.socket) -> None:
    """Give a socket room for seconds of packets."""
    receiver.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)


def enlarge_of(pid: int) -> None:
    """Enlarge all datagram sockets that another process has now; what it closes meanwhile is passed over.

    Raises:
        ProcessLookupError: there is no such process.
    """
    pidfd = os.pidfd_open(pid)
    try:
        for entry in Path("/proc", str(pid), "fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                if entry.readlink().name.startswith("socket:"):
                    _enlarge_one(pidfd, int(entry.name))
    finally:
        os.close(pidfd)


def _enlarge_one(pidfd: int, theirs: int) -> None:
    if (ours := _libc.syscall(_SYS_PIDFD_GETFD, pidfd, theirs, 0)) < 0:
        return
    with socket.socket(fileno=ours) as receiver:
        if receiver.family in (socket.AF_INET, socket.AF_INET6) and receiver.type == socket.SOCK_DGRAM:
            enlarge(receiver)
