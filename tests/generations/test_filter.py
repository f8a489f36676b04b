"""The filter in front of the sets: it may let a stranger pass, and never keeps out a host."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.datapath.generations.parts import filter as filters

hashes = st.lists(st.integers(0, 0xFFFF_FFFF), max_size=300).map(lambda numbers: np.array(numbers, np.uint32))


@pytest.mark.parametrize(("hosts", "words"), [(0, 64), (512, 64), (513, 128), (1_000_000, 1 << 17)])
def test_how_many_words(hosts: int, words: int) -> None:
    assert filters.words_for(hosts) == words


@given(hashes, hashes)
def test_who_is_in_it_passes_however_they_came(at_once: np.ndarray, one_by_one: np.ndarray) -> None:
    words = np.zeros(filters.FEWEST, np.uint64)
    filters.add_sorted(words, np.sort(at_once))
    for each in one_by_one.tolist():
        filters.add(words, each)
    assert filters.passes(words, np.concatenate([at_once, one_by_one])).all()


def test_few_strangers_pass() -> None:
    random = np.random.default_rng(1)
    inside, outside = random.integers(0, 1 << 32, (2, 100_000), np.uint32)
    words = np.zeros(filters.words_for(len(inside)), np.uint64)
    assert not filters.passes(words, outside).any()
    filters.add_sorted(words, np.sort(inside))
    assert filters.passes(words, outside).mean() < 0.06
