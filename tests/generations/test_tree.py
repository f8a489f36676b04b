"""The tree of prefixes against Python's own: planted at once, and changed prefix by prefix."""

from ipaddress import ip_network

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from control.allowlist import mapped
from control.allowlist.entry import Prefix
from control.datapath.generations.entry_map import Keys, keys_of
from control.datapath.generations.parts.planting import plant
from control.datapath.generations.parts.tree import (
    LENGTHS_HERE,
    ROOT_NODES,
    SKIP,
    SKIP_HERE,
    TOP_BITS,
    WORDS,
    Tree,
    steps_of,
    top_of,
)
from control.datapath.program.layout import structure

BITS = {4: 32, 6: 128}
ROOT, LINES = 3, 3 + 2 * ROOT_NODES + 20_000
few = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=60)


@st.composite
def prefixes(draw: st.DrawFn, family: int, most: int = 12) -> list[Prefix]:
    """Prefixes that lie in and beside one another, each once."""
    near = st.integers(0, 3).map(lambda n: (0xCB007105 ^ n << 9 if family == 4 else 0x20010DB8 << 96) ^ n)
    anywhere = st.integers(0, 2 ** BITS[family] - 1)
    drawn = st.tuples(st.one_of(near, near, anywhere), st.integers(1, BITS[family] - 1))
    made = [_prefix(family, number, length) for number, length in draw(st.lists(drawn, max_size=most))]
    return [prefix for prefix in dict.fromkeys(made) if family == 4 or not prefix.overlaps(mapped.NETWORK)]


def _prefix(family: int, number: int, length: int) -> Prefix:
    start = number >> BITS[family] - length << BITS[family] - length
    return ip_network((start.to_bytes(BITS[family] // 8, "big"), length))


def keys(listed: list[Prefix]) -> Keys:
    found = [mapped.key_of(prefix) for prefix in listed]
    high, low, length = (np.array([key[part] for key in found], np.uint64) for part in range(3))
    return keys_of(high, low, length.astype(np.uint32))


class Ground:
    """Lines for one tree, and what looks into them as the program does."""

    def __init__(self, family: int) -> None:
        self.family, self.lines = family, np.zeros((LINES, 16), np.uint32)
        self.description = np.zeros(1, structure("generation"))[0]
        self.description["next"] = ROOT + ROOT_NODES
        self.tree = Tree(family, self.lines, ROOT, self.description)

    def lengths(self, number: int) -> list[int]:
        """The lengths that an address is looked for in, in its family's count."""
        address = mapped.number_of(_prefix(self.family, number, BITS[self.family])[0])
        words = np.array([[address >> shift & 0xFFFF_FFFF for shift in (96, 64, 32, 0)]], np.uint32)
        steps, depth = steps_of(words, self.family), TOP_BITS
        value = int(self.lines.reshape(-1)[ROOT * WORDS + int(top_of(steps)[0])])
        while value and not value & LENGTHS_HERE:
            if value & SKIP_HERE:
                skip, size = self.lines[value & ~SKIP_HERE].view(SKIP)[0], BITS[self.family]
                wanted, mask = (int(skip[name][0]) << 64 | int(skip[name][1]) for name in ("wanted", "mask"))
                differs = (number << 128 - size ^ wanted) & mask
                value, depth = int(skip["otherwise" if differs else "then"]), int(skip["bits"])
            else:
                value, depth = int(self.lines[value, int(steps[0, depth // 4])]), depth + 4
        octets = self.lines[value & ~LENGTHS_HERE :][:3].reshape(-1).view(np.uint8).tolist() if value else [0]
        above = mapped.length_of(0, self.family)
        return [length - above for length in octets[: octets.index(0)]]


def asked(listed: list[Prefix], family: int) -> list[int]:
    """The ends of every prefix, and what is beside them."""
    ends = {int(end) + beside for prefix in listed for end in (prefix[0], prefix[-1]) for beside in (-1, 0, 1)}
    return [end for end in ends if 0 <= end < 2 ** BITS[family]]


def must_say(ground: Ground, listed: list[Prefix], where: list[Prefix]) -> None:
    for number in asked(where, ground.family):
        host = _prefix(ground.family, number, BITS[ground.family])
        expected = sorted((prefix.prefixlen for prefix in listed if host.subnet_of(prefix)), reverse=True)  # type: ignore[arg-type]
        assert ground.lengths(number) == expected, host


@few
@given(data=st.data())
@pytest.mark.parametrize("family", BITS)
def test_planted_at_once(family: int, data: st.DataObject) -> None:
    listed = data.draw(prefixes(family))
    ground = Ground(family)
    grown = plant(keys(listed), family)
    free = grown.write(ground.lines, ROOT, ROOT + ROOT_NODES)
    assert free == ROOT + ROOT_NODES + grown.size
    must_say(ground, listed, listed)
    assert ground.tree.finds(keys(listed)).all()


@few
@given(data=st.data())
@pytest.mark.parametrize("family", BITS)
def test_changed_prefix_by_prefix(family: int, data: st.DataObject) -> None:
    """On what was planted, and by who finds it so: a later process knows what was written from the lines alone."""
    planted, ground = data.draw(prefixes(family, 4)), Ground(family)
    ground.description["next"] = plant(keys(planted), family).write(ground.lines, ROOT, ROOT + ROOT_NODES)
    listed, met = list(planted), list(planted)
    for prefix in data.draw(prefixes(family, 8)):
        if prefix not in listed:
            ground.tree.change(keys([prefix])[0], True)
            listed.append(prefix)
            met.append(prefix)
        if data.draw(st.booleans()):
            gone = data.draw(st.sampled_from(listed))
            ground.tree.change(keys([gone])[0], False)
            listed.remove(gone)
        if data.draw(st.booleans()):
            ground.tree = Tree(family, ground.lines, ROOT, ground.description)
    must_say(ground, listed, met)
    assert ground.tree.finds(keys(listed)).all()


@pytest.mark.parametrize("family", BITS)
def test_one_address_in_prefixes_of_every_length(family: int) -> None:
    address = {4: 0xCB007163, 6: 0xFD010DB8 << 96 | 0x99}[family]
    listed = [_prefix(family, address, length) for length in range(1, BITS[family])]
    at_once, one_by_one = Ground(family), Ground(family)
    plant(keys(listed), family).write(at_once.lines, ROOT, ROOT + ROOT_NODES)
    for key in keys(listed)[::-1]:
        one_by_one.tree.change(key, True)
    for ground in (at_once, one_by_one):
        must_say(ground, listed, listed)


def test_who_is_alone_is_skipped_to() -> None:
    """However long a prefix is, where it is alone it takes one line, and an address beside it one look."""
    for family, listed in {
        4: ["203.0.113.96/28"],
        6: ["2001:db8::/34", "2001:db8:e::/47", "2001:db8:e::/127"],
    }.items():
        grown = plant(keys([ip_network(prefix) for prefix in listed]), family)
        assert grown.size - len(grown.lengths) < 2 * len(listed)


def test_a_hole_is_not_found() -> None:
    ground, listed = Ground(4), [_prefix(4, 0xCB007100, 24), _prefix(4, 0xC6120000, 15)]
    plant(keys(listed), 4).write(ground.lines, ROOT, ROOT + ROOT_NODES)
    assert ground.tree.finds(keys(listed)).tolist() == [True, True]
    ground.lines[ROOT + 0xCB0, 0] = 0
    assert ground.tree.finds(keys(listed)).tolist() == [False, True]


def test_without_room_it_says_so() -> None:
    ground = Ground(6)
    ground.description["next"] = LINES - 4
    with pytest.raises(OSError, match="too long"):
        ground.tree.change(keys([ip_network("2001:db8::/64")])[0], True)
