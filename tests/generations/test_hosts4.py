"""The exact sets of IPv4 hosts: built, changed one by one and swept, of both kinds of bucket."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from control.datapath.generations.parts import hosts4
from control.datapath.generations.parts.hashes import Addresses, spread
from control.datapath.generations.parts.hosts4 import Hosts4, Narrow, Wide

Kind = type[Wide | Narrow]

KINDS: list[Kind] = [Wide, Narrow]
few = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=40)
addresses = st.lists(st.integers(1, 0xFFFF_FFFF), max_size=300, unique=True).map(
    lambda numbers: np.array(numbers, np.uint32)
)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def empty(kind: Kind) -> Hosts4:
    return kind(np.zeros(kind.fewest, kind.bucket))


def built(kind: Kind, hosts: Addresses) -> tuple[Hosts4, Addresses]:
    made = kind(np.zeros(kind.buckets_for(len(hosts)), kind.bucket))
    return made, made.fill(np.sort(spread(hosts)))


def neighbours(kind: Kind, count: int) -> Addresses:
    """Hosts that share the fourth bucket of an empty set."""
    numbers = np.arange(1, 1 << 22, dtype=np.uint32)
    same: Addresses = numbers[spread(numbers) >> np.uint32(empty(kind).shift) == 3]
    return same[:count]


def held(made: Hosts4) -> set[int]:
    return set(made.hosts().tolist())


@pytest.mark.parametrize(
    ("kind", "hosts", "buckets"),
    [
        (Wide, 0, 16), (Wide, 63, 16), (Wide, 64, 32), (Wide, 127, 32), (Wide, 128, 64), (Wide, 200_000, 65_536),
        (Narrow, 0, 1 << 17), (Narrow, 1_000_000, 1 << 17), (Narrow, 1_310_720, 1 << 17), (Narrow, 1_310_721, 1 << 18),
        (Narrow, 10_000_000, 1 << 20),
    ],
)  # fmt: skip
def test_how_many_buckets(kind: Kind, hosts: int, buckets: int) -> None:
    assert kind.buckets_for(hosts) == buckets


def test_which_kind() -> None:
    assert hosts4.kind_for(hosts4.NARROW_FROM - 1) is Wide
    assert hosts4.kind_for(hosts4.NARROW_FROM) is Narrow


@few
@given(hosts=addresses)
@pytest.mark.parametrize("kind", KINDS)
def test_built_it_holds_all_but_what_overflowed(kind: Kind, hosts: Addresses) -> None:
    made, overflow = built(kind, hosts)
    assert held(made) | set(overflow.tolist()) == set(hosts.tolist())
    assert len(made) + len(overflow) == len(hosts)
    assert made.overflowed(overflow).all()
    assert [made.holds(host) for host in hosts.tolist()] == [host not in overflow for host in hosts.tolist()]


@few
@given(hosts=addresses, data=st.data())
@pytest.mark.parametrize("kind", KINDS)
def test_inserted_and_removed_one_by_one(kind: Kind, hosts: Addresses, data: st.DataObject) -> None:
    made, model = empty(kind), set[int]()
    for host in hosts.tolist():
        if made.insert(host):
            model.add(host)
        changes_its_mind = data.draw(st.booleans())
        if model and changes_its_mind:
            gone = data.draw(st.sampled_from(sorted(model)))
            assert made.remove(gone)
            model.remove(gone)
    assert held(made) == model


def test_a_full_bucket_overflows(kind: Kind) -> None:
    made, overflow = built(kind, neighbours(kind, kind.slots + 2))
    assert len(overflow) == 2
    assert np.flatnonzero(made.table["overflowed"]).tolist() == [3]


def test_insert_says_when_there_is_no_room(kind: Kind) -> None:
    made, hosts = empty(kind), neighbours(kind, kind.slots + 1).tolist()
    assert [made.insert(host) for host in hosts] == [True] * kind.slots + [False]
    assert made.insert(hosts[0])
    assert made.remove(hosts[2])
    assert made.insert(hosts[-1])
    assert held(made) == set(hosts) - {hosts[2]}


def test_a_host_is_there_once(kind: Kind) -> None:
    made = empty(kind)
    assert made.insert(7) and made.insert(7)
    assert len(made) == 1
    assert made.remove(7) and not made.remove(7)


def test_what_marks_a_free_slot_is_refused(kind: Kind) -> None:
    with pytest.raises(ValueError, match=r"0\.0\.0\.0"):
        built(kind, np.array([0, 1], np.uint32))


def test_expected_overflow_is_said_by_the_right_buckets(kind: Kind) -> None:
    made, hosts = empty(kind), np.array([1, 2, 3, 0xFFFF_FFFF], np.uint32)
    assert not made.overflowed(hosts).any()
    made.expect_overflow(hosts)
    assert made.overflowed(hosts).all()
    assert set(np.flatnonzero(made.table["overflowed"]).tolist()) == set((spread(hosts) >> made.shift).tolist())


def test_a_sweep_returns_the_marked_once(kind: Kind) -> None:
    """The bit of part j of the 64-bit word i is 4 * j + 3 - i, as struct wide says."""
    made, _ = built(kind, neighbours(kind, kind.slots))
    lanes = {Wide: 2, Narrow: 4}[kind]
    for slot in range(kind.slots):
        word, lane = divmod(slot, lanes)
        made.table["seen"][3] = 1 << 4 * lane + 3 - word
        (host,) = made.sweep().tolist()
        assert made.remove(host)
        assert made.insert(host)  # into the slot that it had
        assert made.sweep().tolist() == []


def test_a_mark_on_a_free_slot_is_nobodys(kind: Kind) -> None:
    made = empty(kind)
    made.table["seen"][5] = 0xFFFF
    assert made.sweep().tolist() == []


def test_remove_takes_the_mark_along(kind: Kind) -> None:
    hosts = neighbours(kind, 2)
    made, _ = built(kind, hosts)
    made.table["seen"][3] = 0xFFFF
    made.remove(int(hosts[0]))
    assert made.sweep().tolist() == [int(hosts[1])]
