"""One instance's part in the kernel: adopted from its pins, or built beside them and swapped in."""

import contextlib
import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from control.datapath import brake, predecessor, syscall
from control.datapath.controls import Controls
from control.datapath.generations.lists import Lists
from control.datapath.interfaces import attaching, everywhere
from control.datapath.network import Network
from control.datapath.predecessor import Predecessor
from control.datapath.probe.events import Events
from control.datapath.probe.probe import Probe
from control.datapath.program import pins
from control.datapath.program.loaded import LEFT_BY_A_SWAP, PLACES, owner_of
from control.datapath.program.pins import Lock, Pinned
from control.fault import Fault, Kind, Refused


class Datapath:
    """The program, its lists and its settings; one process at a time drives them.

    Attributes:
        is_new: it was built just now and holds no list: fill it, then ``take_over``.
        lists, controls, network, probe: the parts of it.
    """

    def __init__(
        self, directory: Path, lock: Lock, pinned: Pinned, lists: Lists, earlier: list[int], is_new: bool
    ) -> None:
        """Put the parts together; ``open`` is for everybody else."""
        self._directory, self._lock, self._pinned, self._earlier = directory, lock, pinned, earlier
        self.lists, self.controls, self.probe = lists, Controls(pinned), Probe(pinned.asked)
        self.network, self.is_new = Network(pinned), is_new

    @classmethod
    def open(cls, directory: Path, keep: int, scratch: Path | None = None) -> "Datapath":
        """Take the instance's lock and adopt what is pinned in ``directory``, or build it anew.

        ``keep`` is how many generations are held at most, ``scratch`` a directory for the compiler's own files.
        Building compiles the program, which takes a second or two.

        Raises:
            Refused: another process drives the instance, or the program cannot be loaded or pinned.
        """
        with contextlib.ExitStack() as opened:
            lock = Lock(directory)
            opened.callback(lock.release)
            earlier: list[int] = []
            opened.callback(lambda: syscall.close_all(earlier))
            adopted = _adopt(directory, keep)
            is_new = adopted is None
            if adopted is None:
                earlier += _programs_of(directory)
                pinned = pins.build_next(directory, scratch)
                adopted = pinned, Lists(pinned, keep)
            datapath = cls(directory, lock, *adopted, earlier, is_new)
            datapath.controls.set_owner(owner_of(directory), everywhere.own())
            if is_new:
                datapath._take_up_brake()
            else:
                _take_back(directory, datapath._pinned.program)
            opened.pop_all()
        return datapath

    def events(self) -> Events:
        """Open the ring of sampled packets, of which there is to be one reader."""
        return Events(self._pinned.maps["events"])

    @property
    def programs(self) -> attaching.Programs:
        """Our programs, as the interfaces know them."""
        return _programs(self._directory, self._pinned.program, self._earlier)

    @contextlib.contextmanager
    def predecessor(self) -> Iterator[Predecessor | None]:
        """Give what the program says that this one is to take over from; None where there is none, or it is not new."""
        if not self.is_new:
            yield None
            return
        with predecessor.of(self._directory, self.programs.id) as before:
            yield before

    def _take_up_brake(self) -> None:
        """Pull the brake where a program pulled it that this one takes over from."""
        self.controls.pull(self.controls.brake | predecessor.brake(self._directory, self.programs.id))

    def take_over(self, known: Collection[int] = ()) -> list[str]:
        """Let a new program, once filled, replace earlier ones on their interfaces; return those interfaces.

        ``known`` are ids of ours whose pins may be gone.

        Raises:
            Refused: the pins cannot be moved.
        """
        taken = attaching.take_over(self.programs, known)
        self._take_up_brake()  # once more: it may have been pulled meanwhile
        try:
            pins.promote(self._directory, self._pinned)
        except OSError as error:
            raise pins.cannot_pin(self._directory, error, "run `wicket doctor`") from error
        syscall.close_all(self._earlier)
        self._earlier, self.is_new = [], False
        return taken

    def is_pinned(self) -> bool:
        """Return whether the pins are still there: somebody may have removed or unmounted them."""
        return self._lock.keeps_out() and self._pinned.is_pinned() and self.lists.are_pinned()

    def pin_again(self) -> None:
        """Pin what is loaded once more, after somebody removed the pins: else a restart could not adopt it.

        Raises:
            Refused: the bpffs does not take it, or another process has taken the instance meanwhile.
        """
        try:
            self._lock.hold()
            pins.remove(self._directory / "live")
            self._pinned.pin(self._directory / "live")
            for generation in self.lists.held:
                generation.pin(self._pinned.generations / str(generation.slot))
        except OSError as error:
            raise pins.cannot_pin(self._directory, error, "run `wicket doctor`") from error

    def close(self) -> None:
        """Let go of everything; the kernel goes on."""
        self.lists.close()
        self._pinned.close()
        syscall.close_all(self._earlier)
        self._lock.release()


def remove(directory: Path, keep: Collection[str] = ()) -> list[str]:
    """Take an instance out of the kernel, for an operator who says so and with no agent running.

    Its programs are taken off every interface that can be reached, and then all pins are removed, but for those of the
    names in ``keep``. Returns the interfaces.

    Raises:
        Refused: an agent drives the instance, or a program may still be on an interface: the pins stay, since without
            them nobody would find it.
    """
    if not directory.exists():
        return []
    lock = Lock(directory)
    try:
        cleared = brake.detach(directory)
        if cleared.faults:
            raise Refused(Kind.INTERFACE, "The program may still be on an interface", cleared.faults)
        for entry in list(directory.iterdir()):
            if entry.name not in keep:
                pins.remove(entry)
        if not keep:
            directory.rmdir()
    except OSError as error:
        raise pins.cannot_pin(directory, error, "run `wicket doctor`") from error
    finally:
        lock.release()
    return cleared.interfaces


def _take_back(directory: Path, program: int) -> None:
    """Clear away a swap that was cut short, where the program it began from is the one we go on with."""
    fds = _programs_of(directory, LEFT_BY_A_SWAP)
    try:
        if fds:
            attaching.take_over(_programs(directory, program, fds))
        for name in LEFT_BY_A_SWAP:
            pins.remove(directory / name)
    finally:
        syscall.close_all(fds)


def _programs_of(directory: Path, places: Sequence[str] = PLACES) -> list[int]:
    """Open every program that the instance has pinned, whatever its version."""
    fds = []
    for name in places:
        with contextlib.suppress(OSError):
            fds.append(syscall.open_program(str(directory / name / "program")))
    return fds


def _programs(directory: Path, current: int, earlier: Sequence[int]) -> attaching.Programs:
    return attaching.Programs(current, earlier, lambda: _programs_of_others(directory))


def _programs_of_others(directory: Path) -> dict[int, str]:
    """Return what the instances beside this one have pinned: ids, and each instance's name."""
    others: dict[int, str] = {}
    with contextlib.suppress(OSError):  # the bpffs may be gone
        for other in directory.parent.iterdir():
            fds = _programs_of(other) if other != directory else []
            others |= {syscall.program_info(fd)[0]: other.name for fd in fds}
            syscall.close_all(fds)
    return others


def _adopt(directory: Path, keep: int) -> tuple[Pinned, Lists] | None:
    if not (directory / "live").exists() and (directory / "next" / "generations").exists():
        (directory / "next").rename(directory / "live")  # a swap was cut short between its two renames
    pinned = pins.open_live(directory)
    if pinned is None:
        return None
    lists = Lists(pinned, keep)
    try:
        lists.adopt()
    except (OSError, Refused):
        lists.close()
        pinned.close()
        return None
    return pinned, lists


def check_bpffs(directory: Path) -> Fault | None:
    """Return what is wrong with the place for pins, for the doctor."""
    probe = directory / f"doctor-{os.getpid()}"
    try:
        try:
            Lock(probe).release()
        finally:
            with contextlib.suppress(OSError):  # it may be that it could not be made
                probe.rmdir()
    except Refused as refused:
        return refused.faults[0]
    except OSError as error:
        return Fault(str(directory), os.strerror(error.errno or 0), "mount -t bpf bpf /sys/fs/bpf")
    return None
