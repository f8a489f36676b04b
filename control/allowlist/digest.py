"""The digest of a whole list, which follows a change: plus what comes, minus what goes.

Registry and edge each keep one, so that whole lists are compared with every serial, however small the change was. It
does not depend on the order of entries, nor on notes, which the kernel does not know. It finds what was lost, restored
or left half done; it is no defence against forgers, who know how to make sums come out.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from control.allowlist.allowlist import Allowlist
from control.allowlist.columnar import U64, Columns
from control.allowlist.entry import Terms, port_text

LANES = 4
SIZE = LANES * 8
"""Bytes of a digest."""

_MODULUS = 1 << 64


@dataclass(frozen=True, slots=True)
class Digest:
    """Sums over entries, of which each is 64 bits wide and wraps around.

    Attributes:
        lanes: LANES numbers; of the empty list all zero.
    """

    lanes: tuple[int, ...] = (0,) * LANES

    @classmethod
    def of(cls, entries: Allowlist) -> "Digest":
        """Return the digest of a list; a million entries take a fifth of a second."""
        lanes = numbers(entries.columns, entries.terms_table).sum(axis=0, dtype=np.uint64)
        return cls(tuple(map(int, lanes)))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Digest":
        """Return the digest of which ``data`` are the bytes.

        Raises:
            ValueError: they are not SIZE bytes.
        """
        if len(data) != SIZE:
            raise ValueError(f"a digest of a list has {SIZE} bytes, not {len(data)}")
        return cls(_lanes(data))

    def after(self, added: Allowlist, removed: Allowlist) -> "Digest":
        """Return the digest once entries have joined, and others, with the terms that they had, have left."""
        more, less = Digest.of(added), Digest.of(removed)
        lanes = zip(self.lanes, more.lanes, less.lanes, strict=True)
        return Digest(tuple((held + joined - left) % _MODULUS for held, joined, left in lanes))

    def __bytes__(self) -> bytes:
        return b"".join(lane.to_bytes(8, "big") for lane in self.lanes)

    def __str__(self) -> str:
        return bytes(self).hex()


def numbers(columns: Columns, terms_table: Sequence[Terms]) -> U64:
    """Return what each row adds to the digest of a list: an array of shape (rows, LANES)."""
    seeds = np.array([_seeds(terms) for terms in terms_table], np.uint64)[columns.terms]
    lanes = [_numbers(columns, seeds[:, lane]) for lane in range(LANES)]
    return np.stack(lanes, axis=1)


def _seeds(terms: Terms) -> tuple[int, ...]:
    """Return a number for each lane of what an entry allows, by SHA-256."""
    words = ",".join(terms.protocols) + " " + ",".join(map(port_text, terms.ports))
    return _lanes(hashlib.sha256(words.encode()).digest())


def _lanes(data: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(data[at : at + 8], "big") for at in range(0, SIZE, 8))


def _numbers(entries: Columns, seeds: U64) -> U64:
    return _mixed(_mixed(_mixed(seeds ^ entries.high) ^ entries.low) ^ entries.length)


def _mixed(numbers: U64) -> U64:
    """Spread each bit over all 64: the finalizer of SplitMix64 (Steele and others, OOPSLA 2014, section 4)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    mixed: U64 = numbers ^ (numbers >> np.uint64(31))
    return mixed
