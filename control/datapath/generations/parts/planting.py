"""Builds the tree of many prefixes at once, level by level; what goes on in one way alone becomes a skip."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from control.allowlist import mapped
from control.datapath.generations.parts.tree import (
    LENGTHS_HERE,
    ROOT_NODES,
    SKIP,
    SKIP_HERE,
    STEP,
    TOP_BITS,
    WORDS,
    Lengths,
    Lines,
    Steps,
    halves_of,
    masks_of,
    packed,
    steps_of,
    top_of,
)

Words = NDArray[
    np.int64
]  # of nodes: the number of a node, of a skip above SKIPS, or less than 0: of lengths, from -1 on

SKIPS = 1 << 40
FEWEST = 2  # nodes that a skip stands for: it takes a line as each of them does


@dataclass(slots=True)
class Level:
    """The nodes of one depth, while the tree grows.

    Attributes:
        first: the number of the first of them; the root's begin at 0.
        depth: bits of an address that lead to them.
        words: in rows, a node each.
        steps: of an address below each node; of the root nobody asks.
        ends, then, otherwise, nodes: of what goes on from each node in one way alone: how many bits of an address have
            been looked at where that ends, what stands there, what all others find, and how many nodes that are; 0:
            it goes on in several ways.
    """

    first: int
    depth: int
    words: Words
    steps: Steps
    ends: Words = field(init=False)
    then: Words = field(init=False)
    otherwise: Words = field(init=False)
    nodes: Words = field(init=False)

    def find_ways(self, below: "Level | None") -> None:
        """Find which nodes go on in one way alone, once those below have been looked at."""
        rows, own = np.arange(len(self.words)), self.steps[:, self.depth // STEP].astype(np.intp)
        is_node = self.words > 0
        # To one node: all other words say the same.
        child = self.words[rows, own]
        other = self.words[rows, (own + 1) % WORDS]
        to_node = (
            (is_node.sum(axis=1) == 1) & (child > 0) & ((self.words == other[:, np.newaxis]) | is_node).all(axis=1)
        )
        # To lengths, of a run of words as one prefix has it.
        same = self.words == child[:, np.newaxis]
        run = same.sum(axis=1)
        begin = np.argmax(same, axis=1)
        end = WORDS - 1 - np.argmax(same[:, ::-1], axis=1)
        beside = self.words[rows, (end + 1) % WORDS]
        is_run = (end - begin + 1 == run) & (run & run - 1 == 0) & (begin % run == 0) & (run < WORDS)
        to_lengths = ~is_node.any(axis=1) & is_run & ((self.words == beside[:, np.newaxis]) | same).all(axis=1)
        self.nodes = (to_node | to_lengths).astype(np.int64)
        self.then, self.otherwise = child.copy(), np.where(to_node, other, beside)
        self.ends = self.depth + STEP - np.where(to_lengths, np.log2(run).astype(np.int64), 0)
        if below is not None and to_node.any():
            at = np.flatnonzero(to_node)
            which = child[at] - below.first
            further = (below.nodes[which] > 0) & (below.otherwise[which] == self.otherwise[at])
            at, which = at[further], which[further]
            self.nodes[at] += below.nodes[which]
            self.then[at], self.ends[at] = below.then[which], below.ends[which]


@dataclass(frozen=True, slots=True)
class Plant:
    """The tree of one family, with its lines counted from 0.

    Attributes:
        words: of the nodes, in rows, of which the first are the root's.
        skips: of SKIP, but for what stands in ``then`` and ``otherwise``.
        then, otherwise: that, as in words.
        lengths: what stands in lengths.
    """

    words: Words
    skips: NDArray[Any]
    then: Words
    otherwise: Words
    lengths: Sequence[Lengths]

    @property
    def size(self) -> int:
        """How many lines it needs beside the root's."""
        return len(self.words) - ROOT_NODES + len(self.skips) + sum(len(packed(lengths)) for lengths in self.lengths)

    def write(self, lines: Lines, root: int, free: int) -> int:
        """Write it into a generation's lines, the root at ``root``, the others from ``free`` on; return the next free.

        There must be room for ``size`` of them.
        """
        first_skip = free + len(self.words) - ROOT_NODES
        first_lengths = first_skip + len(self.skips)
        blocks = [packed(lengths) for lengths in self.lengths]
        starts = first_lengths + np.cumsum([0, *map(len, blocks)])
        said = np.concatenate([[0], starts[:-1] | LENGTHS_HERE])

        def numbered(words: Words) -> NDArray[np.uint32]:
            nodes = np.where(words > 0, words + free - ROOT_NODES, 0)
            skips = (words - SKIPS + first_skip) | SKIP_HERE
            going_on = np.where(words >= SKIPS, skips, nodes)
            return np.where(words < 0, said[np.maximum(-words, 0) * (words < 0)], going_on).astype(np.uint32)

        words, skips = numbered(self.words), self.skips.copy()
        skips["then"], skips["otherwise"] = numbered(self.then), numbered(self.otherwise)
        lines[root : root + ROOT_NODES] = words[:ROOT_NODES]
        lines[free:first_skip] = words[ROOT_NODES:]
        lines[first_skip:first_lengths] = skips.view(np.uint32).reshape(len(skips), lines.shape[1])
        if blocks:
            lines[first_lengths : int(starts[-1])] = np.concatenate(blocks)
        return int(starts[-1])


class _Lengths:
    """The sets of lengths that were met, each once."""

    def __init__(self) -> None:
        self.met: list[Lengths] = []
        self._numbers: dict[Lengths, int] = {}

    def with_another(self, said: NDArray[np.int64], length: int) -> NDArray[np.int64]:
        """Return what words say when a length is added that is longer than those before."""
        distinct, which = np.unique(said, return_inverse=True)
        after = [self._number((length, *(self.met[-number - 1] if number else ()))) for number in distinct.tolist()]
        return np.array(after, np.int64)[which]

    def _number(self, lengths: Lengths) -> int:
        if lengths not in self._numbers:
            self.met.append(lengths)
            self._numbers[lengths] = -len(self.met)
        return self._numbers[lengths]


def plant(keys: NDArray[Any], family: int) -> Plant:
    """Return the tree of prefixes of one family, struct prefix each, each once."""
    above, lengths = mapped.length_of(0, family), _Lengths()
    steps, own = steps_of(keys["address"], family), keys["length"].astype(np.intp) - above
    block = np.zeros(ROOT_NODES * WORDS, np.int64)  # words of the nodes of this depth
    place = top_of(steps)  # of each prefix among them
    lead = np.zeros((ROOT_NODES, steps.shape[1]), np.uint8)
    levels, numbered, depth = [Level(0, TOP_BITS - STEP, block.reshape(-1, WORDS), lead)], ROOT_NODES, TOP_BITS
    while len(own):
        for length in np.unique(own[own <= depth]).tolist():
            span = 1 << depth - length
            ends = place[own == length] // span * span
            words = (ends[:, np.newaxis] + np.arange(span)).reshape(-1)
            block[words] = lengths.with_another(block[words], length + above)
        deeper = own > depth
        steps, own = steps[deeper], own[deeper]
        if not len(own):
            break
        parents, lead_of, which = np.unique(place[deeper], return_index=True, return_inverse=True)
        below = np.repeat(block[parents], WORDS)
        block[parents] = numbered + np.arange(len(parents))
        levels.append(Level(numbered, depth, below.reshape(-1, WORDS), steps[lead_of]))
        numbered += len(parents)
        place = which * WORDS + steps[:, depth // STEP].astype(np.intp)
        block, depth = below, depth + STEP
    return _pruned(levels, lengths.met)


def _pruned(levels: list[Level], lengths: Sequence[Lengths]) -> Plant:
    """Return the tree with skips for the nodes that go on in one way alone."""
    below = None
    for level in levels[:0:-1]:
        level.find_ways(below)
        below = level
    words, nodes = (np.concatenate(rows) for rows in ([level.words for level in levels], _of(levels, "nodes")))
    then, otherwise, ends = (np.concatenate(_of(levels, name)) for name in ("then", "otherwise", "ends"))
    steps = np.concatenate([level.steps for level in levels])
    is_kept = np.zeros(len(words), np.bool_)
    starts: list[Words] = []  # of skips, the nodes with which they begin
    reached = np.arange(ROOT_NODES)
    while len(reached):
        is_kept[reached] = True
        found = np.unique(words[reached][words[reached] > 0])
        skipped = found[nodes[found] >= FEWEST]
        starts.append(skipped)
        beyond = then[skipped]
        reached = np.concatenate([found[nodes[found] < FEWEST], beyond[beyond > 0]])
        # What a skip ends at is a node that goes on in several ways, and stays one.
    skips_at = np.concatenate(starts)
    number = np.zeros(len(words), np.int64)
    number[is_kept] = np.arange(is_kept.sum())
    number[skips_at] = SKIPS + np.arange(len(skips_at))

    def renumbered(values: Words) -> Words:
        return np.where(values > 0, number[np.maximum(values, 0)], values)

    skips = np.zeros(len(skips_at), SKIP)
    skips["bits"], skips["mask"] = ends[skips_at], masks_of(ends[skips_at])
    skips["wanted"] = halves_of(steps[skips_at]) & skips["mask"]
    return Plant(
        renumbered(words[is_kept]), skips, renumbered(then[skips_at]), renumbered(otherwise[skips_at]), lengths
    )


def _of(levels: list[Level], name: str) -> list[Words]:
    """Return an attribute of all levels; of the root, where nothing is skipped, it is 0."""
    return [np.zeros(ROOT_NODES, np.int64), *(getattr(level, name) for level in levels[1:])]
