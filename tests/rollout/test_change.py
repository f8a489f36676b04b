"""A change as a value: its parts fit, what widens comes apart from what narrows, and it can be taken back."""

import time
from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Entry, Terms
from control.fault import Refused
from control.rollout.change import Change
from control.rollout.origin import Door, Origin
from control.rollout.terms import contains, united
from tests.rollout.lists import PREFIXES, Model, allowed, listed, model_of, models, terms

removals = st.sets(st.sampled_from(PREFIXES)).map(lambda prefixes: Allowlist.from_entries(map(Entry, prefixes)))


def demand_fitting(change: Change) -> None:
    """Hold that the parts of a change say the same as its two lists."""
    held, new = model_of(change.held), model_of(change.new)
    assert model_of(change.added) == {prefix: new[prefix] for prefix in new if held.get(prefix) != new[prefix]}
    assert model_of(change.removed) == {prefix: held[prefix] for prefix in held if prefix not in new}
    other = {prefix: held[prefix] for prefix in model_of(change.added) if prefix in held}
    assert model_of(change.replaced) == other
    assert model_of(change.before) == other | model_of(change.removed)
    assert len(change) == len(change.added) + len(change.removed)


@given(models, models)
def test_from_one_list_to_another(held: Model, new: Model) -> None:
    change = Change.to(listed(held), listed(new))
    demand_fitting(change)
    assert (model_of(change.held), model_of(change.new)) == (held, new)


@given(models, models, removals)
def test_what_is_added_and_removed(held: Model, add: Model, remove: Allowlist) -> None:
    change = Change.of(listed(held), listed(add), remove)
    demand_fitting(change)
    removed = {entry.prefix for entry in remove.entries()}
    expected = {prefix: each for prefix, each in held.items() if prefix not in removed} | add
    assert model_of(change.new) == expected
    assert Change.to(change.held, change.new).new == change.new


@given(models, models, removals)
def test_it_can_be_taken_back(held: Model, add: Model, remove: Allowlist) -> None:
    change = Change.of(listed(held), listed(add), remove)
    back = change.reverted()
    demand_fitting(back)
    assert (back.held, back.new) == (change.new, change.held)
    assert len(back) == len(change)


@settings(max_examples=300)
@given(models, models, removals)
def test_widening_and_narrowing_make_the_whole(held: Model, add: Model, remove: Allowlist) -> None:
    change = Change.of(listed(held), listed(add), remove, Origin(Door.API, "tok_1", "a test"))
    widening, narrowing = change.widening(), change.narrowing()
    demand_fitting(widening)
    demand_fitting(narrowing)
    assert (widening.held, narrowing.held) == (change.held, widening.new)
    assert model_of(narrowing.new) == model_of(change.new)
    assert {widening.origin, narrowing.origin} == {change.origin}
    before, between, after = model_of(change.held), model_of(widening.new), model_of(change.new)
    for prefix in PREFIXES:
        first, middle, last = (allowed(model.get(prefix)) for model in (before, between, after))
        assert middle == first | last, "in between, either lets pass what it lets pass, and nothing else does"


@given(models)
def test_what_only_adds_narrows_nothing(held: Model) -> None:
    fresh = Allowlist.from_entries([Entry(ip_network("203.0.113.1"), ("esp",))])
    assert not Change.of(listed(held), fresh).narrowing()
    assert not Change.of(listed(held), remove=listed(held)).widening()


@pytest.mark.parametrize(
    ("held", "new", "parts"),
    [
        ("plain", "for wireguard only", (0, 1)),
        ("for wireguard only", "plain", (1, 0)),
        ("for wireguard only", "for esp only", (1, 1)),
        ("for ike, esp and ah", "for esp only", (1, 0)),
        ("for esp only", "for ike, esp and ah", (1, 0)),
        ("for ike, esp and ah", "for ike on its ports", (0, 1)),
        ("for ike on its first port", "for ike on its ports", (1, 0)),
        ("for ike on its ports", "for ike on its first port", (1, 0)),
        ("plain", "plain, with another note", (1, 0)),
        ("on port 10", "on ports 5 to 20", (1, 0)),
        ("on ports 5 to 20", "on port 10", (0, 1)),
    ],
)
def test_other_terms(held: str, new: str, parts: tuple[int, int]) -> None:
    """What belongs together is let through whether an entry says so or not: to say so, or not, cuts nobody."""
    said = {
        "plain": Entry(PREFIXES[0]),
        "plain, with another note": Entry(PREFIXES[0], note="another"),
        "for wireguard only": Entry(PREFIXES[0], ("wireguard",)),
        "for esp only": Entry(PREFIXES[0], ("esp",)),
        "for ike, esp and ah": Entry(PREFIXES[0], ("ike", "esp", "ah")),
        "for ike on its first port": Entry(PREFIXES[0], ("ike",), ((500, 500),)),
        "for ike on its ports": Entry(PREFIXES[0], ("ike", "esp", "ah"), ((500, 500), (4500, 4500))),
        "on port 10": Entry(PREFIXES[0], ("wireguard",), ((10, 10),)),
        "on ports 5 to 20": Entry(PREFIXES[0], ("wireguard",), ((5, 20),)),
    }
    change = Change.to(Allowlist.from_entries([said[held]]), Allowlist.from_entries([said[new]]))
    assert (len(change.widening()), len(change.narrowing())) == parts


@given(terms, terms)
def test_terms_that_contain_others_allow_all_of_it(one: Terms, another: Terms) -> None:
    assert contains(one, another) == (allowed(another) <= allowed(one)) or one.ports or another.ports
    assert not contains(one, another) or allowed(another) <= allowed(one)
    assert allowed(united(one, another)) == allowed(one) | allowed(another)


def test_what_stays_beside_new_ports_is_an_entry_of_a_list() -> None:
    """Of two entries with four ranges each there are eight: more than a list can keep."""
    held, new = (
        Allowlist.from_entries([Entry(PREFIXES[0], ("wireguard",), tuple((port, port) for port in ports))])
        for ports in (range(1000, 1040, 10), range(2000, 2040, 10))
    )
    kept = Change.to(held, new).loosening().new
    assert Allowlist.unpack(kept.pack()) == kept
    (entry,) = kept.entries()
    assert contains(entry.terms, next(held.entries()).terms) and contains(entry.terms, next(new.entries()).terms)


def test_nobody_waits_for_what_is_too_late() -> None:
    Origin().demand_time(time.monotonic())
    Origin(until=2.0).demand_time(1.9)
    with pytest.raises(Refused, match="given up waiting") as refused:
        Origin(until=2.0).demand_time(2.1)
    assert refused.value.kind == "unavailable"
