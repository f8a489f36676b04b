"""The exact set of IPv6 hosts: built, changed one by one and swept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control.datapath.generations.parts import hosts6
from control.datapath.generations.parts.hashes import Words, spread6
from control.datapath.generations.parts.hosts6 import BUCKET6, FEWEST, SLOTS, Hosts6

hosts = st.lists(st.tuples(*[st.integers(0, 0xFFFF_FFFF)] * 4), max_size=100, unique=True).map(
    lambda rows: np.array(rows, np.uint32).reshape(-1, 4)
)


def empty() -> Hosts6:
    return Hosts6(np.zeros(FEWEST, BUCKET6))


def built(words: Words) -> tuple[Hosts6, Words]:
    made, hashes = Hosts6(np.zeros(hosts6.buckets_for(len(words)), BUCKET6)), spread6(words)
    order = np.argsort(hashes)
    return made, words[order][made.fill(words[order], hashes[order])]


def neighbours(count: int) -> Words:
    """Hosts that share the fourth bucket of an empty set."""
    words = np.zeros((1000, 4), np.uint32)
    words[:, 0], words[:, 3] = 0x20010DB8, np.arange(1000)
    same: Words = words[spread6(words) >> np.uint32(empty().shift) == 3]
    return same[:count]


def as_set(words: Words) -> set[tuple[int, ...]]:
    return set(map(tuple, words.tolist()))


@pytest.mark.parametrize(("count", "buckets"), [(0, 16), (24, 16), (25, 32), (1_000_000, 1 << 20)])
def test_how_many_buckets(count: int, buckets: int) -> None:
    assert hosts6.buckets_for(count) == buckets


@settings(deadline=None)
@given(hosts)
def test_built_it_holds_all_but_what_overflowed(words: Words) -> None:
    made, overflow = built(words)
    assert as_set(made.hosts()) | as_set(overflow) == as_set(words)
    assert len(made) + len(overflow) == len(words)
    assert made.overflowed(overflow).all()
    for row in words:
        assert made.holds(row) is (tuple(row.tolist()) not in as_set(overflow))


@settings(deadline=None)
@given(hosts, st.data())
def test_inserted_and_removed_one_by_one(words: Words, data: st.DataObject) -> None:
    made, model = empty(), set[tuple[int, ...]]()
    for row in words:
        if made.insert(row):
            model.add(tuple(row.tolist()))
        changes_its_mind = data.draw(st.booleans())
        if model and changes_its_mind:
            gone = data.draw(st.sampled_from(sorted(model)))
            assert made.remove(np.array(gone, np.uint32))
            model.remove(gone)
    assert as_set(made.hosts()) == model


def test_insert_says_when_there_is_no_room() -> None:
    made, words = empty(), neighbours(SLOTS + 1)
    assert [made.insert(row) for row in words] == [True] * SLOTS + [False]
    assert made.insert(words[0]) and len(made) == SLOTS
    assert made.remove(words[1]) and not made.remove(words[1])
    assert made.insert(words[-1])


def test_the_address_of_zeros_is_a_host_like_others() -> None:
    made, nobody = empty(), np.zeros(4, np.uint32)
    assert not made.holds(nobody)
    assert made.insert(nobody) and made.holds(nobody)


def test_a_sweep_returns_the_marked_once() -> None:
    words = neighbours(SLOTS)
    made, _ = built(words)
    row = made.table[3]
    row["seen"] = 0b101
    assert as_set(made.sweep()) == as_set(row["address"][[0, 2]])
    assert len(made.sweep()) == 0
    made.table["seen"] = 0xFF
    assert made.remove(words[0])
    assert as_set(made.sweep()) == as_set(words[1:])
