"""The programs that an instance has in the kernel, wherever they are attached and whatever is pinned.

The kernel numbers every program and every map, and a program names the maps that it asks. Who may look there
(CAP_SYS_ADMIN) needs neither pins nor the network namespace, and finds what is left of an earlier version as well.
"""

import contextlib
import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from control.datapath import syscall
from control.datapath.program.layout import map_shapes
from control.datapath.program.maps import opened_by_number

NAME = "wicket"
LEFT_BY_A_SWAP = ("next", "old")  # directories of pins that a killed agent may leave beside what is live
PLACES = ("live", *LEFT_BY_A_SWAP)
TRIES, BETWEEN_TRIES = 20, 0.1  # s: the kernel lets go of a namespace's links some time after its last process


@dataclass(frozen=True, slots=True)
class Loaded:
    """A program of ours, opened.

    Attributes:
        id: by which the kernel knows it, and an interface says what it carries.
        program: its file descriptor.
        maps: file descriptors of its maps by name.
    """

    id: int
    program: int
    maps: Mapping[str, int]

    def fits(self, name: str) -> bool:
        """Return whether it has this map, in the shape that this version knows."""
        return name in self.maps and syscall.map_info(self.maps[name]) == map_shapes()[name].info

    def fits_all(self, names: Iterable[str]) -> bool:
        """Return whether it has all of these maps, in the shape that this version knows."""
        return all(self.fits(name) for name in names)

    def close(self) -> None:
        """Close what is open; the kernel keeps all of it."""
        syscall.close_all([self.program, *self.maps.values()])


def owner_of(directory: Path) -> bytes:
    """Return what an instance's state says of whose it is: 16 bytes made of where it is pinned."""
    return hashlib.sha256(os.fsencode(directory.resolve())).digest()[:16]


def are_held(directory: Path) -> bool:
    """Return whether anything beside their pins holds the instance's programs: an agent, or a link somewhere.

    It is asked where not every process can be seen, and so not every namespace. Each pin is taken away for the moment
    in which the kernel is asked whether the program is still there.

    Raises:
        OSError: a pin cannot be taken away, or put back.
    """
    return any(_is_held(path) for path in (directory / place / "program" for place in PLACES) if path.exists())


def _is_held(pin: Path) -> bool:
    fd = syscall.open_program(str(pin))
    number = syscall.program_info(fd)[0]
    os.close(fd)
    os.close(syscall.program_by_id(number))  # refused here, while it is still pinned, to who may not
    for _ in range(TRIES):
        pin.unlink()
        try:
            fd = syscall.program_by_id(number)
        except FileNotFoundError:
            return False
        try:
            syscall.pin(fd, str(pin))
        finally:
            os.close(fd)
        time.sleep(BETWEEN_TRIES)
    return True


@contextlib.contextmanager
def programs(directory: Path) -> Iterator[list[Loaded]]:
    """Give every program of the instance that is pinned in ``directory``, the newest last; closed on leaving.

    Without the right to look a program up by its number, these are the pinned ones, with the maps that are pinned
    beside them and that they ask indeed.

    Raises:
        PermissionError: this process may not open what is pinned either: there may be programs.
    """
    with contextlib.ExitStack() as opened:
        found = _by_number(directory, opened)
        yield _pinned(directory, opened) if found is None else found


def _by_number(directory: Path, opened: contextlib.ExitStack) -> list[Loaded] | None:
    pinned, owner, found = _pinned_numbers(directory), owner_of(directory), []
    for number in _numbers():
        if number is None:
            return None
        try:
            program = syscall.program_by_id(number)
        except PermissionError:
            return None
        except FileNotFoundError:
            continue  # it was unloaded meanwhile
        if syscall.program_type(program) != syscall.PROG_TYPE_XDP or syscall.program_info(program)[2] != NAME:
            os.close(program)
            continue
        try:
            loaded = Loaded(number, program, opened_by_number(program))
        except PermissionError:
            os.close(program)
            return None
        if _is_pinned(program, pinned) or _owner(loaded) == owner:
            opened.callback(loaded.close)
            found.append(loaded)
        else:
            loaded.close()
    return found


def _numbers() -> Iterator[int | None]:
    """Yield the numbers of all programs; None where we may not look."""
    try:
        yield from syscall.programs()
    except PermissionError:
        yield None


def _is_pinned(program: int, pinned: set[int]) -> bool:
    """Return whether most of the program's maps are pinned: one alone may be somebody else's, put there by hand."""
    asked = syscall.program_maps(program)
    return 2 * len(pinned.intersection(asked)) > len(asked)


def _owner(loaded: Loaded) -> bytes | None:
    if not loaded.fits("instances"):
        return None
    row = np.zeros(1, map_shapes()["instances"].value)
    syscall.lookup(loaded.maps["instances"], np.zeros(1, np.uint32), row)
    return bytes(row["owner"][0])


def _pinned_numbers(directory: Path) -> set[int]:
    """Return the numbers of the maps that are pinned, for which a bpffs that is read-only will do."""
    found = set()
    for place in PLACES:
        with contextlib.suppress(OSError):
            for path in (directory / place / "maps").iterdir():
                with contextlib.suppress(OSError):
                    fd = syscall.open_pin(str(path), read_only=True)
                    found.add(syscall.map_id(fd))
                    os.close(fd)
    return found


def _pinned(directory: Path, opened: contextlib.ExitStack) -> list[Loaded]:
    found = []
    for place in PLACES:
        with _what_is_not_there():
            program = syscall.open_program(str(directory / place / "program"))
            opened.callback(os.close, program)
            asked, maps = syscall.program_maps(program), {}
            for path in (directory / place / "maps").iterdir():
                fd = syscall.open_pin(str(path))
                opened.callback(os.close, fd)
                if syscall.map_id(fd) in asked:
                    maps[path.name] = fd
            found.append(Loaded(syscall.program_info(program)[0], program, maps))
    return sorted(found, key=lambda loaded: loaded.id)


@contextlib.contextmanager
def _what_is_not_there() -> Iterator[None]:
    """Pass over what cannot be opened, unless it is hidden from us: nobody may take that for nothing."""
    try:
        yield
    except PermissionError:
        raise
    except OSError:
        return
