"""The union of two lists against a dict: what either allows is allowed, nothing else, change by change."""

from ipaddress import ip_network

from hypothesis import given, settings
from hypothesis import strategies as st

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import MAX_PORT_RANGES, Entry, Prefix, Terms
from control.datapath.generations.entry_map import entry_of, terms_of
from control.rollout.union import Change, Union, united
from control.vocabulary import PROTOCOLS, VPN_PROTOCOLS, constant

NETWORKS = ("192.0.2.1", "192.0.2.2", "198.51.100.0/24", "198.51.100.0/25", "2001:db8::1")
PREFIXES = [ip_network(each) for each in NETWORKS]
BOUNDARIES = (0, 9, 10, 11, 15, 20, 21, 25, 500, 0xFFFF)
"""Ports around the edges of every range below."""

Model = dict[Prefix, Terms]

terms = st.builds(
    Terms,
    protocols=st.sets(st.sampled_from(VPN_PROTOCOLS[:3])).map(lambda names: tuple(sorted(names, key=PROTOCOLS.index))),
    ports=st.sampled_from([(), ((10, 10),), ((11, 20),), ((15, 25),), ((10, 10), (500, 500))]),
    note=st.sampled_from(["", "ours"]),
)
models = st.dictionaries(st.sampled_from(PREFIXES), terms, max_size=len(PREFIXES))


def listed(model: Model) -> Allowlist:
    return Allowlist.from_entries(
        [Entry(prefix, each.protocols, each.ports, each.note) for prefix, each in model.items()]
    )


def allowed(each: Terms | None) -> set[tuple[str, int]]:
    """What terms allow, by what they say."""
    if each is None:
        return set()
    ports = {port for port in BOUNDARIES if not each.ports or any(first <= port <= last for first, last in each.ports)}
    return {(protocol, port) for protocol in each.protocols or VPN_PROTOCOLS for port in ports}


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


def live_terms(live: Allowlist) -> dict[Prefix, Terms]:
    return {entry.prefix: live.terms_table[live.terms[row]] for row, entry in enumerate(live.entries())}


def demand_union(union: Union, local: Model, followed: Model) -> None:
    live = union.whole()
    found = live_terms(live)
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


def changed(held: Allowlist, add: Allowlist, remove: Allowlist) -> Change:
    gone = remove.held_by(held).without(add)
    return Change(held.with_changes(add, remove), add.difference(held), gone)


@settings(max_examples=300)
@given(models, models, st.lists(st.tuples(st.booleans(), models, st.sets(st.sampled_from(PREFIXES))), max_size=8))
def test_change_by_change_it_stays_the_union(
    local: Model, followed: Model, steps: list[tuple[bool, Model, set[Prefix]]]
) -> None:
    held, union = [local, followed], Union.of(listed(local), listed(followed))
    for which, add, remove in steps:
        before = union.whole()
        of_one = union.followed if which else union.local
        change = changed(of_one, listed(add), Allowlist.from_entries(map(Entry, remove)))
        union, effect = union.with_followed(change) if which else union.with_local(change)
        assert before.with_changes(effect.added, effect.gone) == union.whole(), "the kernel is told just what changes"
        held[which] = {prefix: each for prefix, each in held[which].items() if prefix not in remove} | add
        demand_union(union, *held)


def test_the_kernel_has_room_for_the_union_of_any_two() -> None:
    assert constant("RULES") >= 2 * MAX_PORT_RANGES


@given(terms, terms)
def test_what_is_read_back_from_the_kernel_allows_no_less(one: Terms, another: Terms) -> None:
    both = united(one, another)
    read = terms_of(entry_of(both))
    assert let_through(read) >= let_through(both)
    assert len(read.ports) <= MAX_PORT_RANGES, "an entry of a list"
