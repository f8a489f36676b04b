"""What an operator has stopped by hand, and nobody but an operator starts again: the brake, and interfaces detached.

It is kept as empty directories, whose names say all, in two places: among the pins, which takes no disk and lasts until
the machine starts anew, and on disk. Either will do. Whoever stops something writes here, with or without an agent.
"""

import contextlib
from pathlib import Path

from control.fault import Fault

DIRECTORY = "stopped"
BYPASS, DETACHED, EVERYTHING = "bypass", "detached", "detached-everything"


class Stops:
    """What is stopped at one instance; safe for several processes."""

    def __init__(self, pins: Path, state_dir: Path) -> None:
        """Take the instance's directories of pins and of state; neither need be there."""
        self._places = {"the kernel": pins / DIRECTORY, "the disk": state_dir / DIRECTORY}

    @property
    def is_bypassed(self) -> bool:
        """Whether the brake was pulled by command."""
        return any(_is_seen(place / BYPASS) for place in self._places.values())

    @property
    def is_all_detached(self) -> bool:
        """Whether every interface was detached while no agent could say which there are."""
        return any(_is_seen(place / EVERYTHING) for place in self._places.values())

    @property
    def detached(self) -> set[str]:
        """Interfaces that are not to be guarded though the configuration names them."""
        found: set[str] = set()
        for place in self._places.values():
            with contextlib.suppress(OSError):
                found |= {path.name for path in (place / DETACHED).iterdir()}
        return found

    def braked_by(self, file: Path | None) -> list[str]:
        """Return by whom the brake is pulled, as far as it is noted: ``command``, and ``file`` where that is there."""
        by_file = file is not None and _is_seen(file)
        return [*(["command"] if self.is_bypassed else []), *(["file"] if by_file else [])]

    def stop_dropping(self) -> list[Fault]:
        """Note that the brake is pulled; return what did not take the note."""
        return self._note(BYPASS)

    def drop_again(self) -> list[Fault]:
        """Note that the brake is let go; return where it still stands otherwise."""
        return self._forget(BYPASS)

    def detach(self, name: str) -> list[Fault]:
        """Note that an interface is detached; return what did not take the note."""
        return self._note(f"{DETACHED}/{name}")

    def attach(self, name: str) -> list[Fault]:
        """Note that an interface is to be guarded again; return where it still stands otherwise."""
        return self._forget(f"{DETACHED}/{name}")

    def detach_everything(self) -> list[Fault]:
        """Note that every interface is detached; return what did not take the note."""
        return self._note(EVERYTHING)

    def attach_by_name(self) -> list[Fault]:
        """Note that it is known by name again what is detached; return where it still stands otherwise."""
        return self._forget(EVERYTHING)

    def _note(self, what: str) -> list[Fault]:
        faults = []
        for name, place in self._places.items():
            try:
                (place / what).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                faults.append(Fault(f"{name}, {place}", f"it does not take a note ({error.strerror})", _MENDS[name]))
        return faults

    def _forget(self, what: str) -> list[Fault]:
        faults = []
        for name, place in self._places.items():
            try:
                (place / what).rmdir()
            except FileNotFoundError:
                continue
            except OSError as error:
                faults.append(Fault(str(place / what), f"it cannot be removed ({error.strerror})", _MENDS[name]))
        return faults


def _is_seen(path: Path) -> bool:
    """Return whether something is there, as far as this user may look: commands are for others than root, too."""
    try:
        return path.exists()
    except PermissionError:
        return False


_MENDS = {
    "the kernel": "mount -o remount,rw /sys/fs/bpf",
    "the disk": "free space, or mount it for writing, and repeat: until then it lasts no longer than the machine runs",
}
