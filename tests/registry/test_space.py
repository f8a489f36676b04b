"""Address space: how much an application covers, what its category allows, and what is a provider's own."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.fault import Refused
from control.registry.access.actor import Actor
from control.registry.cases import records, review
from control.registry.cases.applications import create
from control.registry.parties.categories import load_categories
from control.registry.space import allocation_files, allocations, coverage
from control.registry.store.database import Database
from control.registry.store.model import Application
from control.registry.store.writing import Rules
from tests.registry.cast import OFFICER, RULES, Cast, apply, assemble, register


@pytest.mark.parametrize(
    ("prefixes", "addresses", "networks", "lengths"),
    [
        ([], 0, 0, []),
        (["192.0.2.1"], 1, 0, [("/32", 1)]),
        (["192.0.2.0/24", "192.0.2.7", "198.51.100.0/25"], 384, 0, [("/24", 1), ("/25", 1), ("/32", 1)]),
        (["10.0.0.0/8", "11.0.0.0/8"], 2 << 24, 0, [("/8", 2)]),
        (["2001:db8::/48"], 0, 65536, [("v6 /48", 1)]),
        (["2001:db8::1", "2001:db8::2", "2001:db8:0:1::/64"], 0, 2, [("v6 /64", 1), ("v6 /128", 2)]),
        (["192.0.2.1", "2001:db8::/32"], 1, 1 << 32, [("/32", 1), ("v6 /32", 1)]),
    ],
)
def test_how_much_is_covered(
    prefixes: list[str], addresses: int, networks: int, lengths: list[tuple[str, int]]
) -> None:
    found = coverage.covered(map(ip_network, prefixes))
    assert (found.addresses, found.networks, list(found.prefixes)) == (addresses, networks, lengths)


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(24, 32)), max_size=12))
def test_no_address_is_counted_twice(parts: list[tuple[int, int]]) -> None:
    networks = [ip_network((f"192.0.2.{last}", length), strict=False) for last, length in parts]
    every = {address for network in networks for address in network}
    assert coverage.covered(networks).addresses == len(every)


@pytest.fixture
def strict(database: Database) -> Database:
    """The registry with the categories as they are shipped."""
    database.rules = Rules(RULES.addresses)
    return database


@pytest.mark.parametrize(
    ("prefixes", "why"),
    [
        (["10.0.0.0/8"], "is wider than /24"),
        (["fd00::/32"], "is wider than /48"),
        ([f"10.0.{number}.0/24" for number in range(17)], "cover 4,352 IPv4 addresses, and company takes 4,096"),
        (["fd00::/48", "fd00:0:1::/48"], "cover 131,072 IPv6 networks (/64), and company takes 65,536"),
    ],
)
def test_more_than_its_category_takes_is_refused_at_the_door_and_at_every_step(
    strict: Database, prefixes: list[str], why: str
) -> None:
    cast = assemble(strict)
    with pytest.raises(Refused) as refused:
        apply(strict, cast, prefixes)
    assert refused.value.kind == "invalid"
    assert any(why in fault.why for fault in refused.value.faults)
    narrow, strict.rules = strict.rules, RULES
    drafted = apply(strict, cast, prefixes)  # as an earlier version took it
    confirm(strict, cast, drafted)
    strict.rules = narrow
    with pytest.raises(Refused) as refused, strict.writing(OFFICER) as writing:
        review.approve(writing, drafted)
    assert refused.value.kind == "invalid"


def test_each_category_has_bounds() -> None:
    for category in load_categories().values():
        assert category.most_addresses <= 4096
        assert category.widest_ipv4 >= 24


def confirm(database: Database, cast: Cast, application: str) -> None:
    with database.writing(cast.confirmer) as writing:
        review.confirm(writing, application)


def own(database: Database, cast: Cast, *prefixes: str) -> None:
    with database.writing(OFFICER) as writing:
        allocations.replace(writing, cast.provider, None, map(ip_network, prefixes))


def shown(database: Database, actor: Actor, application: str) -> dict[str, object]:
    with database.reading() as session:
        return records.applications(session, actor, [session.get_one(Application, application)])[0]


def test_what_is_outside_the_providers_space_takes_an_explicit_word(database: Database) -> None:
    cast = assemble(database)
    application = apply(database, cast, ["10.0.0.1", "10.1.0.0/24", "fd00::1"])
    assert shown(database, OFFICER, application)["outside"] is None  # nothing is known
    own(database, cast, "10.0.0.0/16", "fd00::/48")
    assert shown(database, OFFICER, application)["outside"] == 1
    confirm(database, cast, application)
    for said in (0, 2):
        with pytest.raises(Refused) as refused, database.writing(OFFICER) as writing:
            review.approve(writing, application, outside=said)
        assert (refused.value.kind, "10.1.0.0/24" in str(refused.value)) == ("conflict", True)
    with database.writing(OFFICER) as writing:
        assert len(review.approve(writing, application, outside=1)) == 3


def test_what_is_inside_takes_none(database: Database) -> None:
    cast = assemble(database)
    own(database, cast, "10.0.0.0/8")
    assert register(database, cast, "10.0.0.1", "10.3.0.0/16")


def test_a_space_is_replaced_and_audited(database: Database) -> None:
    cast = assemble(database)
    own(database, cast, "10.0.0.0/8")
    own(database, cast, "10.0.0.0/9", "10.128.0.0/9")
    with database.reading() as session:
        assert [str(prefix) for prefix in allocations.of(session, cast.provider)] == ["10.0.0.0/9", "10.128.0.0/9"]
    with pytest.raises(Refused) as refused, database.writing(cast.confirmer) as writing:
        allocations.replace(writing, cast.provider, None, [ip_network("0.0.0.0/1")])
    assert refused.value.kind == "forbidden"


def test_whoever_decides_is_told_that_somebody_holds_it_and_whoever_applies_is_not(database: Database) -> None:
    cast = assemble(database)
    register(database, cast, "10.0.0.1")
    application = apply(database, cast, ["10.0.0.0/24"], cast.rival)
    assert shown(database, OFFICER, application)["held_by_others"] is True
    assert shown(database, cast.confirmer, application)["held_by_others"] is True
    assert shown(database, cast.other, application)["held_by_others"] is None
    free = apply(database, cast, ["10.9.0.0/24"], cast.rival)
    assert shown(database, OFFICER, free)["held_by_others"] is False


def test_a_registrants_drafts_have_an_end(database: Database) -> None:
    cast = assemble(database)
    with pytest.raises(Refused) as refused:
        for _ in range(300):
            with database.writing(cast.applicant) as writing:
                create(writing, cast.draft(writing))
    assert refused.value.kind == "busy"
    with database.writing(cast.other) as writing:  # it is nobody else's end
        create(writing, cast.draft(writing, registrant=cast.rival))


STATISTICS = b"""2.3|apnic|20260101|5|19830613|20260101|+1000
apnic|*|ipv4|*|3|summary
apnic|PK|ipv4|203.0.113.0|256|20100101|allocated|A91
apnic|PK|ipv4|198.51.100.0|384|20100101|assigned|A91
apnic|PK|ipv6|2001:db8::|32|20100101|allocated|A91
apnic|PK|ipv4|192.0.2.0|256|20100101|allocated|A92
apnic|PK|asn|64500|1|20100101|allocated|A91
apnic|PK|ipv4|192.0.2.0|256|20100101|reserved|A91
"""
ORIGINS = b"""ASN,IP Prefix,Max Length,Trust Anchor
AS64500,203.0.113.0/24,24,apnic
AS64501,198.51.100.0/24,24,apnic
64500,2001:db8::/32,48,apnic
"""


@pytest.mark.parametrize(
    ("data", "form", "holders", "found"),
    [
        (b"203.0.113.0/24 # ours\n\n198.51.100.7\n", "prefixes", (), ["203.0.113.0/24", "198.51.100.7/32"]),
        (
            STATISTICS,
            "delegated",
            ("A91",),
            ["203.0.113.0/24", "198.51.100.0/24", "198.51.101.0/25", "2001:db8::/32"],
        ),
        (ORIGINS, "roa", ("AS64500",), ["203.0.113.0/24", "2001:db8::/32"]),
        (ORIGINS, "roa", ("64501",), ["198.51.100.0/24"]),
    ],
)
def test_files_of_space(data: bytes, form: str, holders: tuple[str, ...], found: list[str]) -> None:
    assert [str(prefix) for prefix in allocation_files.read(data, form, holders)] == found


@pytest.mark.parametrize(
    ("data", "form", "holders", "where"),
    [
        (b"\xff", "prefixes", (), "the file"),
        (b"203.0.113.0/24\nnowhere\n", "prefixes", (), "row 2"),
        (b"203.0.113.7/24\n", "prefixes", (), "row 1"),
        (STATISTICS, "delegated", (), "--holder"),
        (STATISTICS, "delegated", ("A99",), "--holder"),
        (b"a|b|ipv4|nowhere|256|x|allocated|A91\n", "delegated", ("A91",), "row 1"),
        (b"a,b\n", "roa", ("1",), "the header"),
        (ORIGINS + b"AS64500,nowhere,24,x\n", "roa", ("AS64500",), "row 5"),
    ],
)
def test_files_that_say_no_space(data: bytes, form: str, holders: tuple[str, ...], where: str) -> None:
    with pytest.raises(Refused) as refused:
        allocation_files.read(data, form, holders)
    assert refused.value.faults[0].where == where
