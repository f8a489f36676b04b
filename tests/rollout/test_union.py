"""The union of two lists against a dict: what either allows is allowed, nothing else, change by change."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import MAX_PORT_RANGES, Entry, Prefix, Terms, merged
from control.datapath.generations.entry_map import entry_of, terms_of
from control.rollout.change import Change
from control.rollout.terms import united
from control.rollout.union import Source, Union
from control.vocabulary import PROTOCOLS, VPN_PROTOCOLS, constant
from tests.rollout.lists import BOUNDARIES, PREFIXES, Model, allowed, listed, model_of, models, terms


def let_through(each: Terms) -> set[tuple[str, int]]:
    """What the kernel's rules for terms let through."""
    end = entry_of(each)
    rules = [tuple(map(int, rule)) for rule in end["rule"][: int(end["rules"])]] or [(0xFFFF, 0, 0xFFFF)]
    return {
        (protocol, port)
        for protocol in VPN_PROTOCOLS
        for port in BOUNDARIES
        if any(bits >> PROTOCOLS.index(protocol) & 1 and first <= port <= last for bits, first, last in rules)
    }


def demand_union(union: Union, local: Model, followed: Model) -> None:
    live = union.whole()
    found = model_of(live)
    assert set(found) == set(local) | set(followed)
    assert union.count == len(found)
    assert all(allowed(entry.terms) <= let_through(found[entry.prefix]) for entry in map(union.find, found) if entry)
    for prefix, each in found.items():
        assert let_through(each) == allowed(local.get(prefix)) | allowed(followed.get(prefix)), prefix
    assert [row for row in range(len(live)) if live.terms[row] == 0] == [
        row for row, entry in enumerate(live.entries()) if found[entry.prefix] == Terms()
    ], "the kernel keeps apart what is plain, by the index 0"


@given(models, models)
def test_what_either_allows_is_allowed_and_nothing_else(local: Model, followed: Model) -> None:
    demand_union(Union.of(listed(local), listed(followed)), local, followed)


@settings(max_examples=300)
@given(models, models, st.lists(st.tuples(st.booleans(), models, st.sets(st.sampled_from(PREFIXES))), max_size=8))
def test_change_by_change_it_stays_the_union(
    local: Model, followed: Model, steps: list[tuple[bool, Model, set[Prefix]]]
) -> None:
    held, union = [local, followed], Union.of(listed(local), listed(followed))
    for which, add, remove in steps:
        before = union.whole()
        of_one = union.followed if which else union.local
        change = Change.of(of_one, listed(add), Allowlist.from_entries(map(Entry, remove)))
        union, effect = union.after(Source.FEED if which else Source.LOCAL, change)
        assert before.with_changes(effect.added, effect.removed) == union.whole(), "the kernel is told what changes"
        held[which] = {prefix: each for prefix, each in held[which].items() if prefix not in remove} | add
        demand_union(union, *held)


def test_the_kernel_has_room_for_the_union_of_any_two() -> None:
    assert constant("RULES") >= 2 * MAX_PORT_RANGES


old_terms = st.builds(
    Terms,
    protocols=st.sets(st.sampled_from(VPN_PROTOCOLS), min_size=1).map(
        lambda names: tuple(sorted(names, key=PROTOCOLS.index))
    ),
    ports=st.sets(st.sampled_from(BOUNDARIES[1:]), max_size=MAX_PORT_RANGES).map(
        lambda ports: merged((port, port) for port in ports)
    ),
)


@given(old_terms, old_terms)
def test_of_two_old_entries_nothing_is_refused_for_want_of_room(one: Terms, another: Terms) -> None:
    """With the ports that they lack they are up to twelve ranges: then some are joined, and nobody is cut."""
    for each in (one, replace(one, also=another), united(one, another)):
        assert allowed(each) <= let_through(each)
        rules = entry_of(each)
        assert rules["rules"] <= constant("RULES")
        assert all(first <= last for _, first, last in rules["rule"].tolist())
    if len(united(one, another).ports) <= constant("RULES") and not united(one, another).also:
        assert let_through(united(one, another)) == allowed(one) | allowed(another), "no wider where there is room"


@given(terms, terms)
def test_what_is_read_back_from_the_kernel_allows_no_less(one: Terms, another: Terms) -> None:
    both = united(one, another)
    read = terms_of(entry_of(both))
    assert let_through(read) >= let_through(both)
    assert len(read.ports) <= MAX_PORT_RANGES, "an entry of a list"


@settings(max_examples=200)
@given(models, models, models, st.sampled_from(Source))
def test_who_is_cut(local: Model, followed: Model, new: Model, source: Source) -> None:
    """Just those entries of which neither list nor a wider prefix that allows everything lets as much through."""
    union = Union.of(listed(local), listed(followed))
    held = local if source is Source.LOCAL else followed
    lists = (new, followed) if source is Source.LOCAL else (local, new)
    after = {prefix: each for each_list in lists for prefix, each in each_list.items() if not each.narrowed}
    expected = set()
    for prefix in {*local, *followed}:
        before = allowed(local.get(prefix)) | allowed(followed.get(prefix))
        now = allowed(lists[0].get(prefix)) | allowed(lists[1].get(prefix))
        is_within = any(wide != prefix and prefix.subnet_of(wide) for wide in after if wide.version == prefix.version)  # type: ignore[arg-type]
        if not before <= now and not is_within:
            expected.add(prefix)
    cut = union.cut(source, Change.to(listed(held), listed(new)))
    assert {entry.prefix for entry in cut.entries()} == expected
