"""An instance's directory on the bpffs: who may write there, what is pinned there, and whether it fits.

``live`` holds the program and its maps. A new version is built in ``next`` and takes its place once it is filled
and attached; what a crash leaves behind in ``next`` is removed.
"""

import contextlib
import errno
import fcntl
import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np

from control.datapath import syscall
from control.datapath.program.compile import PINNED_MAPS, PROGRAMS, compile_and_pin, schema
from control.datapath.program.layout import MapShape, map_shapes
from control.datapath.program.maps import array
from control.fault import Fault, Kind, Refused

BPF_FS_MAGIC = 0xCAFE4A11  # <linux/magic.h>
BPF_F_MMAPABLE = 1 << 10


class Lock:
    """The right to write to an instance: one process has it, by flock on the instance's directory."""

    def __init__(self, directory: Path) -> None:
        """Make the directory and take the lock.

        Raises:
            Refused: another process has it, or there is no bpffs.
        """
        self.directory = directory
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            mend = "mount one: mount -t bpf bpf /sys/fs/bpf, and check the setting `bpffs`"
            raise cannot_pin(directory, error, mend) from error
        try:
            _check_file_system(directory)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._fd)
            fault = Fault(str(directory), "another process drives this instance", "stop it, or use another instance")
            raise Refused(Kind.BUSY, "The instance has its agent already", [fault]) from error
        except BaseException:
            os.close(self._fd)
            raise

    def keeps_out(self) -> bool:
        """Return whether it is still the lock of the directory of that name: somebody may have removed that."""
        return self.directory.exists() and os.path.samestat(self.directory.stat(), os.fstat(self._fd))

    def hold(self) -> None:
        """Take the lock of the directory anew, if somebody removed the one of which this is the lock.

        Raises:
            Refused: another process has it, or there is no bpffs any more.
        """
        if not self.keeps_out():
            anew = Lock(self.directory)
            os.close(self._fd)
            self._fd = anew._fd

    def release(self) -> None:
        """Give the right to write back; the pins stay."""
        os.close(self._fd)


class Pinned:
    """The program and its maps, opened from a directory of pins.

    Attributes:
        program: file descriptor of the program that stands at interfaces.
        asked: of the same for who asks about a packet.
        maps: file descriptors of its maps by name.
        directory: where they are pinned.
    """

    def __init__(self, directory: Path) -> None:
        """Open what is pinned.

        Raises:
            OSError: something is missing there, or is not what its name says.
            Refused: a map is not of the shape that this version needs.
        """
        self.directory = directory
        with contextlib.ExitStack() as opened:
            self.program = syscall.open_program(str(directory / "program"))
            opened.callback(os.close, self.program)
            self.asked = syscall.open_program(str(directory / "asked"))
            opened.callback(os.close, self.asked)
            self.maps: dict[str, int] = {}
            for name in PINNED_MAPS:
                self.maps[name] = syscall.open_pin(str(directory / "maps" / name))
                opened.callback(os.close, self.maps[name])
            asked = syscall.program_maps(self.program)
            for name, shape in map_shapes().items():
                if name in self.maps:
                    _check_shape(directory / "maps" / name, self.maps[name], shape)
                    _check_asked(directory / "maps" / name, self.maps[name], asked)
            opened.pop_all()

    @property
    def schema(self) -> bytes:
        """The SHA-256 of the source that the pinned program was compiled from."""
        return bytes(array(self, "instances")[0]["schema"])

    @property
    def generations(self) -> Path:
        """Where its generations are pinned."""
        return self.directory / "generations"

    def pin(self, directory: Path) -> None:
        """Pin program and maps in another directory, which it makes."""
        (directory / "maps").mkdir(parents=True)
        syscall.pin(self.program, str(directory / "program"))
        syscall.pin(self.asked, str(directory / "asked"))
        for name, fd in self.maps.items():
            syscall.pin(fd, str(directory / "maps" / name))

    def is_pinned(self) -> bool:
        """Return whether program and maps are still pinned in ``directory``."""
        return all((self.directory / path).exists() for path in (*PROGRAMS, *(f"maps/{name}" for name in self.maps)))

    def close(self) -> None:
        """Close what is open; the kernel keeps all of it."""
        syscall.close_all([self.program, self.asked, *self.maps.values()])


def open_live(directory: Path) -> Pinned | None:
    """Return what the instance has pinned, or None where that is nothing, not whole, or of another version."""
    try:
        pinned = Pinned(directory / "live")
    except (OSError, Refused):
        return None
    if pinned.schema == schema():
        return pinned
    pinned.close()
    return None


def build_next(directory: Path, scratch: Path | None = None) -> Pinned:
    """Compile the program, pin it as the instance's next, and open it; ``scratch`` is for the compiler's own files.

    Raises:
        Refused: it does not compile, load or pin; what is live is untouched.
    """
    remove(directory / "next")
    try:
        compile_and_pin(directory / "next", scratch)
        pinned = Pinned(directory / "next")
    except OSError as error:
        raise cannot_pin(directory, error, "run `wicket doctor`") from error
    array(pinned, "instances")[0]["schema"] = np.frombuffer(schema(), np.uint8)
    return pinned


def promote(directory: Path, pinned: Pinned) -> None:
    """Let ``next`` take the place of ``live``."""
    remove(directory / "old")
    if (directory / "live").exists():
        (directory / "live").rename(directory / "old")
    (directory / "next").rename(directory / "live")
    pinned.directory = directory / "live"
    remove(directory / "old")


def remove(directory: Path) -> None:
    """Remove a directory of pins, if it is there."""
    if directory.exists():
        shutil.rmtree(directory)


@contextlib.contextmanager
def temporary(bpffs: Path) -> Iterator[Pinned]:
    """Give a program that belongs to no instance, with no list and every policy monitor, for a replay."""
    directory = bpffs / f"tmp-{os.getpid()}-{os.urandom(4).hex()}"
    try:
        pinned = build_next(directory)
        try:
            yield pinned
        finally:
            pinned.close()
    finally:
        remove(directory)


def cannot_pin(directory: Path, error: OSError, mend: str) -> Refused:
    """Return the refusal for an error of the bpffs."""
    mends = {
        errno.EROFS: "mount the bpffs for writing: mount -o remount,rw /sys/fs/bpf",
        errno.ENOSPC: "remove pins that nobody needs from the bpffs, or mount it larger",
        errno.ENOMEM: "give the machine more memory",
    }
    fault = Fault(str(directory), os.strerror(error.errno or 0), mends.get(error.errno or 0, mend))
    return Refused(Kind.BAD_PINS, "The state in the kernel cannot be pinned", [fault])


def _check_file_system(directory: Path) -> None:
    if syscall.file_system(str(directory)) != BPF_FS_MAGIC:
        mend = "mount one: mount -t bpf bpf /sys/fs/bpf, and check the setting `bpffs`"
        fault = Fault(str(directory), "this is not on a bpffs", mend)
        raise Refused(Kind.BAD_PINS, "The state in the kernel cannot be pinned", [fault])


def _check_asked(path: Path, fd: int, asked: Collection[int]) -> None:
    """Hold that a map is the program's own: what another one says, no packet ever sees."""
    if syscall.map_id(fd) not in asked:
        why = "it is a map that the program does not ask, put there by somebody"
        fault = Fault(str(path), why, "the agent builds the instance anew")
        raise Refused(Kind.BAD_PINS, "The pinned state is not the program's", [fault])


def _check_shape(path: Path, fd: int, shape: MapShape) -> None:
    if syscall.map_info(fd) != shape.info:
        why = f"it is a map of another shape: {syscall.map_info(fd)}, not {shape.info}"
        fault = Fault(str(path), why, "the agent builds the instance anew")
        raise Refused(Kind.BAD_PINS, "The pinned state is not of this version", [fault])
