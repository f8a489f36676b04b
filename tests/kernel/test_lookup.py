"""The program's look-up against a dict of prefixes in Python, through everything that can happen to a list."""

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_network

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from control.allowlist import mapped
from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Entry, Prefix
from control.datapath.generations.generation import Generation
from control.datapath.generations.lists import Lists
from control.datapath.generations.parts import filter as filters
from control.datapath.generations.parts import hosts4
from control.datapath.generations.parts.hashes import spread, spread6
from control.datapath.probe.probe import Probe
from control.datapath.program.pins import Pinned
from control.rollout.position import Provenance
from control.vocabulary import constant
from tests.companions import completed
from tests.kernel.questions import about, around, registered_end

NOTHING = Allowlist.empty()


BUCKET, BUCKET6 = constant("WIDE_SLOTS"), constant("BUCKET6_SLOTS")  # hosts


def crowd(size: int) -> list[Entry]:
    """Plain IPv4 hosts that share a bucket in every table of up to 4096 buckets."""
    addresses = np.arange(1 << 18, dtype=np.uint32) + np.uint32(0xC6120000)  # 198.18.0.0, for benchmarks
    same = addresses[spread(addresses) >> np.uint32(20) == 5]
    return [Entry(IPv4Network(address)) for address in same[:size].tolist()]


def crowd6(size: int) -> list[Entry]:
    """Plain IPv6 hosts that share one in the same way."""
    words = np.zeros((1 << 18, 4), np.uint32)
    words[:, 0], words[:, 3] = 0x20010DB8, np.arange(len(words))
    same = words[spread6(words) >> np.uint32(20) == 5, 3]
    return [Entry(IPv6Network((0x20010DB8 << 96 | number, 128))) for number in same[:size].tolist()]


CROWD, CROWD6 = crowd(3 * BUCKET), crowd6(3 * BUCKET6)
HOSTS4 = [int(entry.prefix[0]) for entry in CROWD[:4]] + [0xCB007105, 0xCB007106, 0xCB007186, 0xFFFFFFFF, 1]
HOSTS6 = [int(entry.prefix[0]) for entry in CROWD6[:2]]
HOSTS6 += [int(ip_network(text)[0]) for text in ("2001:db8::5", "2001:db8::6", "fd00::5", "ffff::", "8000::1")]

prefixes4 = st.builds(
    lambda host, length: IPv4Network((host, length), strict=False),
    st.sampled_from(HOSTS4),
    st.one_of(st.just(32), st.integers(1, 32)),
)
prefixes6 = st.builds(
    lambda host, length: IPv6Network((host, length), strict=False),
    st.sampled_from(HOSTS6),
    st.one_of(st.just(128), st.integers(1, 128)),
).filter(lambda prefix: not prefix.overlaps(mapped.NETWORK))
prefixes: st.SearchStrategy[Prefix] = st.one_of(prefixes4, prefixes6).filter(lambda prefix: int(prefix[-1]) > 0)
entries = st.builds(
    Entry,
    prefixes,
    st.sampled_from([(), (), ("wireguard",), ("esp", "ah"), ("wireguard", "esp"), ("openvpn", "ike")]),
    st.sampled_from([(), (), ((51820, 51820),), ((1, 1000), (1194, 1194), (40000, 50000))]),
    st.sampled_from(["", "head office"]),
)
several = st.lists(entries, min_size=1, max_size=8)

Model = dict[Prefix, Entry]


def model_of(entries: Iterable[Entry]) -> Model:
    return {entry.prefix: entry for entry in entries}


class ListsAgainstDict(RuleBasedStateMachine):
    """Every held generation has a dict that says what it must hold; the live one is asked by packets."""

    def __init__(self, pinned: Pinned) -> None:
        super().__init__()
        self.pinned, self.probe = pinned, Probe(pinned.asked).probe
        self.lists = Lists(pinned, keep=3)
        if pinned.generations.exists():
            self.lists.adopt()
        self.serial = max((generation.revision for generation in self.lists.held), default=0)
        self.models: dict[int, Model] = {}
        self.replace([], crowded=False)
        for generation in self.lists.held:
            if generation is not self.lists.live:
                self.lists.discard(generation)

    def teardown(self) -> None:
        self.lists.close()

    @property
    def live(self) -> Generation:
        assert self.lists.live is not None
        return self.lists.live

    @property
    def model(self) -> Model:
        return self.models[self.live.slot]

    def next_serial(self) -> int:
        self.serial += 1
        return self.serial

    def staged(self, kept: list[Entry], crowded: bool) -> Generation:
        model = model_of(kept + (CROWD + CROWD6) * crowded)
        generation = self.lists.stage(Allowlist.from_entries(model.values()), Provenance(self.next_serial()))
        self.models[generation.slot] = model
        return generation

    def change(self, add: Iterable[Entry], remove: Iterable[Prefix]) -> None:
        """As the list itself defines it: a prefix in both stays."""
        added, gone = model_of(add), set(remove)
        model = {prefix: entry for prefix, entry in self.model.items() if prefix not in gone} | added
        self.lists.change(
            Allowlist.from_entries(added.values()),
            Allowlist.from_entries(map(Entry, gone)),
            Provenance(self.next_serial()),
            lambda: Allowlist.from_entries(model.values()),
        )
        self.models[self.live.slot] = model

    @rule(add=several)
    def add(self, add: list[Entry]) -> None:
        self.change(add, [])

    @rule(prefix=prefixes)
    def remove_what_may_not_be_there(self, prefix: Prefix) -> None:
        self.change([], [prefix])

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        self.change([], data.draw(st.lists(st.sampled_from(list(self.model)), min_size=1, max_size=4)))

    @rule(add=several, remove=st.lists(prefixes, max_size=4), both=st.booleans())
    def add_and_remove(self, add: list[Entry], remove: list[Prefix], both: bool) -> None:
        self.change(add, remove + [entry.prefix for entry in add[:1] if both])

    @rule(size=st.integers(BUCKET - 1, len(CROWD)))
    def overflow_a_bucket(self, size: int) -> None:
        self.change([*CROWD[:size], *CROWD6[: size // 2]], [])

    @rule(size=st.integers(1, len(CROWD)))
    def empty_a_bucket(self, size: int) -> None:
        self.change([], [entry.prefix for entry in (*CROWD[-size:], *CROWD6[-size // 2 :])])

    @rule(kept=st.lists(entries, max_size=12), crowded=st.booleans())
    def replace(self, kept: list[Entry], crowded: bool) -> None:
        self.lists.go_live(self.staged(kept, crowded))
        self.lists.retire()

    @rule(kept=st.lists(entries, max_size=12), crowded=st.booleans())
    def stage(self, kept: list[Entry], crowded: bool) -> None:
        self.staged(kept, crowded)

    @rule(data=st.data())
    def go_to_any_held_generation(self, data: st.DataObject) -> None:
        self.lists.go_live(data.draw(st.sampled_from(self.lists.held)))

    @rule()
    def restart(self) -> None:
        self.lists.close()
        self.lists = Lists(self.pinned, keep=3)
        self.lists.adopt()

    @invariant()
    def packets_find_what_the_dict_holds(self) -> None:
        model = list(self.model.values())
        asked = {address for entry in model for address in around(entry.prefix)}
        asked |= {address for entry in (*CROWD[:: BUCKET - 1], *CROWD6[::2]) for address in around(entry.prefix)}
        for question in about(asked):
            assert self.probe(question.frame).side == registered_end(model, question), question

    @invariant()
    def every_generation_holds_its_list(self) -> None:
        another = Entry(ip_network("203.0.113.99/32"))
        for generation in self.lists.held:
            model = self.models[generation.slot]
            assert generation.holds(Allowlist.from_entries(model.values()))
            without_notes = [replace(completed(entry), note="") for entry in model.values()]
            assert generation.read() == Allowlist.from_entries(without_notes)
            assert not generation.holds(Allowlist.from_entries([*model.values(), another]))
            if model:
                assert not generation.holds(Allowlist.from_entries(list(model.values())[1:]))


@pytest.mark.parametrize("as_large", [False, True], ids=["small lists", "as large lists are"])
def test_lists_against_a_dict(pinned: Pinned, monkeypatch: pytest.MonkeyPatch, as_large: bool) -> None:
    few = settings(max_examples=12, stateful_step_count=15, suppress_health_check=list(HealthCheck))
    if as_large:  # a filter is asked, and IPv4's buckets are narrow
        monkeypatch.setattr(filters, "ASKED_FROM", 0)
        monkeypatch.setattr(hosts4, "NARROW_FROM", 0)

    def machine() -> ListsAgainstDict:
        return ListsAgainstDict(pinned)

    run_state_machine_as_test(machine, settings=few)  # type: ignore[arg-type]  # it takes any callable
