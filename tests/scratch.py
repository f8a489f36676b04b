"""Where tests keep what ends with them: in memory, where a commit waits for no disk, if there is enough of it."""

import os
import tempfile
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")
"""A file system in memory, of every Linux machine (POSIX shared memory lives there)."""

ENOUGH = 3 << 30  # bytes free; a run of three processes that removed nothing until its end had 2.4 GB there


def directory() -> Path:
    """Return what temporary directories of tests are made in."""
    try:
        status = os.statvfs(SHARED_MEMORY)
    except FileNotFoundError:
        return Path(tempfile.gettempdir())
    if status.f_bavail * status.f_frsize < ENOUGH or status.f_flag & (os.ST_NOEXEC | os.ST_RDONLY):
        return Path(tempfile.gettempdir())
    return SHARED_MEMORY


def let_pass(path: Path) -> None:
    """Let every user pass on the way to a path: the directories of tests are for their owner alone."""
    for parent in path.parents:
        if parent == directory():
            return
        parent.chmod(0o711)
