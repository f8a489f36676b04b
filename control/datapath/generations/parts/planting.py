"""Builds the tree of many prefixes at once, level by level."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from control.allowlist import mapped
from control.datapath.generations.parts.tree import (
    LENGTHS_HERE,
    ROOT_NODES,
    STEP,
    TOP_BITS,
    WORDS,
    Lengths,
    Lines,
    Steps,
    packed,
    steps_of,
    top_of,
)


@dataclass(frozen=True, slots=True)
class Plant:
    """The tree of one family, with its lines counted from 0: nodes, of which the first are the root's, and lengths.

    Attributes:
        words: of the nodes, in rows; the number of a node, or less than 0: of a row of ``lengths``, counted from -1.
        lengths: what stands in words.
    """

    words: NDArray[np.int64]
    lengths: Sequence[Lengths]

    @property
    def nodes(self) -> int:
        """How many lines it has beside the root's and the lengths'."""
        return len(self.words) - ROOT_NODES

    def write(self, lines: Lines, root: int, free: int) -> int:
        """Write it into a generation's lines, the root at ``root``, the others from ``free`` on; return the next free.

        There must be room: a line for each node and each row of lengths, and for 64 of those.
        """
        first = free + self.nodes
        blocks = [packed(lengths) for lengths in self.lengths]
        starts = first + np.cumsum([0, *map(len, blocks)])
        said = np.concatenate([[0], starts[:-1] | LENGTHS_HERE])
        nodes = np.where(self.words >= 0, self.words, 0)
        nodes += np.where(nodes > 0, free - ROOT_NODES, 0)
        words = np.where(self.words < 0, said[np.maximum(-self.words, 0)], nodes).astype(np.uint32)
        lines[root : root + ROOT_NODES] = words[:ROOT_NODES]
        lines[free:first] = words[ROOT_NODES:]
        if blocks:
            lines[first : int(starts[-1])] = np.concatenate(blocks)
        return int(starts[-1])

    @property
    def size(self) -> int:
        """How many lines it needs beside the root's."""
        return self.nodes + sum(len(packed(lengths)) for lengths in self.lengths)


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
    blocks, numbered, depth = [block], ROOT_NODES, TOP_BITS
    while len(own):
        for length in np.unique(own[own <= depth]).tolist():
            span = 1 << depth - length
            ends = place[own == length] // span * span
            words = (ends[:, np.newaxis] + np.arange(span)).reshape(-1)
            block[words] = lengths.with_another(block[words], length + above)
        deeper = own > depth
        steps, own = steps[deeper], own[deeper]
        parents, which = np.unique(place[deeper], return_inverse=True)
        below = np.repeat(block[parents], WORDS)
        block[parents] = numbered + np.arange(len(parents))
        numbered += len(parents)
        place = which * WORDS + _step(steps, depth)
        block, depth = below, depth + STEP
        blocks.append(block)
    return Plant(np.concatenate(blocks).reshape(-1, WORDS), lengths.met)


def _step(steps: Steps, depth: int) -> NDArray[np.intp]:
    return steps[:, depth // STEP].astype(np.intp) if len(steps) else np.zeros(0, np.intp)
