"""A disk of an edge's own: a filesystem in a file, that can be filled, that turns read-only, and that is mended."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from lab.command import run

SIZE = "24M"


class Disk:
    """An ext4 filesystem on a loop device, which turns read-only on an error, as a router's disk does.

    Attributes:
        directory: where it is mounted.
    """

    def __init__(self, room: Path) -> None:
        """Make it in a new directory. That is shared: an end of the mount reaches the daemons' copies of all mounts."""
        self.directory, self._room, self._image = room / "mounted", room, room / "image"
        room.mkdir()
        run("mount", "--bind", str(room), str(room))
        run("mount", "--make-shared", str(room))
        self.directory.mkdir()
        run("truncate", "-s", SIZE, str(self._image))
        run("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-m", "0", str(self._image))
        self._mount()

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        """Let there be no room on it meanwhile."""
        filling = self.directory / "filling"
        try:
            with filling.open("wb", buffering=0) as file:
                for size in (1 << 20, 4096, 1):  # no block is left, and no byte in the last one
                    _fill(file, size)
            yield
        finally:
            filling.unlink(missing_ok=True)

    def fail(self) -> None:
        """Have the kernel find an error: from now on it is read-only, whoever has a file open."""
        device = run("losetup", "--noheadings", "--output", "NAME", "-j", str(self._image)).strip()
        Path("/sys/fs/ext4", device.removeprefix("/dev/"), "trigger_fs_error").write_text("1")

    def mend(self) -> None:
        """Check it and mount it anew; nobody may have a file of it open."""
        run("umount", str(self.directory))
        subprocess.run(["e2fsck", "-fy", self._image], capture_output=True, check=False)
        self._mount()

    def close(self) -> None:
        """Unmount it, for good."""
        run("umount", str(self.directory))
        run("umount", str(self._room))

    def _mount(self) -> None:
        run("mount", "-o", "loop,errors=remount-ro", str(self._image), str(self.directory))


def _fill(file: object, size: int) -> None:
    with contextlib.suppress(OSError):
        while True:
            file.write(bytes(size))  # type: ignore[attr-defined]
