"""Events for systemd's journal in its native protocol: each key a field of its own, for `journalctl` to select by.

A datagram to the journal's socket is lines NAME=value; a value with a line break comes in binary: its name, a line
break, 64 bits of little-endian length, the value, a line break. One that is too long for a datagram is a file in
memory instead, of which the descriptor is sent. See systemd's "Native Journal Protocol".
"""

import array
import contextlib
import errno
import fcntl
import os
import re
import socket
import struct
from collections.abc import Mapping
from pathlib import Path

import structlog

SOCKET = Path("/run/systemd/journal/socket")
STREAM = "JOURNAL_STREAM"
"""Variable of the environment that says which stream goes to the journal, see systemd.exec(5)."""

PRIORITY = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
"""Levels as syslog(3) numbers them."""

PATIENCE = 1.0
"""s that an event may take: a journal that does not read must not stop us."""

SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
"""Without all of them the journal does not read a file in memory: it might change meanwhile."""

PREFIX = "WICKET_"
LONGEST_NAME = 64
"""Characters of a field's name that the journal takes."""


def is_journal(descriptor: int) -> bool:
    """Return whether a file descriptor is a stream to the journal, by its device and inode."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return False
    return os.environ.get(STREAM) == f"{status.st_dev}:{status.st_ino}"


class Journal:
    """A logger whose one argument is what ``render`` made."""

    def __init__(self, path: Path = SOCKET, patience: float = PATIENCE) -> None:
        """Send to a socket; ``patience`` is how many seconds an event may take."""
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(patience)

    def msg(self, datagram: bytes) -> None:
        """Send an event; a journal that is not there, or is full, loses it: the gateway goes on."""
        with contextlib.suppress(OSError):
            try:
                self._socket.sendto(datagram, str(self._path))
            except OSError as error:
                if error.errno not in (errno.EMSGSIZE, errno.ENOBUFS):
                    raise
                self._send_as_file(datagram)

    log = debug = info = warning = error = critical = exception = msg

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

    def _send_as_file(self, datagram: bytes) -> None:
        with os.fdopen(os.memfd_create("journal", os.MFD_ALLOW_SEALING), "wb", buffering=0) as file:
            file.write(datagram)
            fcntl.fcntl(file, fcntl.F_ADD_SEALS, SEALS)
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file.fileno()]))]
            self._socket.sendmsg([b""], rights, 0, str(self._path))


def renderer(identifier: str) -> structlog.typing.Processor:
    """Return what makes a datagram of an event; ``identifier`` is the program's name."""

    def render(_logger: object, _name: str, event: structlog.typing.EventDict) -> bytes:
        level = str(event.pop("level", "info"))
        said = {"MESSAGE": _sentence(event), "PRIORITY": PRIORITY.get(level, PRIORITY["info"])}
        fields = {_field_name(key): value for key, value in event.items() if key not in ("event", "timestamp")}
        return datagram(said | {"SYSLOG_IDENTIFIER": identifier} | fields)

    return render


def datagram(fields: Mapping[str, object]) -> bytes:
    """Return fields as the journal reads them."""
    return b"".join(_field(name.encode(), str(value).encode(errors="replace")) for name, value in fields.items())


def _sentence(event: Mapping[str, object]) -> str:
    """Return the event in one line, with what belongs to it, as `journalctl` shows it; a traceback comes below."""
    said = [f"{key}={value}" for key, value in event.items() if key not in ("event", "timestamp", "exception")]
    line = " ".join([str(event.get("event", "")), *said])
    return f"{line}\n{event['exception']}" if "exception" in event else line


def _field_name(key: str) -> str:
    return (PREFIX + re.sub(r"[^A-Z0-9]", "_", key.upper()))[:LONGEST_NAME]


def _field(name: bytes, value: bytes) -> bytes:
    if b"\n" in value:
        return name + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"
    return name + b"=" + value + b"\n"
