"""One generation: a whole list in maps of its own, built beside the live one and read back before it goes live."""

import contextlib
import mmap
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from control.allowlist.allowlist import Allowlist
from control.datapath import syscall
from control.datapath.generations import entry_map, exact_set
from control.datapath.generations.content import Content
from control.datapath.program.layout import MAP_TYPES, map_shapes
from control.fault import Fault, Kind, Refused
from control.rollout.position import Position, Provenance

BUCKETS_SHAPE, ENTRIES_SHAPE = map_shapes()["bucket_template"], map_shapes()["entry_template"]
PINS = {"buckets": BUCKETS_SHAPE, "entries": ENTRIES_SHAPE}  # what a generation's directory holds
SPARE_ENTRIES = 4096  # that a generation can take up beside what it was built with


def entries_capacity(held: int, addresses: int) -> int:
    """Return how many entries a hash map gets room for: half more than it holds, and the overflow of growth.

    An exact set that grows by a third lets about one address in thirty overflow.
    """
    return held + held // 2 + addresses // 24 + SPARE_ENTRIES


class Generation:
    """The maps of one slot, mapped into this process where they can be.

    Attributes:
        slot: its place in the kernel's outer maps.
        description: its struct generation, in the kernel's memory.
        capacity: how many it can hold.
    """

    def __init__(self, slot: int, buckets: int, entries_map: int, description: Any) -> None:
        """Takes over the file descriptors of the two maps."""
        self.slot, self.description = slot, description
        self.buckets_fd, self.entries_fd = buckets, entries_map
        entries = syscall.map_info(buckets)[3]
        self._table: NDArray[Any] = np.frombuffer(mmap.mmap(buckets, entries * 32), exact_set.BUCKET, entries)
        self.capacity = syscall.map_info(entries_map)[3]
        self._content = Content(self._table, entries_map, self.capacity, description)

    @classmethod
    def build(cls, slot: int, allowlist: Allowlist, description: Any) -> "Generation":
        """Make the maps for ``allowlist``, fill them, and read them back.

        It counts as nothing until ``finish``.

        Raises:
            Refused: there is no memory for it, or what was read back is not what was written.
        """
        description["revision"] = 0
        rows = entry_map.kernel_rows(allowlist)
        table, overflow = exact_set.build(rows.plain)
        keys = np.concatenate([rows.keys, entry_map.host_keys(overflow)])
        values = np.concatenate([rows.entries, np.zeros(len(overflow), entry_map.ENTRY)])
        generation = cls(slot, *_make_maps(len(table), entries_capacity(len(keys), len(rows.plain))), description)
        try:
            generation._fill(table, keys, values)
            generation.verify(table, keys, values)
        except BaseException:
            generation.close()
            raise
        generation._content.take_stock(keys, values)
        description["shift"], description["tick"], description["moves"] = exact_set.shift_of(len(table)), 1, 0
        generation._content.describe_lengths()
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
        return cls.taken_up(slot, fds[0], fds[1], description)

    @classmethod
    def taken_up(cls, slot: int, buckets: int, entries_map: int, description: Any) -> "Generation":
        """Take up a generation by the file descriptors of its two maps, which are its own from now on."""
        generation = cls(slot, buckets, entries_map, description)
        generation._content.take_stock(*generation._content.read_entries())
        return generation

    @property
    def revision(self) -> int:
        """The revision of the list that it holds."""
        return int(self.description["revision"])

    @property
    def used(self) -> int:
        """Entries in the hash map."""
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
        return int(self.description["digest"]) == self._content.digest and int(self.description["moves"]) % 2 == 0

    @property
    def addresses(self) -> int:
        """How many addresses its exact set holds."""
        return int(np.count_nonzero(self._table["address"]))

    @property
    def buckets(self) -> int:
        """How many buckets its exact set has."""
        return len(self._table)

    def finish(self, provenance: Provenance) -> None:
        """Say what the slot holds; the revision last, so that what a crash leaves half done is known as such."""
        self.description["digest"] = self._content.digest
        self.description["local_serial"] = provenance.local
        self.description["followed_serial"] = provenance.followed.serial
        epoch = bytes.fromhex(provenance.followed.epoch) or bytes(16)
        self.description["followed_epoch"] = np.frombuffer(epoch, np.uint8)
        self.description["revision"] = provenance.revision

    def pin(self, directory: Path) -> None:
        """Pin both maps in ``directory``, which it makes: a restarted agent cannot reach an inner map otherwise."""
        directory.mkdir(parents=True)
        syscall.pin(self.buckets_fd, str(directory / "buckets"))
        syscall.pin(self.entries_fd, str(directory / "entries"))

    def verify(self, table: exact_set.Buckets, keys: entry_map.Keys, values: entry_map.Entries) -> None:
        """Read the maps back and hold them against what they should be.

        Raises:
            Refused: they differ.
        """
        read_keys, read_values = self._content.read_entries()
        same_buckets = bool(
            (self._table["address"] == table["address"]).all()
            and (self._table["overflowed"] == table["overflowed"]).all()
        )
        if same_buckets and entry_map.digest(read_keys, read_values) == entry_map.digest(keys, values):
            return
        buckets = "equal" if same_buckets else "different"
        why = f"read back {len(read_keys)} of {len(keys)} entries of the hash map, exact set {buckets}"
        fault = Fault(f"generation {self.slot}", why, "try again; if it stays so, run `wicket doctor`")
        raise Refused(Kind.INTERNAL, "The new list was not what was written; the old one stays live", [fault])

    def holds(self, allowlist: Allowlist) -> bool:
        """Return whether it holds just this list, whatever the order in which that came about."""
        rows = entry_map.kernel_rows(allowlist)
        keys, values = self._content.read_entries()
        hosts = self._content.hosts()
        overflow = np.setdiff1d(entry_map.hosts_among(keys), entry_map.hosts_among(rows.keys))
        expected_keys = np.concatenate([rows.keys, entry_map.host_keys(overflow)])
        expected = np.concatenate([rows.entries, np.zeros(len(overflow), entry_map.ENTRY)])
        return bool(
            np.array_equal(np.sort(np.concatenate([hosts, overflow])), np.sort(rows.plain))
            and entry_map.digest(keys, values) == entry_map.digest(expected_keys, expected)
        )

    def read(self) -> Allowlist:
        """Return the list that it holds, without the notes, which the kernel does not have."""
        return entry_map.list_of(self._content.hosts(), *self._content.read_entries())

    def change(self, added: Allowlist, removed: Allowlist, provenance: Provenance) -> None:
        """Change the list in place: ``added`` with its terms first, then ``removed``. For a few entries.

        A prefix in both stays, as in Allowlist.with_changes.

        Raises:
            OSError: E2BIG or ENOMEM, the hash map is full; what was done until then stays.
        """
        rows = entry_map.kernel_rows(added)
        for address in rows.plain.tolist():
            self._content.add_host(address)
        for key, entry in zip(rows.keys, rows.entries, strict=True):
            self._content.add_entry(key, entry)
        gone = removed.without(added)
        for key in entry_map.keys_of(gone.high, gone.low, gone.length):
            self._content.remove(key)
        self._content.forget_lengths()
        self.finish(provenance)

    def sweep(self, with_entries: bool) -> tuple[NDArray[np.uint32], entry_map.Keys]:
        """Return which IPv4 hosts, and with ``with_entries`` which others, had traffic since the last sweep."""
        hosts = exact_set.sweep(self._table)
        if not with_entries or not self.used:
            return hosts, np.zeros(0, entry_map.KEY)
        tick = int(self.description["tick"])
        self.description["tick"] = tick % 0xFFFF_FFFF + 1
        keys, values = self._content.read_entries()
        return hosts, keys[values["seen"] == tick]

    def close(self) -> None:
        """Close the file descriptors; pins stay."""
        syscall.close_all([self.buckets_fd, self.entries_fd])

    def _fill(self, table: exact_set.Buckets, keys: entry_map.Keys, values: entry_map.Entries) -> None:
        try:
            syscall.update_batch(self.entries_fd, keys, values)
        except OSError as error:
            raise _no_room(error) from error
        exact_set.expect_overflow(table, entry_map.hosts_among(keys))
        self._table[:] = table


def _make_maps(buckets: int, capacity: int) -> tuple[int, int]:
    try:
        table = syscall.create_map(MAP_TYPES["array"], 4, exact_set.BUCKET.itemsize, buckets, BUCKETS_SHAPE.flags)
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
