"""The quick rows of `make matrix`, without their rekeys; and that a row which is not as it must be is known."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

from lab.matrix.captures import MOST_BYTES, read, write
from lab.matrix.frame import Frame, first_of_client, is_tcps_own
from lab.matrix.measure import Measured, measure
from lab.matrix.row import NONE, Found
from lab.matrix.rows import GROUPS
from lab.stage.addresses import pair
from lab.vpn.stand_in import Deframer, framed

PAGE = Path(__file__).parents[2] / "docs" / "matrix.md"
QUICK = [row for rows in GROUPS.values() for row in rows if row.quick]
VPN = Found("some", "openvpn", known_as="openvpn", opens=True, up=True, refused=2, registered_s=0.5)
OTHER = Found("some", NONE, known_as=NONE, up=True, enforced_up=True)


@pytest.fixture(scope="module")
def measured(bpffs: Path) -> dict[str, Measured]:
    return {each.found.name: each for each in measure(QUICK, bpffs, lambda _: None, rekeys=False)}


@pytest.mark.parametrize("name", [row.name for row in QUICK])
def test_a_handshake_is_known_refused_and_let_in(measured: dict[str, Measured], name: str) -> None:
    found = measured[name].found
    if found.skipped:
        pytest.skip(found.skipped)
    assert found.as_it_must_be, found


@pytest.mark.parametrize("found", [VPN, OTHER, replace(VPN, protocol="esp", known_as="esp", opens=False)])
def test_a_row_that_is_as_it_must_be_is_known(found: Found) -> None:
    assert found.as_it_must_be


@pytest.mark.parametrize(
    "found",
    [
        replace(VPN, known_as="ike"),
        replace(VPN, known_as=NONE),
        replace(VPN, opens=False),
        replace(VPN, up=False),
        replace(VPN, enforced_up=True),
        replace(VPN, refused=0),
        replace(VPN, registered_s=None),
        replace(VPN, lost=1),
        replace(VPN, trouble="does not start"),
        replace(VPN, rekey_right=False),
        replace(OTHER, known_as="openvpn"),
        replace(OTHER, up=False),
        replace(OTHER, enforced_up=False),
        replace(OTHER, refused=1),
    ],
)
def test_a_row_that_is_not_as_it_must_be_is_known_too(found: Found) -> None:
    assert not found.as_it_must_be


def test_the_page_has_every_group_with_as_many_rows() -> None:
    told = re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", PAGE.read_text(), re.MULTILINE)
    assert {name: int(rows) for name, rows in told} == {name: len(rows) for name, rows in GROUPS.items()}


def test_rows_and_their_captures_have_names_of_their_own() -> None:
    names = [row.name for rows in GROUPS.values() for row in rows]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("version", [4, 6])
def test_a_capture_has_other_ends_and_right_checksums(tmp_path: Path, version: int) -> None:
    peers, ip = pair(3, version), IP if version == 4 else IPv6
    there, back = ip(src=peers.client, dst=peers.server), ip(src=peers.server, dst=peers.client)
    sent = [
        there / TCP(sport=1, dport=2, flags="S"),
        there / TCP(sport=1, dport=2, flags="PA") / b"question",
        back / TCP(sport=2, dport=1, flags="PA") / b"answer",
        there / UDP(sport=1, dport=2) / b"more",
    ]
    write(tmp_path / "some.pcap", [Frame(bytes(Ether() / each), each.src == peers.client) for each in sent])
    kept = read(tmp_path / "some.pcap")
    assert [frame.to_server for frame in kept] == [True, False, True]  # without TCP's own
    for frame, told in zip(kept, sent[1:], strict=True):
        seen = Ether(frame.content)
        assert not {seen[ip].src, seen[ip].dst} & {peers.client, peers.server}
        again = told.copy()
        again.src, again.dst = seen[ip].src, seen[ip].dst
        assert frame.content[14:] == bytes(again)


def test_a_capture_is_small(tmp_path: Path) -> None:
    peers = pair(3, 4)
    long = Ether() / IP(src=peers.client, dst=peers.server) / UDP(sport=1, dport=2) / bytes(1400)
    write(tmp_path / "some.pcap", [Frame(bytes(long), to_server=True)] * 9)
    assert 0 < len(read(tmp_path / "some.pcap")) < 4
    assert (tmp_path / "some.pcap").stat().st_size <= MOST_BYTES


def test_the_first_of_a_client_is_none_of_tcps_own() -> None:
    syn, question = (Ether() / IP() / TCP(flags=flags) / said for flags, said in (("S", b""), ("PA", b"question")))
    frames = [Frame(bytes(each), to_server=True) for each in (syn, question)]
    assert [is_tcps_own(frame.content) for frame in frames] == [True, False]
    assert first_of_client([Frame(bytes(question), to_server=False), *frames]) == bytes(question)
    assert first_of_client(frames[:1]) == b""


@given(st.binary(max_size=40), st.binary(max_size=40), st.integers(0, 7))
def test_the_stand_in_speaks_hdlc(one: bytes, other: bytes, cut: int) -> None:
    wire = framed(b"\xff\x03" + one) + framed(b"\xff\x03" + other)
    frames = Deframer()
    assert frames.feed(wire[:cut]) + frames.feed(wire[cut:]) == [b"\xff\x03" + one, b"\xff\x03" + other]


def test_the_stand_in_takes_no_damaged_frame() -> None:
    assert framed(b"123456789").endswith(b"\x6e\x90\x7e")  # the check value of CRC-16/X-25
    assert Deframer().feed(framed(b"123456789").replace(b"5", b"6")) == []
