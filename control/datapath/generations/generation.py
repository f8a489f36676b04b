"""One generation: a whole list in maps of its own, built beside the live one and read back before it goes live."""

import contextlib
import mmap
import os
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from control.allowlist import mapped
from control.allowlist.allowlist import Allowlist
from control.allowlist.mapped import Address
from control.datapath import syscall
from control.datapath.generations import entry_map
from control.datapath.generations.content import Content
from control.datapath.generations.filling import Filling
from control.datapath.generations.parts.arrangement import LINE, Parts
from control.datapath.program.layout import MAP_TYPES, map_shapes
from control.fault import Fault, Kind, Refused
from control.rollout.position import Position, Provenance

LINES_SHAPE, ENTRIES_SHAPE = map_shapes()["line_template"], map_shapes()["entry_template"]
PINS = {"lines": LINES_SHAPE, "entries": ENTRIES_SHAPE}  # what a generation's directory holds
SPARE_ENTRIES = 4096  # that a generation can take up beside what it was built with


def entries_capacity(held: int, hosts: int) -> int:
    """Return how many entries a hash map gets room for: half more than it holds, and the overflow of growth.

    An exact set that grows by a third lets about one host in thirty overflow.
    """
    return held + held // 2 + hosts // 24 + SPARE_ENTRIES


class Generation:
    """The maps of one slot, mapped into this process where they can be.

    Attributes:
        slot: its place in the kernel's outer maps.
        description: its struct generation, in the kernel's memory.
        capacity: how many entries its hash map can hold.
    """

    def __init__(self, slot: int, lines: int, entries_map: int, description: Any) -> None:
        """Take up the two maps, whose file descriptors are its own from now on; ``description`` says what lines are."""
        self.slot, self.description = slot, description
        self.lines_fd, self.entries_fd = lines, entries_map
        self.capacity = syscall.map_info(entries_map)[3]
        self._parts = Parts(_mapped(lines), description)
        self._content = Content(self._parts, entries_map, self.capacity, description)
        self._is_reached: bool | None = None  # until it is looked at

    @classmethod
    def build(cls, slot: int, allowlist: Allowlist, description: Any) -> "Generation":
        """Make the maps for ``allowlist``, fill them, and read them back.

        It counts as nothing until ``finish``.

        Raises:
            Refused: there is no memory for it, or what was read back is not what was written.
        """
        description["revision"] = 0
        rows = entry_map.kernel_rows(allowlist)
        filling = Filling(rows)
        filling.plan.describe(description)
        capacity = entries_capacity(filling.most_entries, len(rows.plain4) + len(rows.plain6))
        generation = cls(slot, *_make_maps(filling.plan.lines, capacity), description)
        try:
            keys, values = filling.write(generation._parts, description)
            generation._fill(keys, values)
            generation._verify(rows)
        except BaseException:
            generation.close()
            raise
        description["tick"], description["moves"] = 1, 0
        return generation

    @classmethod
    def open(cls, slot: int, directory: Path, description: Any) -> "Generation":
        """Take up a generation that is pinned in ``directory``.

        Raises:
            Refused: a map there is not of the shape that the program needs.
            OSError: it is not pinned there.
        """
        with contextlib.ExitStack() as opened:
            fds = []
            for name, shape in PINS.items():
                fds.append(syscall.open_pin(str(directory / name)))
                opened.callback(os.close, fds[-1])
                kind, key, value, _, flags = syscall.map_info(fds[-1])
                if (kind, key, value, flags) != (shape.type, shape.key.itemsize, shape.value.itemsize, shape.flags):
                    fault = Fault(str(directory / name), "it is a map of another shape", "it is built anew")
                    raise Refused(Kind.BAD_PINS, "The pinned list is not of this version", [fault])
            opened.pop_all()
        return cls(slot, fds[0], fds[1], description)

    @property
    def revision(self) -> int:
        """The revision of the list that it holds."""
        return int(self.description["revision"])

    @property
    def used(self) -> int:
        """Entries in the hash map."""
        self._look()
        return self._content.used

    @property
    def provenance(self) -> Provenance:
        """Where the lists had got to of which it holds the union."""
        epoch = bytes(self.description["followed_epoch"])
        followed = Position(epoch.hex(), int(self.description["followed_serial"])) if any(epoch) else Position()
        return Provenance(self.revision, int(self.description["local_serial"]), followed)

    @property
    def is_whole(self) -> bool:
        """Whether it holds what it says: nobody left it half changed, or has changed it behind its back."""
        is_reached = self._look()
        is_finished = int(self.description["digest"]) == self._content.digest
        return is_finished and int(self.description["moves"]) % 2 == 0 and is_reached

    @property
    def buckets(self) -> int:
        """How many buckets its exact set of IPv4 hosts has."""
        return len(self._parts.hosts4.table)

    @property
    def marks_beside_ipv4(self) -> int:
        """How many entries beside its set of IPv4 hosts a sweep looks at."""
        return self.used + len(self._parts.hosts6)

    def finish(self, provenance: Provenance) -> None:
        """Say what the slot holds; the revision last, so that what a crash leaves half done is known as such."""
        self._look()
        self.description["digest"] = self._content.digest
        self.description["local_serial"] = provenance.local
        self.description["followed_serial"] = provenance.followed.serial
        epoch = bytes.fromhex(provenance.followed.epoch) or bytes(16)
        self.description["followed_epoch"] = np.frombuffer(epoch, np.uint8)
        self.description["revision"] = provenance.revision

    def pin(self, directory: Path) -> None:
        """Pin both maps in ``directory``, which it makes: a restarted agent cannot reach an inner map otherwise."""
        directory.mkdir(parents=True)
        syscall.pin(self.lines_fd, str(directory / "lines"))
        syscall.pin(self.entries_fd, str(directory / "entries"))

    def holds(self, allowlist: Allowlist) -> bool:
        """Return whether it holds just this list, whatever the order in which that came about."""
        return self._look() and self._content.digest == entry_map.digest_of(entry_map.kernel_rows(allowlist))

    def read(self) -> Allowlist:
        """Return the list that it holds, without the notes, which the kernel does not have."""
        keys, entries = self._content.read_entries()
        plain6 = entry_map.word_keys(self._parts.hosts6.hosts())
        keys = np.concatenate([keys, plain6])
        entries = np.concatenate([entries, np.zeros(len(plain6), entry_map.ENTRY)])
        return entry_map.list_of(self._parts.hosts4.hosts(), keys, entries)

    def change(self, added: Allowlist, removed: Allowlist, provenance: Provenance) -> None:
        """Change the list in place: ``added`` with its terms first, then ``removed``. For a few entries.

        A prefix in both stays, as in Allowlist.with_changes.

        Raises:
            OSError: E2BIG or ENOMEM, the hash map is full; what was done until then stays.
        """
        self._look()
        rows = entry_map.kernel_rows(added)
        for key in (*entry_map.host_keys(rows.plain4), *entry_map.word_keys(rows.plain6)):
            self._content.add_host(key)
        for key, entry in zip(rows.keys, rows.entries, strict=True):
            self._content.add_entry(key, entry)
        gone = removed.without(added)
        for key in entry_map.keys_of(gone.high, gone.low, gone.length):
            self._content.remove(key)
        self.finish(provenance)

    def sweep(self, with_entries: bool) -> tuple[NDArray[np.uint32], entry_map.Keys]:
        """Return which IPv4 hosts, and with ``with_entries`` which others, had traffic since the last sweep."""
        hosts = self._parts.hosts4.sweep()
        if not with_entries:
            return hosts, np.zeros(0, entry_map.KEY)
        hosts6 = entry_map.word_keys(self._parts.hosts6.sweep())
        if not self.used:
            return hosts, hosts6
        tick = int(self.description["tick"])
        self.description["tick"] = tick % 0xFFFF_FFFF + 1
        keys, values = self._content.read_entries()
        return hosts, np.concatenate([keys[values["seen"] == tick], hosts6])

    def marked(self, entries: Allowlist) -> NDArray[np.bool_]:
        """Return which of a few entries had traffic since the last sweep, without one: the marks stay."""
        tick = int(self.description["tick"])
        keys = entry_map.keys_of(entries.high, entries.low, entries.length)
        return np.array([self._content.is_marked(key, tick) for key in keys], np.bool_)

    def lengths(self, address: Address) -> set[int]:
        """Return of which lengths, in its family's count, packets are told that an address is in prefixes."""
        high, low, length = mapped.key_of(ip_network(address))
        (key,) = entry_map.keys_of(*(np.array([part], np.uint64) for part in (high, low, length)))
        return {mapped.own_length(length, address.version) for length in self._content.lengths(key)}

    def close(self) -> None:
        """Close the file descriptors; pins stay."""
        syscall.close_all([self.lines_fd, self.entries_fd])

    def _look(self) -> bool:
        """Take stock, the first time that it is asked about; return whether packets find all that is there.

        Nobody else changes it while this process has the instance's lock. An agent that starts asks of the live one
        alone: to look at a million takes a tenth of a second.
        """
        if self._is_reached is None:
            self._is_reached = self._content.take_stock()
        return self._is_reached

    def _fill(self, keys: entry_map.Keys, values: entry_map.Entries) -> None:
        try:
            syscall.update_batch(self.entries_fd, keys, values)
        except OSError as error:
            raise _no_room(error) from error

    def _verify(self, rows: entry_map.KernelRows) -> None:
        """Read the maps back, and hold what is there against what should be.

        Raises:
            Refused: they differ.
        """
        is_reached, is_same = self._look(), self._content.digest == entry_map.digest_of(rows)
        if is_reached and is_same:
            return
        why = (
            "some of what was read back is not where packets look for it"
            if is_same
            else f"read back {self.used} entries of the hash map, and they or the exact sets are different"
        )
        fault = Fault(f"generation {self.slot}", why, "try again; if it stays so, run `wicket doctor`")
        raise Refused(Kind.INTERNAL, "The new list was not what was written; the old one stays live", [fault])


def _mapped(lines: int) -> NDArray[Any]:
    count = syscall.map_info(lines)[3]
    return np.frombuffer(mmap.mmap(lines, count * LINE.itemsize), LINE, count)


def _make_maps(lines: int, capacity: int) -> tuple[int, int]:
    try:
        table = syscall.create_map(MAP_TYPES["array"], 4, LINE.itemsize, lines, LINES_SHAPE.flags)
    except OSError as error:
        raise _no_room(error) from error
    try:
        key, entry = entry_map.KEY.itemsize, entry_map.ENTRY.itemsize
        return table, syscall.create_map(MAP_TYPES["hash"], key, entry, capacity, ENTRIES_SHAPE.flags)
    except OSError as error:
        syscall.close_all([table])
        raise _no_room(error) from error


def _no_room(error: OSError) -> Refused:
    fault = Fault("kernel memory", os.strerror(error.errno or 0), "give the machine more memory, or list prefixes")
    return Refused(Kind.NO_ROOM, "The kernel has no room for this list; the old one stays live", [fault])
