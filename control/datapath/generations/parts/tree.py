"""The tree of prefixes, four bits of an address a step, and how it is changed in place. See bpf/prefixes.h.

A word of a node says of the addresses below it in which prefixes they are: by their lengths, since of one length an
address is in one prefix alone. So a prefix comes or goes by its length in all words that are below it, each changed by
one store; who looks meanwhile finds what is there before and after. Nodes are never taken back: a reader may be on its
way to them.
"""

import errno
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from control.allowlist import mapped
from control.datapath.program.layout import structure
from control.vocabulary import constant

LENGTHS_HERE, SKIP_HERE = constant("LENGTHS_HERE"), constant("SKIP_HERE")
STEP, ROOT_BITS = constant("NODE_BITS"), constant("ROOT_BITS")
WORDS = 1 << STEP  # in a node
ROOT_NODES = 1 << ROOT_BITS  # of which the first bits of an address choose one
TOP_BITS = ROOT_BITS + STEP  # that choose one of their words
LINE_LENGTHS = constant("LINE_LENGTHS")
SKIP = structure("skip")
_MEMBERS: Any = SKIP.fields
THEN, OTHERWISE = (int(_MEMBERS[name][1]) // 4 for name in ("then", "otherwise"))  # which words of a skip
BITS = {4: 32, 6: 128}  # of an address

Steps = NDArray[np.uint8]  # rows of an address's steps of four bits
Lines = NDArray[np.uint32]  # rows of 16 words
Lengths = tuple[int, ...]  # of prefixes that some address is in, as in struct prefix; the longest first


def steps_of(words: NDArray[Any], family: int) -> Steps:
    """Return addresses, rows of four words as in struct prefix, as the steps of their own family."""
    octets = words.astype(">u4").view(np.uint8).reshape(len(words), 16)[:, 16 - BITS[family] // 8 :]
    return np.stack([octets >> 4, octets & 15], axis=2).reshape(len(words), BITS[family] // STEP)


def top_of(steps: Steps) -> NDArray[np.intp]:
    """Return which of the root's words each address chooses."""
    top = np.zeros(len(steps), np.intp)
    for step in steps.T[: TOP_BITS // STEP]:
        top = top << STEP | step
    return top


def packed(lengths: Lengths) -> Lines:
    """Return lines with these lengths and the 0 behind the last."""
    lines = np.zeros((len(lengths) // LINE_LENGTHS + 1, LINE_LENGTHS), np.uint8)
    lines.reshape(-1)[: len(lengths)] = lengths
    return lines.view(np.uint32)


def halves_of(steps: Steps) -> NDArray[np.uint64]:
    """Return addresses in rows of two halves, IPv4 in the upper half of the first, as struct skip has them."""
    octets = np.zeros((len(steps), 16), np.uint8)
    octets[:, : steps.shape[1] // 2] = steps[:, ::2] << STEP | steps[:, 1::2]
    return octets.view(">u8").astype(np.uint64)


def masks_of(bits: NDArray[np.intp]) -> NDArray[np.uint64]:
    """Return the masks, rows of two halves, that leave so many bits of an address, 0 to 128."""
    left = 64 - np.clip(bits[:, np.newaxis] - np.array([0, 64]), 0, 64).astype(np.uint64)
    full = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
    return np.where(left == 64, np.uint64(0), full << np.minimum(left, np.uint64(63)))


class Tree:
    """The prefixes of one family, in lines that both families share."""

    def __init__(self, family: int, lines: Lines, root: int, description: Any) -> None:
        """``lines`` are all of the generation, in the kernel's memory; those of the root begin at ``root``.

        ``description`` is its struct generation: of it ``next``, the next free line, and ``root4`` or ``root6``, which
        is 0 as long as there is no prefix.
        """
        self._family, self._lines, self._root, self._description = family, lines, root, description
        self._flat = lines.reshape(-1)
        self._above = mapped.length_of(0, family)  # which a length in struct prefix is more than its family's
        self._written: dict[Lengths, int] = {}

    def ask(self, asked: bool) -> None:
        """Let packets be looked up in it, or not: without any prefix that is in vain."""
        self._description[f"root{self._family}"] = self._root if asked else 0

    def change(self, key: Any, present: bool) -> None:
        """Add a prefix, or remove it; ``key`` is its struct prefix.

        Raises:
            OSError: E2BIG, there is no room for more nodes; part of its addresses may be found.
        """
        steps, length = steps_of(key["address"][np.newaxis], self._family), int(key["length"])
        base, offset, depth = self._root * WORDS, int(top_of(steps)[0]), TOP_BITS
        while depth < length - self._above:
            value = int(self._flat[base + offset])
            if not value or value & LENGTHS_HERE:
                if not present:
                    return
                node = self._free(1)
                self._lines[node] = value
                self._flat[base + offset] = value = node
            elif value & SKIP_HERE:
                self._flat[base + offset] = value = self._without_skip(value, depth)
            base, offset, depth = value * WORDS, int(steps[0, depth // STEP]), depth + STEP
        span = 1 << depth - (length - self._above)
        self._write(base + offset // span * span + np.arange(span), length, present)

    def lengths(self, words: NDArray[Any]) -> Lengths:
        """Return of which lengths an address, four words, is in prefixes, as packets are told; as in struct prefix."""
        return self._read(int(self._ends(words[np.newaxis])[0]))

    def _write(self, places: NDArray[np.intp], length: int, present: bool) -> None:
        """Change what these words say, and all words below them."""
        while len(places):
            values = self._flat[places]
            goes_on = (values != 0) & (values & LENGTHS_HERE == 0)
            for value in np.unique(values[~goes_on]).tolist():
                self._flat[places[values == value]] = self._changed(value, length, present)
            is_skip = values[goes_on] & SKIP_HERE != 0
            lines = (values[goes_on] & ~np.uint32(SKIP_HERE)).astype(np.intp)[:, np.newaxis] * WORDS
            nodes, skips = lines[~is_skip] + np.arange(WORDS), lines[is_skip] + np.array([THEN, OTHERWISE])
            places = np.concatenate([nodes.reshape(-1), skips.reshape(-1)])

    def _without_skip(self, value: int, depth: int) -> int:
        """Write the nodes that a skip stands for, from a depth on, and return the first of them."""
        skip = self._lines[value & ~SKIP_HERE].view(SKIP)[0]
        wanted, end = skip["wanted"].astype(">u8").view(np.uint8), int(skip["bits"])
        word = int(skip["then"])
        for begin in range((end - 1) // STEP * STEP, depth - STEP, -STEP):
            step = int(wanted[begin // 8]) >> (STEP - begin % 8) & WORDS - 1
            span = 1 << max(0, begin + STEP - end)
            node = self._free(1)
            self._lines[node] = skip["otherwise"]
            self._lines[node, step // span * span : step // span * span + span] = word
            word = node
        return word

    def _changed(self, value: int, length: int, present: bool) -> int:
        """Return what a word says with a length more, or less."""
        held = set(self._read(value)) - {length} | ({length} if present else set())
        lengths = tuple(sorted(held, reverse=True))
        if not lengths:
            return 0
        if lengths not in self._written:
            lines = packed(lengths)
            first = self._free(len(lines))
            self._lines[first : first + len(lines)] = lines
            self._written[lengths] = first | LENGTHS_HERE
        return self._written[lengths]

    def _read(self, value: int) -> Lengths:
        if not value:
            return ()
        first = value & ~LENGTHS_HERE
        octets = self._lines[first : first + BITS[6] // LINE_LENGTHS + 1].reshape(-1).view(np.uint8)
        return tuple(octets[: int(np.argmin(octets))].tolist())

    def _free(self, lines: int) -> int:
        """Return the first of so many lines that nobody uses, which are taken now."""
        first = int(self._description["next"])
        if first + lines > len(self._lines):
            raise OSError(errno.E2BIG, os.strerror(errno.E2BIG))
        self._description["next"] = first + lines
        return first

    def _ends(self, words: NDArray[Any]) -> NDArray[np.uint32]:
        """Return with which word the way of each address, four words, through the tree ends; 0: with none.

        It ends however damaged the lines are.
        """
        steps = steps_of(words, self._family)
        values, halves = self._flat[self._root * WORDS + top_of(steps)], halves_of(steps)
        depths, skips = np.full(len(words), TOP_BITS), self._lines.view(SKIP).reshape(-1)
        while (goes_on := (values != 0) & (values & LENGTHS_HERE == 0) & (depths < BITS[self._family])).any():
            is_skip = goes_on & (values & SKIP_HERE != 0)
            lines = np.minimum((values & ~np.uint32(SKIP_HERE)).astype(np.intp), len(self._lines) - 1)
            on = np.flatnonzero(goes_on & ~is_skip)
            over, skip = np.flatnonzero(is_skip), skips[lines[is_skip]]
            values[on] = self._lines[lines[on], steps[on, depths[on] // STEP]]
            depths[on] += STEP
            differs = ((halves[over] ^ skip["wanted"]) & skip["mask"]).any(axis=1)
            values[over] = np.where(differs, skip["otherwise"], skip["then"])
            depths[over] = np.maximum(skip["bits"], depths[over] + STEP)
        values[values & LENGTHS_HERE == 0] = 0
        return values

    def finds(self, keys: NDArray[Any]) -> NDArray[np.bool_]:
        """Return for each prefix, a struct prefix, whether its first address is looked for in it."""
        values = self._ends(keys["address"])
        found = np.zeros(len(keys), np.bool_)
        wanted = keys["length"]
        for more in range(BITS[6] // LINE_LENGTHS + 1):
            line = np.minimum((values & ~np.uint32(LENGTHS_HERE)).astype(np.intp) + more, len(self._lines) - 1)
            here = self._lines[line].view(np.uint8)
            found |= (here == wanted[:, np.newaxis]).any(axis=1) & (values & LENGTHS_HERE != 0)
            if here.all(axis=1).sum() == 0:
                break
        return found
