"""What a service manager is told of us, as sd_notify(3) has it: ready, how we fare, alive, about to stop.

Without a service manager nothing of this happens.
"""

import contextlib
import os
import socket

SOCKET, WATCHDOG, WATCHDOG_OF = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"
"""Variables of the environment, see sd_notify(3) and sd_watchdog_enabled(3)."""

PATIENCE = 1.0
"""s that telling may take: a service manager that does not listen must not stop us."""


def tell(*lines: str) -> None:
    """Tell assignments, such as "READY=1"; that they cannot be told changes nothing here."""
    path = os.environ.get(SOCKET)
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path  # an abstract socket, unix(7)
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.settimeout(PATIENCE)
        channel.sendto("\n".join(lines).encode(), address)


def status(text: str) -> str:
    """Return the assignment that says in a line how we fare, for `systemctl status`."""
    return "STATUS=" + " ".join(text.split())


def watchdog_interval() -> float | None:
    """Return after how many seconds to say "WATCHDOG=1", half of what is allowed; None: nobody waits for it."""
    allowed, of = os.environ.get(WATCHDOG, ""), os.environ.get(WATCHDOG_OF, "")
    if not allowed.isascii() or not allowed.isdigit() or not int(allowed) or of not in ("", str(os.getpid())):
        return None
    return int(allowed) / 2 / 1_000_000
