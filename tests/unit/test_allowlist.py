"""The columnar list against a plain dict, and the bounds of its packed form."""

from ipaddress import IPv4Network, IPv6Network, ip_network

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.allowlist import mapped, space
from control.allowlist.allowlist import Allowlist
from control.allowlist.columnar import Columns, are_sorted, of_ipv4
from control.allowlist.entry import Entry, Prefix, Terms

Model = dict[Prefix, Terms]
SEVERAL = "private address space: 10.0.0.0, 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4 and 4 more"

# Few addresses and every length, so that prefixes meet, nest and share an address.
ipv4 = st.builds(
    lambda address, length: IPv4Network((address, length), strict=False),
    st.sampled_from([0x01020304, 0x01020305, 0x0A000000, 0xC6336401, 0xFFFFFFFE]),
    st.integers(1, 32),
)
ipv6 = st.builds(
    lambda address, length: IPv6Network((address, length), strict=False),
    st.sampled_from([1 << 127, 0x20010DB8 << 96 | 5, 0x20010DB8 << 96 | 5 << 64, 1 << 64, (1 << 60) + 7]),
    st.integers(64, 128),
).filter(lambda prefix: not prefix.overlaps(mapped.NETWORK))
terms = st.sampled_from(
    [
        Terms(),
        Terms(note="bank"),
        Terms(("wireguard",)),
        Terms(("openvpn", "ike"), ((1, 5), (443, 443)), "x"),
    ]
)
models = st.dictionaries(ipv4 | ipv6, terms, max_size=30)


def build(model: Model) -> Allowlist:
    return Allowlist.from_entries(entry_of(prefix, each) for prefix, each in model.items())


def entry_of(prefix: Prefix, terms: Terms) -> Entry:
    return Entry(prefix, terms.protocols, terms.ports, terms.note)


def content(allowlist: Allowlist) -> Model:
    return {entry.prefix: entry.terms for entry in allowlist.entries()}


@given(models)
def test_a_list_holds_each_entry_once_in_order(model: Model) -> None:
    allowlist = build(model)
    keys = list(zip(allowlist.high.tolist(), allowlist.low.tolist(), allowlist.length.tolist(), strict=True))
    assert content(allowlist) == model
    assert keys == sorted(set(keys))


@given(models, models, models)
def test_changes_remove_first_and_then_add(old: Model, add: Model, remove: Model) -> None:
    changed = build(old).with_changes(add=build(add), remove=build(remove))
    assert content(changed) == {prefix: t for prefix, t in old.items() if prefix not in remove} | add
    assert changed == build(content(changed))


@given(models, models)
def test_a_difference_is_what_the_other_lacks_or_has_on_other_terms(ones: Model, others: Model) -> None:
    difference = build(ones).difference(build(others))
    assert content(difference) == {prefix: t for prefix, t in ones.items() if others.get(prefix) != t}


@given(models, ipv4 | ipv6)
def test_find_and_covering(model: Model, wanted: Prefix) -> None:
    allowlist = build(model)
    found = allowlist.find(wanted)
    assert found == (entry_of(wanted, model[wanted]) if wanted in model else None)
    holders = [p for p in model if p.version == wanted.version and wanted.subnet_of(p)]  # type: ignore[arg-type]
    holders.sort(key=lambda p: -p.prefixlen)
    assert list(allowlist.covering(wanted)) == [entry_of(holder, model[holder]) for holder in holders]


# Lists of which some columns are the same in every row, as those of nearly everybody are.
hosts4 = st.integers(0x01020300, 0x01020310).map(IPv4Network)
hosts6 = st.integers(0x20010DB8 << 96, (0x20010DB8 << 96) + 200).map(IPv6Network)


def of_length(length: int) -> st.SearchStrategy[IPv4Network]:
    """Return prefixes of one length, of few addresses: other lengths have the same ones."""
    return st.integers(0, 3).map(lambda number: IPv4Network((0x01020000 + (number << 8), length)))


alike = st.one_of(
    st.integers(24, 32).flatmap(lambda length: st.dictionaries(of_length(length), st.just(Terms()), max_size=4)),
    st.dictionaries(hosts4, st.just(Terms()), max_size=8),
    st.dictionaries(hosts4, st.just(Terms(("wireguard",))), max_size=8),
    st.dictionaries(hosts6, st.just(Terms()), max_size=90),
    st.dictionaries(hosts4 | hosts6, terms, max_size=8),
    models,
)


def spelled_out(allowlist: Allowlist) -> Allowlist:
    """Return the same list with every column written out."""
    return Allowlist(Columns(*(column.copy() for column in allowlist.columns.all())), allowlist.terms_table)


@given(alike, alike, alike)
def test_a_column_that_is_kept_as_one_value_is_as_good_as_any(held: Model, add: Model, remove: Model) -> None:
    thrifty = [build(model) for model in (held, add, remove)]
    for one, two, three in (thrifty, map(spelled_out, thrifty)):
        changed = one.with_changes(two, three)
        assert are_sorted(changed.columns)
        assert content(changed) == {prefix: t for prefix, t in held.items() if prefix not in remove} | add
        assert content(one.without(two)) == {prefix: t for prefix, t in held.items() if prefix not in add}
        assert content(one.held_by(two)) == {prefix: t for prefix, t in held.items() if prefix in add}
        assert content(one.at(two)) == content(one.held_by(two))
        assert content(one.difference(two)) == {prefix: t for prefix, t in held.items() if add.get(prefix) != t}
        fresh, replaced, gone = one.compared(two)
        assert (fresh, gone) == (one.difference(two), two.without(one))
        assert content(replaced) == {prefix: t for prefix, t in add.items() if held.get(prefix, t) != t}
        assert content(one.wide()) == {prefix: t for prefix, t in held.items() if prefix.num_addresses > 1}
        assert one.pack() == thrifty[0].pack()
        assert one.tidy() == one


def test_a_plain_list_keeps_nothing_but_its_addresses() -> None:
    allowlist = build({IPv4Network(0x01020304 + number): Terms() for number in range(1000)})
    one = build({IPv4Network(0x01020300): Terms()})
    for each in (
        allowlist,
        Allowlist.unpack(allowlist.pack()),
        allowlist.with_changes(one, one),
        allowlist.without(one),
    ):
        assert [column.strides for column in each.columns.all()] == [(0,), (8,), (0,), (0,)]


@given(models)
def test_pack_and_unpack_give_the_same_list_and_the_same_bytes(model: Model) -> None:
    packed = build(model).pack()
    assert Allowlist.unpack(packed) == build(model)
    assert Allowlist.unpack(packed).pack() == packed


@given(models)
def test_the_plain_addresses_and_the_others_are_the_list(model: Model) -> None:
    allowlist = build(model)
    plain = [p for p, t in model.items() if p.version == 4 and p.prefixlen == 32 and t == Terms()]
    assert allowlist.plain4().tolist() == sorted(int(prefix.network_address) for prefix in plain)
    assert content(allowlist.others()) == {p: t for p, t in model.items() if p not in plain}


@given(models, models)
def test_equality_is_by_content(ones: Model, others: Model) -> None:
    assert (build(ones) == build(others)) == (ones == others)


def test_the_later_of_two_equal_prefixes_stands() -> None:
    prefix = IPv4Network("198.51.100.1")
    twice = Allowlist.from_entries([Entry(prefix, note="old"), Entry(prefix, note="new")])
    assert list(twice.entries()) == [Entry(prefix, note="new")]


def test_terms_of_entries_that_are_gone_do_not_pile_up() -> None:
    allowlist = Allowlist.empty()
    for number in range(500):
        add = Allowlist.from_entries([Entry(IPv4Network("198.51.100.1"), note=f"change {number}")])
        allowlist = allowlist.with_changes(add=add, remove=Allowlist.empty())
    assert len(allowlist.terms_table) < 100
    assert [entry.note for entry in allowlist.entries()] == ["change 499"]


def test_a_list_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        build({IPv4Network("198.51.100.1"): Terms()}).low[0] = 0


def test_entries_counts_as_a_slice_does() -> None:
    allowlist = build({ip_network(f"198.51.100.{n}"): Terms() for n in range(10)})
    assert [entry.text for entry in allowlist.entries(8, 20)] == ["198.51.100.8", "198.51.100.9"]
    assert list(allowlist.entries(20)) == []


def test_an_ipv6_prefix_over_the_mapped_addresses_has_no_place() -> None:
    with pytest.raises(ValueError, match="IPv4-mapped"):
        Allowlist.from_entries([Entry(IPv6Network("::ffff:0:0/100"))])
    assert Allowlist.empty().find(IPv6Network("::/1")) is None


def packed_example() -> bytes:
    narrowed = Entry(IPv6Network("2001:db8::/32"), ("ike",), ((500, 500),), "office")
    return Allowlist.from_entries([Entry(IPv4Network("198.51.100.1")), narrowed]).pack()


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (b"", "at least 20 bytes"),
        (b"GIF89a" + bytes(30), "not a packed list"),
        (packed_example()[:-1], "bytes by its head"),
        (packed_example() + b"x", "bytes by its head"),
        (packed_example().replace(b'"ike"', b'"tor"'), "terms that no list has"),
        (packed_example().replace(b"[500, 500]", b"[501, 500]"), "terms that no list has"),
        (packed_example().replace(b"[500, 500]", b"[500,null]"), "terms"),
        (packed_example().replace(b'"office"', b'"\xff\xff\xff\xff\xff\xff"'), "not readable"),
        (packed_example().replace(b"\x20\x01\x00\x00\x00[[", b"\x81\x01\x00\x00\x00[["), "out of order"),
        (packed_example().replace(b"\x20\x01\x00\x00\x00[[", b"\x1f\x02\x00\x00\x00[["), "out of order"),
        (packed_example().replace(b"\x20\x01\x00\x00\x00[[", b"\x0f\x01\x00\x00\x00[["), "out of order"),
    ],
)
def test_what_is_no_packed_list_is_refused(broken: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Allowlist.unpack(broken)


@given(st.binary(max_size=80), st.integers(0, 79))
def test_a_damaged_list_is_refused_or_still_a_list(noise: bytes, at: int) -> None:
    damaged = packed_example()[:at] + noise + packed_example()[at + len(noise) :]
    try:
        allowlist = Allowlist.unpack(damaged)
    except ValueError:
        return
    assert Allowlist.unpack(allowlist.pack()) == allowlist


def test_a_million_addresses_are_changed_without_a_loop() -> None:
    numbers = np.unique(np.random.default_rng(10).integers(1 << 24, 0xE0000000, 1_000_000, np.uint32))
    allowlist = Allowlist(of_ipv4(numbers))
    assert np.array_equal(Allowlist.unpack(allowlist.pack()).plain4(), numbers)
    one = build({IPv4Network(int(numbers[777])): Terms(note="one")})
    changed = allowlist.with_changes(add=one, remove=Allowlist.empty())
    assert list(changed.difference(allowlist).entries()) == list(one.entries())


@pytest.mark.parametrize(
    ("prefixes", "said"),
    [
        (["8.8.8.8", "2a00:1450::/32", "9.9.0.0/16"], []),
        (["127.0.0.1"], ["not routed on the internet: 127.0.0.1"]),
        (["10.0.0.0/8"], ["private address space: 10.0.0.0/8", "wider than /16, or /32 for IPv6: 10.0.0.0/8"]),
        (["8.0.0.0/8", "2000::/16"], ["wider than /16, or /32 for IPv6: 8.0.0.0/8, 2000::/16"]),
        (["fd00::1", "100.64.0.9", "8.8.8.8"], ["private address space: 100.64.0.9, fd00::1"]),
        ([f"10.0.0.{end}" for end in range(9)], [SEVERAL]),
        (
            ["9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"],
            ["private address space: 10.0.0.0, 10.255.255.255"],
        ),
        (["9.255.255.255", "11.0.0.0", "fb00::1", "fe00::1"], []),
        (
            ["126.0.0.0/7", "127.9.0.0/16", "8.8.8.8"],
            [
                "not routed on the internet: 126.0.0.0/7, 127.9.0.0/16",
                "wider than /16, or /32 for IPv6: 126.0.0.0/7",
            ],
        ),
    ],
)
def test_what_is_hardly_meant_is_told(prefixes: list[str], said: list[str]) -> None:
    assert space.doubts(Allowlist.from_entries([Entry(ip_network(prefix)) for prefix in prefixes])) == said
