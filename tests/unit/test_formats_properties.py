"""Properties of the formats: what is written is read again, and the scan reads as the row by row way does."""

from ipaddress import IPv4Network, IPv6Network
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Bounds, Entry
from control.allowlist.formats import CSV, MEDIA_TYPES, NDJSON, read, write
from control.allowlist.scan import scan
from control.allowlist.schema import read_row
from control.allowlist.writing import ROWS, texts
from control.fault import Refused
from control.vocabulary import VPN_PROTOCOLS
from tests.companions import needed, whole

ipv4 = st.builds(
    lambda address, length: IPv4Network((address, length), strict=False),
    st.integers(0x01000000, 0x7EFFFFFF),
    st.integers(8, 32) | st.just(32),
)
ipv6 = st.builds(
    lambda address, length: IPv6Network((address, length), strict=False),
    st.integers(0x2000 << 112, (0x4000 << 112) - 1),
    st.integers(16, 128),
)
ranges = st.lists(st.integers(1, 65535), max_size=8, unique=True).map(sorted).map(
    lambda edges: tuple(
        (first, last)
        for first, last in zip(edges[::2], edges[1::2], strict=False)
    )
)  # fmt: skip
apart = ranges.filter(lambda ports: all(a[1] + 1 < b[0] for a, b in pairwise(ports)))
protocols = st.sets(st.sampled_from(VPN_PROTOCOLS)).map(
    lambda names: tuple(n for n in VPN_PROTOCOLS if n in whole(names))
)
notes = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=200).map(str.strip)
entries = st.builds(Entry, ipv4 | ipv6, protocols, apart, notes).filter(
    lambda e: (
        not (e.ports and any(all(not a <= port <= b for a, b in e.ports) for port in needed(e.protocols)))
        and not (e.prefix.version == 4 and e.prefix.overlaps(IPv4Network("127.0.0.0/8")))
    )
)
allowlists = st.lists(entries | st.builds(Entry, ipv4), max_size=12).map(Allowlist.from_entries)


@given(allowlists.filter(len), st.sampled_from(MEDIA_TYPES), st.booleans())
def test_what_is_written_is_read_again(allowlist: Allowlist, media_type: str, told: bool) -> None:
    assert read(write(allowlist, media_type), media_type if told else None) == allowlist


@given(allowlists)
def test_prefixes_are_written_as_entries_write_them(allowlist: Allowlist) -> None:
    assert texts(allowlist.columns) == [entry.text for entry in allowlist.entries()]


def near_misses(text: str) -> st.SearchStrategy[str]:
    """Return texts that are nearly an address: one character more, less or other."""
    letters = st.sampled_from("0123456789abcf.:/%,# \r-٣é\"'")
    return st.builds(
        lambda at, letter, skip: text[:at] + letter + text[at + skip :],
        st.integers(0, len(text)), letters | st.just(""), st.integers(0, 1),
    )  # fmt: skip


ONE = Entry(IPv4Network("1.1.1.1"))
odd = st.sampled_from(
    ["1.2.3.4", "0.0.0.0", "255.255.255.255", "1.2.3.4/32", "1.2.3.0/24", "1.0.0.0/8", "10.0.0.0/7",
     "127.0.0.1/9", "224.0.0.0/4", "::", "::1", "::ffff:1.2.3.4", "::1.2.3.4", "2001:db8::/32", "fe80::1",
     "2001:DB8::00a", "::/16", "1:2:3:4:5:6:7::", "1:2:3:4::5:6:7:8", "999.1.1.1", "1.2.3", "", "#", "1.2.3.4 "]
)  # fmt: skip
lines = (ipv4 | ipv6).map(str) | odd | odd.flatmap(near_misses) | ipv4.map(str).flatmap(near_misses)


# Lines that are four numbers each are read together, so a wrong one stands among right ones here.
numbers = st.integers(0, 255).map(str) | st.sampled_from(["", "00", "01", "099", "256", "999", "1000", "25500"])
four_numbers = ipv4.map(lambda prefix: str(prefix[0])) | st.lists(numbers, min_size=4, max_size=4).map(".".join)


@given(st.lists(lines, min_size=1, max_size=12) | st.lists(four_numbers, min_size=1, max_size=12))
def test_the_scan_takes_nothing_that_a_row_by_itself_would_not_be(texts_of: list[str]) -> None:
    found = scan("".join(f"{text}\n" for text in texts_of).encode(), Bounds())
    assert len(found.starts) == len(texts_of)
    scanned = Allowlist(found.columns)
    for place, (row, rest) in enumerate(zip(found.rows.tolist(), found.rest.tolist(), strict=True)):
        entry = read_row(texts_of[row].split(",")[0] if rest else texts_of[row], Bounds())
        assert [entry] == list(scanned.entries(place, place + 1)), texts_of[row]


@given(st.lists(ipv4 | ipv6, min_size=1, max_size=12) | st.lists(ipv4.map(lambda p: IPv4Network(p[0])), min_size=1))
def test_the_scan_takes_all_that_is_written_in_the_usual_way(
    prefixes: list[IPv4Network | IPv6Network],
) -> None:
    usual = [p for p in prefixes if isinstance(read_row(str(p), Bounds()), Entry)]
    found = scan("".join(f"{prefix}\n" for prefix in usual).encode() or b"\n", Bounds())
    assert sorted(found.rows.tolist()) == list(range(len(usual)))


@given(allowlists.filter(len), st.sampled_from(MEDIA_TYPES))
def test_it_is_told_how_far_reading_has_got(allowlist: Allowlist, media_type: str) -> None:
    told: list[tuple[int, int]] = []
    read(write(allowlist, media_type), media_type, told=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] >= len(allowlist)


plain_lines = lines.filter(lambda text: not set(text) & set('\r",'))


@given(st.lists(plain_lines, min_size=1, max_size=8))
def test_lines_of_csv_are_taken_or_refused_row_by_row(texts_of: list[str]) -> None:
    rows = [read_row(text, Bounds()) for text in texts_of if text.strip() and not text.strip().startswith("#")]
    try:
        allowlist = read("\n".join(["1.1.1.1", *texts_of]).encode(), CSV)
    except Refused as refused:
        faulty = [row for row in rows if not isinstance(row, Entry)]
        again = len(rows) + 1 - len(faulty) - len({row.prefix for row in (ONE, *rows) if isinstance(row, Entry)})
        assert len(refused.faults) == len(faulty) + again
        return
    assert allowlist == Allowlist.from_entries([ONE, *(row for row in rows if isinstance(row, Entry))])
    assert len(allowlist) == len(rows) + 1


@given(st.binary(max_size=200), st.sampled_from((None, *MEDIA_TYPES)))
def test_any_bytes_are_a_list_or_refused(data: bytes, media_type: str | None) -> None:
    try:
        allowlist = read(data, media_type)
    except Refused as refused:
        assert refused.faults
        return
    assert not len(allowlist) or read(write(allowlist, NDJSON), NDJSON) == allowlist


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_a_long_list_is_written_in_pieces_and_read_in_blocks(media_type: str) -> None:
    numbers = range(0x0A000000, 0x0A000000 + 3 * ROWS + 5)
    allowlist = Allowlist.from_entries(Entry(IPv4Network(n), note="seventh" if n % 7 == 0 else "") for n in numbers)
    assert read(write(allowlist, media_type), media_type) == allowlist
