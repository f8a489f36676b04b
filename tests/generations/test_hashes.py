"""The hashes of bpf/hash.h in numpy: by hand in Python's unlimited numbers, and as permutations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.datapath.generations.parts.hashes import spread, spread6, unspread

numbers = st.integers(0, 0xFFFF_FFFF)


@given(numbers)
def test_of_an_ipv4_address(x: int) -> None:
    hashed = x * 0x9E3779B1 % 2**32
    hashed ^= hashed >> 15
    hashed = hashed * 0x85EBCA77 % 2**32
    assert spread(np.array([x], np.uint32)).tolist() == [hashed]
    assert unspread(np.array([hashed], np.uint32)).tolist() == [x]


@given(st.lists(numbers, min_size=4, max_size=4))
def test_of_an_ipv6_address(words: list[int]) -> None:
    upper, lower = words[0] | words[1] << 32, words[2] | words[3] << 32
    hashed = upper * 0x9E3779B97F4A7C15 % 2**64 ^ lower
    hashed ^= hashed >> 32
    hashed = hashed * 0xD6E8FEB86659FD93 % 2**64
    assert spread6(np.array([words], np.uint32)).tolist() == [hashed >> 32]


LISTS = {
    "one after the other": np.arange(1 << 20, dtype=np.uint32) + np.uint32(0x0A000000),
    "one of 16": np.arange(1 << 20, dtype=np.uint32) * np.uint32(16) + np.uint32(0x0A000001),
    "one of 256": np.arange(1 << 20, dtype=np.uint32) * np.uint32(256) + np.uint32(1),
    "one of 4096": np.arange(1 << 20, dtype=np.uint32) * np.uint32(4096) + np.uint32(0x7F),
}


@pytest.mark.parametrize("addresses", LISTS.values(), ids=LISTS)
def test_lists_as_people_make_them_fill_buckets_as_evenly_as_chance(addresses: np.ndarray) -> None:
    """At eight to a bucket of fourteen, chance lets one host in a hundred overflow."""
    held = np.bincount(spread(addresses) >> np.uint32(32 - 17), minlength=1 << 17)
    assert np.maximum(held - 14, 0).sum() < len(addresses) / 50
