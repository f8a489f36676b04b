"""The lists that the kernel holds: up to eight generations, of which one is live, by one number in the kernel."""

import errno
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from control.allowlist.allowlist import Allowlist
from control.datapath import syscall
from control.datapath.generations import entry_map
from control.datapath.generations.generation import PINS, Generation
from control.datapath.program.maps import array
from control.datapath.program.pins import Pinned, cannot_pin
from control.fault import Refused
from control.rollout.change import SMALL
from control.rollout.position import Provenance
from control.vocabulary import constant

GENERATIONS = constant("GENERATIONS")

_NOTHING = np.zeros(0, np.uint32), np.zeros(0, entry_map.KEY)


class Lists:
    """The generations of one instance; not safe for several threads."""

    def __init__(self, pinned: Pinned, keep: int) -> None:
        """``keep`` is how many generations are held at most, the live one among them."""
        self._pinned, self._keep = pinned, keep
        controls = array(pinned, "controls")
        self._descriptions = controls["generations"][0]
        self._active, self._cut_after = controls["active"], controls["cut"]
        self._held: dict[int, Generation] = {}
        self._cut: Generation | None = None

    @property
    def live(self) -> Generation | None:
        """The live generation; None before the first."""
        return self._held.get(int(self._active[0]))

    @property
    def held(self) -> list[Generation]:
        """All generations that can be made live, by rising revision."""
        return sorted(self._held.values(), key=lambda generation: generation.revision)

    def are_pinned(self) -> bool:
        """Return whether the maps of all of them are still pinned."""
        return all((self._path(slot) / name).exists() for slot in list(self._held) for name in PINS)

    def adopt(self) -> None:
        """Take up what an earlier process pinned; what it left half built, or is damaged, is removed.

        Raises:
            Refused: a map of the live generation is not of the shape that the program needs.
            OSError: the live generation is not pinned.
        """
        live, cut = int(self._active[0]), int(self._cut_after[0]) - 1
        self._cut_after[0] = 0  # it is told anew what was cut lately
        for slot in range(GENERATIONS):
            whole = int(self._descriptions[slot]["revision"]) > 0
            if slot != live and (not whole or slot == cut):
                self._clear(slot)
                continue
            try:
                self._held[slot] = Generation.open(slot, self._path(slot), self._descriptions[slot])
            except (OSError, Refused):
                if slot == live:
                    raise
                self._clear(slot)

    def stage(self, allowlist: Allowlist, provenance: Provenance) -> Generation:
        """Build ``allowlist`` as a generation that is not live yet; its revision is above 0.

        Raises:
            Refused: there is no room for it, or it cannot be pinned; the live list is untouched.
        """
        generation = self._built(allowlist, provenance)
        self._held[generation.slot] = generation
        return generation

    def watch_cut(self, entries: Allowlist) -> None:
        """Have packets leave marks at these entries, which were cut lately, where no end of them is on the live list.

        Raises:
            Refused: there is no room for it; what was watched before still is.
        """
        before = self._cut
        self._cut = self._built(entries, Provenance(1)) if len(entries) else None
        self._cut_after[0] = self._cut.slot + 1 if self._cut else 0
        if before:
            before.close()
            self._clear(before.slot)

    def sweep_cut(self) -> tuple[NDArray[np.uint32], entry_map.Keys]:
        """Return the entries cut lately that had traffic since the last sweep, see Generation.sweep."""
        return self._cut.sweep(True) if self._cut else _NOTHING

    def _built(self, allowlist: Allowlist, provenance: Provenance) -> Generation:
        slot = self._free_slot()
        self._clear(slot)
        generation = Generation.build(slot, allowlist, self._descriptions[slot])
        try:
            generation.pin(self._path(slot))
            self._store("lines", slot, generation.lines_fd)
            self._store("entries", slot, generation.entries_fd)
            generation.finish(provenance)
        except BaseException as error:
            generation.close()
            self._clear(slot)
            if isinstance(error, OSError):
                raise cannot_pin(self._path(slot), error, "run `wicket doctor`") from error
            raise
        return generation

    def revived(self, revision: int, added: Allowlist, removed: Allowlist, provenance: Provenance) -> Generation | None:
        """Make of a held generation, with a few changes, one of another revision, to go live; None: it is not whole.

        It is not found again under its own revision then, nor by an agent that starts before it is live.
        """
        for held in self._held.values():
            if held.revision == revision and held is not self.live and held.is_whole:
                try:
                    held.change(added, removed, provenance)
                except OSError:
                    self.discard(held)
                    return None
                return held
        return None

    def go_live(self, generation: Generation) -> None:
        """Make a held generation the live one: one store of four bytes."""
        self._active[0] = generation.slot

    def retire(self) -> None:
        """Let go of the oldest generations beyond those to be kept."""
        spare = [held for held in self.held if held is not self.live]
        for generation in spare[: max(0, len(self._held) - self._keep)]:
            self.discard(generation)

    def settle(self) -> None:
        """Let go of what a process that died had staged but not made live, and of what it had yet to retire.

        The live generation must be that of the last revision: then any other of its revision or a later one never was
        live, and must not be taken for one that was.
        """
        live = self.live
        for held in self.held:
            if live is not None and held is not live and held.revision >= live.revision:
                self.discard(held)
        self.retire()

    def discard(self, generation: Generation) -> None:
        """Let go of a generation that is not live."""
        del self._held[generation.slot]
        generation.close()
        self._clear(generation.slot)

    def change(
        self, added: Allowlist, removed: Allowlist, provenance: Provenance, whole: Callable[[], Allowlist]
    ) -> Generation:
        """Make a change live; in place when it is small and there is room, otherwise as a bigger generation.

        ``whole`` gives the whole list after the change.

        Raises:
            Refused: there is no room for it; part of what was to be added may be live.
        """
        live = self.live
        if live is not None and len(added) + len(removed) <= SMALL:
            try:
                live.change(added, removed, provenance)
                return live
            except OSError as error:
                if error.errno not in (errno.E2BIG, errno.ENOMEM):
                    raise
        generation = self.stage(whole(), provenance)
        self.go_live(generation)
        self.retire()
        return generation

    def sweep(self, with_entries: bool) -> tuple[NDArray[np.uint32], entry_map.Keys]:
        """Return the entries that had traffic since the last sweep, see Generation.sweep."""
        live = self.live
        return live.sweep(with_entries) if live else _NOTHING

    def marked(self, entries: Allowlist) -> NDArray[np.bool_]:
        """Return which of a few entries had traffic since the last sweep, see Generation.marked."""
        live = self.live
        return live.marked(entries) if live else np.zeros(len(entries), np.bool_)

    def close(self) -> None:
        """Close what is open; the kernel keeps all of it."""
        for generation in (*self._held.values(), *([self._cut] if self._cut else [])):
            generation.close()
        self._held.clear()
        self._cut = None

    def _path(self, slot: int) -> Path:
        return self._pinned.generations / str(slot)

    def _free_slot(self) -> int:
        taken = {*self._held, int(self._active[0]), *([self._cut.slot] if self._cut else [])}
        free = [slot for slot in range(GENERATIONS) if slot not in taken]
        if free:
            return free[0]
        oldest = next(held for held in self.held if held is not self.live)
        self.discard(oldest)
        return oldest.slot

    def _clear(self, slot: int) -> None:
        """Empty a slot of the kernel's maps, which waits until no packet is looked up there any more."""
        self._descriptions[slot]["revision"] = 0
        key = np.array([slot], np.uint32)
        for outer in ("lines", "entries"):
            syscall.delete(self._pinned.maps[outer], key)
        if self._path(slot).exists():
            shutil.rmtree(self._path(slot))

    def _store(self, outer: str, slot: int, inner: int) -> None:
        syscall.update(self._pinned.maps[outer], np.array([slot], np.uint32), np.array([inner], np.uint32))
