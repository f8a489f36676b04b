"""The exact set in numpy: build, insert, remove, sweep, and what finds its bucket full."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.datapath.generations import exact_set
from control.datapath.generations.exact_set import BUCKET, BUCKET_SLOTS, FEWEST, Addresses, Buckets, mix

addresses = st.lists(st.integers(1, 0xFFFF_FFFF), max_size=300, unique=True).map(
    lambda numbers: np.array(numbers, np.uint32)
)


def neighbours(count: int, buckets: int = FEWEST) -> Addresses:
    """Addresses of one bucket in a table of so many buckets."""
    numbers = np.arange(1, 1 << 16, dtype=np.uint32)
    same: Addresses = numbers[mix(numbers) >> np.uint32(exact_set.shift_of(buckets)) == 3]
    return same[:count]


def held(table: Buckets) -> set[int]:
    return set(table["address"][table["address"] != 0].tolist())


def test_mix_is_that_of_wellons() -> None:
    """lowbias32, by hand in Python's unlimited numbers."""
    for x in (0, 1, 0xC6336407, 0xFFFF_FFFF):
        mixed = x ^ x >> 16
        mixed = mixed * 0x7FEB352D % 2**32
        mixed ^= mixed >> 15
        mixed = mixed * 0x846CA68B % 2**32
        assert mix(np.array([x], np.uint32)).tolist() == [mixed ^ mixed >> 16]


def test_mix_maps_no_two_addresses_to_one() -> None:
    numbers = np.arange(1 << 20, dtype=np.uint32) * np.uint32(4099)
    assert len(np.unique(mix(numbers))) == len(np.unique(numbers))


@pytest.mark.parametrize(
    ("count", "buckets"), [(0, 16), (1, 16), (63, 16), (64, 32), (127, 32), (128, 64), (1_000_000, 262_144)]
)
def test_buckets_for_two_to_four_addresses_each(count: int, buckets: int) -> None:
    assert exact_set.buckets_for(count) == buckets
    assert exact_set.shift_of(buckets) == 32 - (buckets - 1).bit_length()


@given(addresses)
def test_built_it_holds_all_but_what_overflowed(hosts: Addresses) -> None:
    table, overflow = exact_set.build(hosts)
    assert held(table) | set(overflow.tolist()) == set(hosts.tolist())
    assert len(held(table)) + len(overflow) == len(hosts)
    for host in hosts.tolist():
        bucket = table[exact_set.bucket_of(table, host)]
        assert host in bucket["address"] or bucket["overflowed"] == 1


@given(addresses, st.data())
def test_inserted_and_removed_one_by_one(hosts: Addresses, data: st.DataObject) -> None:
    table = np.zeros(FEWEST, BUCKET)
    model: set[int] = set()
    for host in hosts.tolist():
        if exact_set.insert(table, host):
            model.add(host)
        else:
            assert (table[exact_set.bucket_of(table, host)]["address"] != 0).all()
        changes_its_mind = data.draw(st.booleans())
        if model and changes_its_mind:
            gone = data.draw(st.sampled_from(sorted(model)))
            assert exact_set.remove(table, gone)
            model.remove(gone)
    assert held(table) == model


def test_a_full_bucket_overflows() -> None:
    hosts = neighbours(BUCKET_SLOTS + 2)
    table, overflow = exact_set.build(hosts)
    assert len(overflow) == 2
    assert table["overflowed"].tolist() == [0, 0, 0, 1] + [0] * (FEWEST - 4)


def test_insert_says_when_there_is_no_room() -> None:
    hosts = neighbours(BUCKET_SLOTS + 1).tolist()
    table, _ = exact_set.build(np.zeros(0, np.uint32))
    assert [exact_set.insert(table, host) for host in hosts] == [True] * BUCKET_SLOTS + [False]
    assert exact_set.insert(table, hosts[0])
    assert exact_set.remove(table, hosts[2])
    assert exact_set.insert(table, hosts[BUCKET_SLOTS])
    assert held(table) == set(hosts) - {hosts[2]}


def test_an_address_is_there_once() -> None:
    table = np.zeros(FEWEST, BUCKET)
    assert exact_set.insert(table, 7) and exact_set.insert(table, 7)
    assert np.count_nonzero(table["address"]) == 1
    assert exact_set.remove(table, 7) and not exact_set.remove(table, 7)


def test_what_marks_a_free_slot_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.0\.0\.0"):
        exact_set.build(np.array([0, 1], np.uint32))


def test_expected_overflow_is_said_by_the_right_buckets() -> None:
    table = np.zeros(FEWEST, BUCKET)
    hosts = np.array([1, 2, 3, 0xFFFF_FFFF], np.uint32)
    exact_set.expect_overflow(table, hosts)
    expected = {exact_set.bucket_of(table, host) for host in hosts.tolist()}
    assert set(np.flatnonzero(table["overflowed"]).tolist()) == expected


def test_sweep_returns_the_marked_once() -> None:
    hosts = neighbours(4)
    table, _ = exact_set.build(hosts)
    row = exact_set.bucket_of(table, int(hosts[0]))
    table["seen"][row] = 0b1010
    marked = table["address"][row][[1, 3]].tolist()
    assert exact_set.sweep(table).tolist() == marked
    assert exact_set.sweep(table).tolist() == []


def test_a_mark_on_a_free_slot_is_nobodys() -> None:
    table = np.zeros(FEWEST, BUCKET)
    table["seen"][5] = 0b1111111
    assert exact_set.sweep(table).tolist() == []


def test_remove_takes_the_mark_along() -> None:
    hosts = neighbours(2)
    table, _ = exact_set.build(hosts)
    row = exact_set.bucket_of(table, int(hosts[0]))
    table["seen"][row] = 0b11
    gone, left = table["address"][row][:2].tolist()
    exact_set.remove(table, gone)
    assert exact_set.sweep(table).tolist() == [left]
