"""Where the parts of a generation stand in its array of lines."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from control.datapath.generations.parts import filter as filters
from control.datapath.generations.parts import hosts6
from control.datapath.generations.parts.buckets import shift_of
from control.datapath.generations.parts.hosts4 import Hosts4, Narrow, Wide, kind_for
from control.datapath.generations.parts.tree import ROOT_BITS, ROOT_NODES, Lines
from control.datapath.program.layout import structure

LINE = structure("line")
SPARE_LINES = 2048  # for prefixes that come one by one, beside half as many as there were


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How many of what there is room for; in buckets, words and lines.

    Attributes:
        filter_words: of the filter.
        kind: of the set of IPv4 hosts.
        buckets4, buckets6: of the two sets.
        tree: lines beside the roots', for both families' prefixes.
    """

    filter_words: int
    kind: type[Wide | Narrow]
    buckets4: int
    buckets6: int
    tree: int

    @classmethod
    def of(cls, hosts4: int, others: int, hosts6_count: int, tree: int) -> "Arrangement":
        """Return that for so many plain IPv4 hosts, other IPv4 hosts, IPv6 hosts, and lines of prefixes."""
        kind = kind_for(hosts4)
        return cls(
            filters.words_for(hosts4 + others + hosts6_count),
            kind,
            kind.buckets_for(hosts4),
            hosts6.buckets_for(hosts6_count),
            tree + tree // 2 + SPARE_LINES,
        )

    @property
    def lines(self) -> int:
        """How many lines that takes."""
        return self._starts[-1] + self.tree

    @property
    def _starts(self) -> tuple[int, int, int, int, int]:
        """The lines with which the parts begin: sets, roots, and what the tree has beside those."""
        hosts4 = self.filter_words * 8 // LINE.itemsize
        hosts6_at = hosts4 + self.buckets4 * self.kind.bucket.itemsize // LINE.itemsize
        root4 = hosts6_at + self.buckets6
        return hosts4, hosts6_at, root4, root4 + ROOT_NODES, root4 + 2 * ROOT_NODES

    def describe(self, description: Any) -> None:
        """Write it into a struct generation; nothing is asked of the prefixes yet."""
        hosts4, hosts6_at, _, _, tree = self._starts
        description["filter"], description["filter_shift"] = 0, shift_of(self.filter_words)
        description["filtered"] = self.filter_words >= filters.ASKED_FROM
        description["hosts4"], description["shift4"] = hosts4, shift_of(self.buckets4)
        description["narrow"] = self.kind is Narrow
        description["hosts6"], description["shift6"] = hosts6_at, shift_of(self.buckets6)
        description["root4"] = description["root6"] = 0
        description["root_bits"] = ROOT_BITS
        description["next"] = tree


class Parts:
    """The parts of a generation, in its lines.

    Attributes:
        filter: of the hosts of both families.
        hosts4, hosts6: the sets.
        lines: all of it, in rows of words.
        roots: by family, the first line of its root.
    """

    def __init__(self, lines: NDArray[Any], description: Any) -> None:
        """``lines`` is of LINE, in the kernel's memory, with the parts where ``description`` says."""
        words = 1 << 32 - int(description["filter_shift"])
        at4, at6 = int(description["hosts4"]), int(description["hosts6"])
        kind = Narrow if description["narrow"] else Wide
        buckets4, buckets6 = (1 << 32 - int(description[name]) for name in ("shift4", "shift6"))
        self.lines: Lines = lines.view(np.uint32).reshape(len(lines), -1)
        self.filter = lines.view(np.uint64).reshape(-1)[:words]
        of4 = lines[at4 : at4 + buckets4 * kind.bucket.itemsize // LINE.itemsize]
        self.hosts4: Hosts4 = kind(of4.view(kind.bucket).reshape(-1))
        self.hosts6 = hosts6.Hosts6(lines[at6 : at6 + buckets6].view(hosts6.BUCKET6).reshape(-1))
        self.roots = {4: at6 + buckets6, 6: at6 + buckets6 + ROOT_NODES}
