"""Names of users and groups, as this machine's own files have them.

Not through NSS: a directory on the network that does not answer must not hold what is asked of an edge.
"""

from pathlib import Path

NOBODY = 0xFFFF_FFFF
"""The login uid of a process that nobody logged in to: (uid_t)-1."""

PASSWD, GROUP = Path("/etc/passwd"), Path("/etc/group")


def user(uid: int) -> str:
    """Return a user as a log shows it: ``uid 1000 (anna)``, without a name where the machine's file has none."""
    name = _name(uid, PASSWD)
    return f"uid {uid} ({name})" if name else f"uid {uid}"


def login_of(pid: int) -> int | None:
    """Return the uid of who logged in to what became a process (proc_pid_loginuid(5)); None: nobody did."""
    try:
        login = int(Path(f"/proc/{pid}/loginuid").read_text())
    except (OSError, ValueError):
        return None
    return None if login == NOBODY else login


def group(gid: int) -> str:
    """Return a group as a mend names it: its name, or its number where the machine's file has none."""
    return _name(gid, GROUP) or str(gid)


def joining(gid: int) -> str:
    """Return how somebody gets the rights of a group's members."""
    return f"usermod -aG {group(gid)} USER as root, and log in anew"


def _name(number: int, file: Path) -> str:
    """Return whose number it is by a file of lines ``name:password:number:…`` (passwd(5), group(5))."""
    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    fields = (line.split(":") for line in lines)
    return next((each[0] for each in fields if len(each) > 2 and each[2] == str(number)), "")
