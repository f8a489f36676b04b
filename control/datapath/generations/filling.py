"""Fills the maps of a new generation: what goes where, and how much room that takes."""

from typing import Any

import numpy as np

from control.datapath.generations import entry_map
from control.datapath.generations.parts import filter as filters
from control.datapath.generations.parts.arrangement import Arrangement, Parts
from control.datapath.generations.parts.hashes import spread, spread6
from control.datapath.generations.parts.planting import plant


class Filling:
    """A list's rows on their way into the maps.

    Attributes:
        plan: of the lines that they take.
    """

    def __init__(self, rows: entry_map.KernelRows) -> None:
        self._rows = rows
        narrowed4, narrowed6 = (entry_map.hosts_among(rows.keys, family) for family in (4, 6))
        self._narrowed = {4: narrowed4, 6: narrowed6}
        prefixes = {family: entry_map.prefixes_among(rows.keys, family) for family in (4, 6)}
        self._trees = {family: plant(keys, family) for family, keys in prefixes.items() if len(keys)}
        self.plan = Arrangement.of(
            len(rows.plain4),
            len(narrowed4),
            len(rows.plain6) + len(narrowed6),
            sum(tree.size for tree in self._trees.values()),
        )

    @property
    def most_entries(self) -> int:
        """How many entries the hash map needs room for, but for a few hosts that find their bucket full."""
        return len(self._rows.keys) + len(self._rows.plain6) // 16

    def write(self, parts: Parts, description: Any) -> tuple[entry_map.Keys, entry_map.Entries]:
        """Write what stands in lines; return the keys and entries that are for the hash map."""
        rows = self._rows
        hashes4 = np.sort(spread(rows.plain4))
        full4 = parts.hosts4.fill(hashes4)
        hashes6 = spread6(rows.plain6)
        order = np.argsort(hashes6)
        plain6, hashes6 = rows.plain6[order], hashes6[order]
        full6 = plain6[parts.hosts6.fill(plain6, hashes6)]
        for hashes in (hashes4, hashes6, *(np.sort(some) for some in self._hashes_of_narrowed())):
            filters.add_sorted(parts.filter, hashes)
        parts.hosts4.expect_overflow(self._narrowed[4])
        parts.hosts6.expect_overflow(self._narrowed[6])
        for family, tree in self._trees.items():
            description["next"] = tree.write(parts.lines, parts.roots[family], int(description["next"]))
            description[f"root{family}"] = parts.roots[family]
        overflow = np.concatenate([entry_map.host_keys(full4), entry_map.word_keys(full6)])
        plain = np.zeros(len(overflow), entry_map.ENTRY)
        return np.concatenate([rows.keys, overflow]), np.concatenate([rows.entries, plain])

    def _hashes_of_narrowed(self) -> tuple[Any, Any]:
        return spread(self._narrowed[4]), spread6(self._narrowed[6])
