"""Which addresses may be registered, in which form, and who is in the way of whom."""

import pytest

from control.allowlist.entry import Bounds, Entry
from control.fault import Refused
from control.registry.cases import review
from control.registry.space import addresses
from control.registry.space.addresses import AddressRules, read_entries, read_entry
from control.registry.store.database import Database
from tests.registry.cast import Cast, apply, assemble, register


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("10.1.2.3", "is private address space (10.0.0.0/8)"),
        ("100.64.0.1", "is private address space (100.64.0.0/10)"),
        ("fd00::1", "is private address space (fc00::/7)"),
        ("203.0.113.9", "is kept for documentation and benchmarks (203.0.113.0/24)"),
        ("2001:db8::/48", "is kept for documentation and benchmarks (2001:db8::/32)"),
        ("127.0.0.1", "is not routed on the internet (127.0.0.0/8)"),
        ("240.0.0.1", "is not routed on the internet (240.0.0.0/4)"),
        ("2002:c000:204::1", "is not routed on the internet (2002::/16)"),
        ("fe80::1", "is no global unicast address (2000::/3)"),
        ("::1", "is no global unicast address (2000::/3)"),
        ("8.0.0.0/7", "is wider than /8"),
        ("0.0.0.0/0", "is every address"),
        ("192.0.0.0/8", "is not routed on the internet (192.0.0.0/24)"),  # it would let others' special space in
        ("1.2.3.4/24", "has host bits set"),
        ("01.2.3.4", "leading zero"),
        ("::ffff:10.0.0.1", "10.0.0.1 is private"),
        ("nonsense", "is no address"),
    ],
)
def test_what_may_not_be_registered(row: str, words: str) -> None:
    refused = read_entry(row, AddressRules())
    assert isinstance(refused, list)
    assert words in refused[0].why
    assert refused[0].mend


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("::ffff:8.8.8.8", "8.8.8.8"),
        ("::ffff:808:808", "8.8.8.8"),
        ("::ffff:8.8.8.0/120", "8.8.8.0/24"),
        ("2606:4700:0:0::1111", "2606:4700::1111"),
        (" 8.8.8.8/32 ", "8.8.8.8"),
        ({"prefix": "8.8.8.8", "note": "left out: the live list has no room for words"}, "8.8.8.8"),
    ],
)
def test_the_canonical_form(row: object, text: str) -> None:
    entry = read_entry(row, AddressRules())
    assert isinstance(entry, Entry)
    assert (entry.text, entry.note) == (text, "")


@pytest.mark.parametrize("row", ["8.8.8.8", "8.8.8.0/24", "2606:4700::/32", {"prefix": "8.8.4.4", "ports": [1, "5-9"]}])
def test_an_entry_is_kept_as_it_is(row: object) -> None:
    (entry,) = read_entries([row], AddressRules(Bounds()))
    assert addresses.entry(addresses.stored(entry)) == entry


def test_a_prefix_that_is_there_again_and_again_is_shown_once() -> None:
    with pytest.raises(Refused) as refused:
        read_entries(["8.8.8.8", "::ffff:8.8.8.8", "8.8.8.8/32", "8.8.4.4"], AddressRules())
    assert [(fault.where, fault.why) for fault in refused.value.faults] == [
        ("entries[1].prefix", "8.8.8.8 is there twice")
    ]


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.0/24", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.0/24"),
        ("10.0.0.0/25", "10.0.0.0/24"),
        ("10.0.0.0/8", "10.255.255.255"),
        ("fd00::/16", "fd00:1::1"),
        ("fd00:1::1", "fd00::/16"),
    ],
)
@pytest.mark.parametrize("live", [True, False])
def test_what_another_holds_is_refused_to_its_provider_and_not_to_its_applicant(
    database: Database, held: str, wanted: str, live: bool
) -> None:
    """Who submits is told nothing, and holds nobody up; the provider is told that it is held, and not by whom."""
    cast = assemble(database)
    register(database, cast, held) if live else confirm(database, cast, apply(database, cast, [held]))
    confirm(database, cast, apply(database, cast, ["11.0.1.0/24", "fc00::1"], cast.rival))  # beside it
    application = apply(database, cast, [wanted, "11.1.1.1"], cast.rival)
    with pytest.raises(Refused) as refused:
        confirm(database, cast, application)
    (fault,) = refused.value.faults
    assert refused.value.kind == "conflict"
    assert (fault.where, fault.why) == (f"{application}, {wanted}", "overlaps what another registrant holds")
    assert cast.company not in str(refused.value.to_dict())


def test_no_submission_delays_another(database: Database) -> None:
    cast = assemble(database)
    for prefix in ("10.0.0.0/8", "10.0.0.0/24", "10.0.0.1"):
        apply(database, cast, [prefix], cast.rival)
    assert register(database, cast, "10.0.0.1")


def confirm(database: Database, cast: Cast, application: str) -> None:
    with database.writing(cast.confirmer) as writing:
        review.confirm(writing, application)


def test_a_registrant_holds_a_prefix_once_but_may_have_one_within_another(database: Database) -> None:
    cast = assemble(database)
    (registration,) = register(database, cast, "10.0.0.0/24")
    register(database, cast, "10.0.0.1")
    with pytest.raises(Refused) as refused:
        apply(database, cast, ["10.0.0.0/24"])
    assert refused.value.faults[0].why == f"is held already by {registration}"


def test_overlaps_within_a_batch_are_found_too(database: Database) -> None:
    cast = assemble(database)
    ours = apply(database, cast, ["10.0.0.0/24"])
    theirs = apply(database, cast, ["10.0.0.7", "10.0.1.7"], cast.rival)
    with pytest.raises(Refused) as refused, database.writing(cast.confirmer) as writing:
        review.confirm_many(writing, {ours: None, theirs: None})
    (fault,) = refused.value.faults
    assert (fault.where, fault.why) == (f"{theirs}, 10.0.0.7", "overlaps what another registrant holds")
