"""What lists come in as: good lists of every kind, and the words for bad ones."""

import json
from ipaddress import ip_network

import pytest

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Bounds, Entry
from control.allowlist.formats import CSV, JSON, NDJSON, read, sniff, write
from control.allowlist.gathering import MAX_FAULTS
from control.allowlist.prefix import read_address
from control.allowlist.schema import FIELDS, EntryModel, ListModel
from control.fault import Refused
from control.registry.space.addresses import AddressRules, read_entry
from control.vocabulary import VPN_PROTOCOLS

HEADER = b"prefix,protocols,ports,note\n"


def listed(*rows: str | Entry) -> Allowlist:
    return Allowlist.from_entries(row if isinstance(row, Entry) else Entry(ip_network(row)) for row in rows)


OFFICE = Entry(
    ip_network("198.51.100.0/24"),
    ("wireguard", "ike", "esp", "ah"),
    ((500, 500), (1000, 2000), (4500, 4500)),
    "head, office",
)

GOOD = [
    ("a column of addresses", b"192.0.2.1\n192.0.2.2\n", CSV, listed("192.0.2.1", "192.0.2.2")),
    ("no newline at the end", b"192.0.2.1\n2001:db8::1", CSV, listed("192.0.2.1", "2001:db8::1")),
    ("carriage returns", b"192.0.2.1\r\n2001:db8::/48\r\n", CSV, listed("192.0.2.1", "2001:db8::/48")),
    ("a byte order mark", b"\xef\xbb\xbf192.0.2.1\n", CSV, listed("192.0.2.1")),
    ("a byte order mark in JSON", b'\xef\xbb\xbf["192.0.2.1"]', JSON, listed("192.0.2.1")),
    ("comments and blank lines", b"# ours\n\n192.0.2.1\n  # more\n\n\n", CSV, listed("192.0.2.1")),
    ("spaces around an address", b"  192.0.2.1 \n\t2001:db8::1\n", CSV, listed("192.0.2.1", "2001:db8::1")),
    ("a header of one column", b"address\n192.0.2.0/25\n", CSV, listed("192.0.2.0/25")),
    ("a header behind comments", b"# list\n\nPrefix , Note\n192.0.2.1,\n", CSV, listed("192.0.2.1")),
    ("short rows", HEADER + b"192.0.2.1\n192.0.2.2,,,\n", CSV, listed("192.0.2.1", "192.0.2.2")),
    ("terms", HEADER + b'198.51.100.0/24,ike wireguard,500;1000-2000;4500,"head, office"\n', CSV, listed(OFFICE)),
    ("other order", b'note,ports,address,protocols\n"head, office",1500-2000 4500 1000-1600 500,198.51.100.0/24,'
        b"wireguard;ike\n", CSV, listed(OFFICE)),
    ("uppercase IPv6, long form", b"2001:0DB8:0:0::1\n", CSV, listed("2001:db8::1")),
    ("private space", b"10.0.0.0/8\nfd00::/16\n", CSV, listed("10.0.0.0/8", "fd00::/16")),
    ("an array of strings", b'["192.0.2.1", "2001:db8::/32"]', JSON, listed("192.0.2.1", "2001:db8::/32")),
    ("an object", b'{"entries": [{"prefix": "192.0.2.1"}, "192.0.2.2"]}', JSON,
        listed("192.0.2.1", "192.0.2.2")),
    ("terms in JSON", b'[{"prefix":"198.51.100.0/24","protocols":["ike","wireguard"],'
        b'"ports":[4500,500,"1000-2000"],"note":" head, office "}]', JSON, listed(OFFICE)),
    ("no entries", b"[]", JSON, Allowlist.empty()),
    ("no entries in an object", b'{"entries": []}', JSON, Allowlist.empty()),
    ("objects a line", b'{"prefix":"192.0.2.1"}\n\n{"prefix":"192.0.2.2"}\r\n', NDJSON,
        listed("192.0.2.1", "192.0.2.2")),
    ("strings a line", b'"192.0.2.1"\n"192.0.2.2"', NDJSON, listed("192.0.2.1", "192.0.2.2")),
]  # fmt: skip


@pytest.mark.parametrize(("data", "media_type", "expected"), [row[1:] for row in GOOD], ids=[row[0] for row in GOOD])
def test_good_lists(data: bytes, media_type: str, expected: Allowlist) -> None:
    assert read(data, media_type) == expected


@pytest.mark.parametrize(
    ("written", "meant"),
    [("::ffff:203.0.113.7", "203.0.113.7"), ("::FFFF:cb00:7107/128", "203.0.113.7"),
     ("::ffff:198.51.100.0/120", "198.51.100.0/24")],
)  # fmt: skip
def test_ipv4_written_as_ipv6_is_ipv4(written: str, meant: str) -> None:
    """By every door: lists, applications and imports read a prefix so, and questions an address."""
    assert read(f"{written}\n".encode(), CSV) == read(f"{meant}\n".encode(), CSV)
    assert read_entry(written, AddressRules(documentation=True)) == read_entry(meant, AddressRules(documentation=True))
    if "/" not in written:
        assert str(read_address(written)) == meant


MAPPED = b"::ffff:203.0.113.7"
BAD = [
    # data, media type, where, and words of why and mend
    (b"192.0.2.1\n203.0.113.7/24\n", CSV, "row 2, prefix",
        "203.0.113.7/24 has host bits set; write 203.0.113.0/24 or 203.0.113.7"),
    (b"192.0.2.1\n\n# x\n192.0.2.300\n", CSV, "row 4, prefix", "192.0.2.300 is no address"),
    (b"0.0.0.0/0\n", CSV, "row 1, prefix", "every address there is"),
    (b"::/0\n", CSV, "row 1, prefix", "every address there is"),
    (b"10.0.0.0/7\n", CSV, "row 1, prefix", "wider than /8"),
    (b"2000::/15\n", CSV, "row 1, prefix", "wider than /16"),
    (b"2001:db8::1/32\n", CSV, "row 1, prefix", "write 2001:db8::/32 or 2001:db8::1"),
    (MAPPED + b"\n203.0.113.7\n", CSV, "row 2, prefix", "203.0.113.7 is in row 1 already"),
    (b"::ffff:c633:6401/120\n", CSV, "row 1, prefix", "198.51.100.1/24 has host bits set; write 198.51.100.0/24"),
    (b"::ffff:0:0/96\n", CSV, "row 1, prefix", "every address there is"),
    (b"::ffff:a00:0/103\n", CSV, "row 1, prefix", "wider than /8"),
    (b"::/64\n", CSV, "row 1, prefix", "every IPv4 address"),
    (b"0.0.0.0\n", CSV, "row 1, prefix", "is the unspecified address"),
    (b"0.0.0.0/8\n", CSV, "row 1, prefix", "holds the unspecified address"),
    (b"::\n", CSV, "row 1, prefix", "is the unspecified address"),
    (b"239.1.2.3\n", CSV, "row 1, prefix", "is multicast"),
    (b"ff02::1\n", CSV, "row 1, prefix", "is multicast"),
    (b"fe80::1%eth0\n", CSV, "row 1, prefix", "zone id"),
    (b"255.255.255.255\n", CSV, "row 1, prefix", "is the broadcast address"),
    (b"240.0.0.0/8\n255.0.0.0/8\n", CSV, "row 2, prefix", "holds the broadcast address"),
    (b"192.0.2.010\n", CSV, "row 1, prefix", "leading zero"),
    (b"192.0.2.0/024\n", CSV, "row 1, prefix", "no prefix length from 0 to 32"),
    (b"192.0.2.0/255.255.255.0\n", CSV, "row 1, prefix", "write 192.0.2.0/24"),
    (b"192.0.2.0/33\n", CSV, "row 1, prefix", "from 0 to 32"),
    (b"192.0.2.0/\n", CSV, "row 1, prefix", "from 0 to 32"),
    (b"2001:db8::/129\n", CSV, "row 1, prefix", "from 0 to 128"),
    (b"1." * 100_000, CSV, "row 1, prefix", "1.1.… is no address"),
    (b"vpn.example.org\n", CSV, "row 1, prefix", "is no address"),
    (b"192.0.2.1:51820\n", CSV, "row 1, prefix", "is no address"),
    (b"\x1b[2J\n", CSV, "row 1, prefix", r"\x1b[2J is no address"),
    ("1٢.0.2.1\n".encode(), CSV, "row 1, prefix", "is no address"),
    (b"192.0.2.1\n192.0.2.2\n192.0.2.1\n", CSV, "row 3, prefix", "192.0.2.1 is in row 1 already"),
    (b"192.0.2.1\n192.0.2.1/32\n", CSV, "row 2, prefix", "192.0.2.1 is in row 1 already"),
    (HEADER + b"192.0.2.1,ike\n192.0.2.1,esp\n", CSV, "row 3, prefix", "is in row 2 already"),
    (b"192.0.2.1,wireguard\n", CSV, "row 1", "2 columns, and the list has no header"),
    (HEADER + b"192.0.2.1,,,a,b\n", CSV, "row 2", "5 columns where the header has 4"),
    (HEADER + b'192.0.2.1,,,"a\n', CSV, "row 2", "is no line of CSV"),
    (HEADER + b"192.0.2.1,wiregard\n", CSV, "row 2, protocols", "write wireguard; known are wireguard"),
    (HEADER + b"192.0.2.1,tor\n", CSV, "row 2, protocols", "tor is no protocol; write one of wireguard"),
    (HEADER + b"192.0.2.1,,0\n", CSV, "row 2, ports", "0 is not within 1 to 65535"),
    (HEADER + b"192.0.2.1,,65536\n", CSV, "row 2, ports", "not within 1 to 65535"),
    (HEADER + b"192.0.2.1,,20-10\n", CSV, "row 2, ports", "write 10-20"),
    (HEADER + b"192.0.2.1,,http\n", CSV, "row 2, ports", "http is no port"),
    (HEADER + b"192.0.2.1,esp ah,500\n", CSV, "row 2, ports",
        "ike, esp, ah go together, and ike needs port 4500 too; write 500 4500, or leave the ports out"),
    (HEADER + b"192.0.2.1,,1 3 5 7 9\n", CSV, "row 2, ports", "5 port ranges; write at most 4"),
    (HEADER + b"192.0.2.1,,,a\x07b\n", CSV, "row 2, note", "character 2 is a control character (U+0007)"),
    (HEADER + b"192.0.2.1,,," + b"n" * 201 + b"\n", CSV, "row 2, note", "201 characters; write at most 200"),
    (HEADER + b",ike,,x\n", CSV, "row 2, prefix", "is empty"),
    (b"prefix,nots\n192.0.2.1,x\n", CSV, "row 1, header", "nots is no column"),
    (b"prefix,prefix\n192.0.2.1,x\n", CSV, "row 1, header", "twice"),
    (b"protocols,note\nike,x\n", CSV, "row 1, header", "column prefix is missing"),
    (b"", CSV, "the list", "no entry in 0 bytes"),
    (b"\x0c\n", NDJSON, "the list", "no entry in 2 bytes"),
    (b"# nobody\n", CSV, "the list", "no entry in 9 bytes"),
    (b"prefix\n", CSV, "the list", "no entry in 7 bytes"),
    (b"192.0.2.1\n\xff\xfe\n", CSV, "row 2", "not UTF-8 (byte 10); save the list as UTF-8"),
    (b"192.0.2.1\n\0\n", CSV, "row 2", "a NUL byte (byte 10)"),
    (b'["192.0.2.1", "203.0.113.7/24"]', JSON, "entries[1], prefix", "host bits"),
    (b'["192.0.2.1", 5, null]', JSON, "entries[1]", "5 is no entry"),
    (b'["192.0.2.1", ["192.0.2.2"]]', JSON, "entries[1]", "is no entry"),
    (b'["192.0.2.1\\n192.0.2.2"]', JSON, "entries[0], prefix", r"192.0.2.1\n192.0.2.2 is no address"),
    (b'["192.0.2.1,192.0.2.2"]', JSON, "entries[0], prefix", "is no address"),
    (b'[""]', JSON, "entries[0], prefix", "is empty"),
    (b'["#"]', JSON, "entries[0], prefix", "is no address"),
    (b'[{"note": "x"}]', JSON, "entries[0], prefix", "is missing"),
    (b'[{"prefix": 7}]', JSON, "entries[0], prefix", "7 is not text"),
    (b'[{"prefix": "192.0.2.1", "port": 5}]', JSON, "entries[0], port", "no field of an entry; write ports"),
    (b'[{"prefix": "192.0.2.1", "ports": 5}]', JSON, "entries[0], ports", "5 is no array"),
    (b'[{"prefix": "192.0.2.1", "ports": [true]}]', JSON, "entries[0], ports", "True is no port"),
    (b'[{"prefix": "192.0.2.1", "protocols": "ike"}]', JSON, "entries[0], protocols", "ike is no array"),
    (b'[{"prefix": "192.0.2.1", "protocols": [["ike"]]}]', JSON, "entries[0], protocols", "is no protocol"),
    (b'[{"prefix": "192.0.2.1", "note": "\\ud800"}]', JSON, "entries[0], note", "half a character (U+D800)"),
    (b'["192.0.2.1", {"prefix": "192.0.2.1"}]', JSON, "entries[1], prefix", "is in entries[0] already"),
    (b'{"entries": ["192.0.2.1", "192.0', JSON, "line 1, column 27", "at byte 26 of 32; send it whole"),
    ('["é", x]'.encode(), JSON, "line 1, column 7", "at byte 7 of 9; mend the JSON there"),
    (b"[" * 100_000, JSON, "the document", "too deep"),
    (b"[" + b"9" * 5000 + b"]", JSON, "the document", "4300 digits"),
    (b'{"entries": [], "entry": 1}', JSON, "entry", "no member of a list's document"),
    (b'{"prefix": "192.0.2.1"}', JSON, "entries", "is missing"),
    (b'{"entries": {}}', JSON, "entries", "is {}, no array"),
    (b'"192.0.2.1"', JSON, "the document", "is 192.0.2.1"),
    (b'{"prefix":"192.0.2.1"}\n{"prefix":"192.0.2', NDJSON, "row 2", "is no JSON (Unterminated string"),
    (b'\n{"prefix":"192.0.2.1"}\n7\n', NDJSON, "row 3", "7 is no entry"),
    (b'"192.0.2.1"\n\n"192.0.2.1"', NDJSON, "row 3, prefix", "is in row 1 already"),
    (b"192.0.2.1", "application/xml", "Content-Type", "application/xml is no format of a list; send one of"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "media_type", "where", "words"), BAD)
def test_bad_lists(data: bytes, media_type: str, where: str, words: str) -> None:
    with pytest.raises(Refused) as refused:
        read(data, media_type)
    faults = {fault.where: f"{fault.why}; {fault.mend}" for fault in refused.value.faults}
    assert where in faults, refused.value
    assert words in faults[where]


@pytest.mark.parametrize("address", ["::\0", "\0::1", "2001:db8::\0/48", "192.0.2.1\0", "192.0.2.\0", "\0"])
@pytest.mark.parametrize("media_type", [CSV, NDJSON, JSON])
def test_a_nul_ends_no_address(address: str, media_type: str) -> None:
    data = address.encode() if media_type == CSV else json.dumps({"prefix": address}).encode()
    data = b'{"entries":[' + data + b"]}" if media_type == JSON else data
    with pytest.raises(Refused) as refused:
        read(data, media_type)
    assert refused.value.faults


def test_every_bad_row_is_named() -> None:
    data = HEADER + b"192.0.2.1/24,x,0,\x01\n192.0.2.5\n192.0.2.1,,,a,b\n224.0.0.1\n192.0.2.5\n"
    with pytest.raises(Refused) as refused:
        read(data, CSV)
    assert refused.value.kind == "bad-list"
    assert [fault.where for fault in refused.value.faults] == [
        "row 2, prefix", "row 2, protocols", "row 2, ports", "row 2, note", "row 4",
        "row 5, prefix", "row 6, prefix",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "beside"),
    [
        (b"x\n" * (MAX_FAULTS + 7), "7 more"),
        (b"192.0.2.1\n" * (MAX_FAULTS + 8), "7 more"),
        (b"192.0.2.1\nx\n" * MAX_FAULTS, "999 more"),
        (b"x\n" * 500_000, "at least 100000 more"),
    ],
)
def test_of_very_many_faults_the_first_are_listed(data: bytes, beside: str) -> None:
    with pytest.raises(Refused) as refused:
        read(data, CSV)
    *listed, last = refused.value.faults
    assert len(listed) == MAX_FAULTS
    assert last.why == f"{beside} faults are not listed"


@pytest.mark.parametrize("nothing", [b"\0", b"\n", b" ", b"\r\n"])
@pytest.mark.parametrize("media_type", [None, CSV, NDJSON, JSON])
def test_megabytes_of_nothing_are_no_list(nothing: bytes, media_type: str | None) -> None:
    data = nothing * ((64 << 20) // len(nothing))
    with pytest.raises(Refused, match="no entry in 67108864 bytes"):
        read(data, media_type)


def test_the_bounds_are_the_callers() -> None:
    assert len(read(b"10.0.0.0/7\n2000::/3\n", CSV, Bounds(7, 3))) == 2
    with pytest.raises(Refused, match="wider than /24, the widest prefix allowed"):
        read(b"192.0.2.0/23", CSV, Bounds(24, 48))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b" \n[1]", JSON),
        (b'{"entries": []}', JSON),
        (b'{\n"entries": []}', JSON),
        (b'{"entries": [', JSON),
        (b'{"prefix": "192.0.2.1"}', NDJSON),
        (b'{"prefix": "192.0.2.1"}\n{"prefix": "192.0.2.2"}', NDJSON),
        (b"192.0.2.1", CSV),
        (b'"192.0.2.1"', CSV),
        (b"# {}\n192.0.2.1", CSV),
        (b'{"entries": [' + b"1," * 40_000 + b"1]}", JSON),
    ],
)
def test_sniffing(data: bytes, expected: str) -> None:
    assert sniff(data) == expected


@pytest.mark.parametrize("untold", [None, "", "application/octet-stream", "application/x-www-form-urlencoded"])
def test_who_says_nothing_about_the_format_is_understood(untold: str | None) -> None:
    for data in (b"192.0.2.1\n", b'["192.0.2.1"]', b'{"prefix":"192.0.2.1"}\n'):
        assert read(data, untold) == listed("192.0.2.1")


def test_parameters_of_a_media_type_do_not_matter() -> None:
    assert read(b"192.0.2.1", "Text/CSV; charset=utf-8; header=absent") == listed("192.0.2.1")


def test_what_is_written() -> None:
    allowlist = listed("192.0.2.1", "2001:db8::/32", OFFICE)
    assert write(listed("192.0.2.1", "192.0.2.0/31"), CSV) == b"prefix\n192.0.2.0/31\n192.0.2.1\n"
    assert write(allowlist, CSV).decode().splitlines() == [
        "prefix,protocols,ports,note",
        "192.0.2.1,,,",
        '198.51.100.0/24,wireguard ike esp ah,500 1000-2000 4500,"head, office"',
        "2001:db8::/32,,,",
    ]
    office = {"prefix": "198.51.100.0/24", "protocols": ["wireguard", "ike", "esp", "ah"],
              "ports": [500, "1000-2000", 4500], "note": "head, office"}  # fmt: skip
    entries = [{"prefix": "192.0.2.1"}, office, {"prefix": "2001:db8::/32"}]
    assert json.loads(write(allowlist, JSON)) == {"entries": entries}
    assert [json.loads(line) for line in write(allowlist, NDJSON).splitlines()] == entries
    assert json.loads(write(allowlist, JSON, 1, 2)) == {"entries": [office]}
    assert json.loads(write(allowlist, JSON, 3)) == {"entries": []}


def test_the_schema_says_what_the_reader_takes() -> None:
    schema = EntryModel.model_json_schema()
    assert tuple(schema["properties"]) == FIELDS == ("prefix", "protocols", "ports", "note")
    assert schema["required"] == ["prefix"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["protocols"]["items"]["enum"] == list(VPN_PROTOCOLS)
    assert all(field["description"] and field["examples"] for field in schema["properties"].values())
    example = {name: field["examples"][0] for name, field in schema["properties"].items()}
    assert len(read(json.dumps({"entries": [example]}).encode(), JSON)) == 1
    assert ListModel.model_json_schema()["required"] == ["entries"]
