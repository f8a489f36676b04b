"""Who sits at this machine: the login behind sudo, not the user that it made of him."""

import os
import pwd
from pathlib import Path

UNSET = (1 << 32) - 1
"""What the kernel says of a process that no login began (audit(8): (uid_t) -1)."""

LOGIN = Path("/proc/self/loginuid")


def name() -> str:
    """Return the name of the user who logged in, or "uid 1000" of one that has none.

    The kernel's word comes first: it is set at the login and cannot be set anew without a capability of root's. Then
    sudo's, which only root can have forged, and then the process's own user; no variable that anybody sets is asked.
    """
    uid = _login()
    if uid is None and os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdecimal():
        uid = int(os.environ["SUDO_UID"])
    uid = os.getuid() if uid is None else uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _login() -> int | None:
    try:
        uid = int(LOGIN.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return None if uid == UNSET else uid
