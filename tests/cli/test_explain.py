"""wicket explain says what is so: an end that is listed for something else, by which list, and what cannot be known."""

import json
import struct
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import pytest

from control.datapath.probe.frames import CLIENT_PORT, PAYLOADS, frame
from control.vocabulary import VPN_PROTOCOLS
from tests.cli.conftest import Cli

BANK, SHOP, OFFICE = "203.0.113.7", "203.0.113.8", "203.0.113.64/28"
LIST = f"""prefix,protocols,ports,note
{BANK},openvpn ike,,the bank
{SHOP},,51820 1000-2000,
{OFFICE},openvpn,1194,an office
192.0.2.1,,,plain
2001:db8::7,wireguard,,six
"""
SOMEBODY = "198.51.100.1"
TO_NOBODY = frame("wireguard", ip_address(SOMEBODY), ip_address("203.0.113.2"))


@pytest.fixture
def strict(wicket: Cli) -> Iterator[Cli]:
    """With a list of narrowed entries, and everything enforced."""
    assert wicket("allow", "replace", "-", stdin=LIST).status == 0
    assert wicket("policy", "set", "all", "enforce", "--share", "100", "--confirm-within", "0s").status == 0
    yield wicket
    wicket("policy", "set", "all", "monitor")


class Case(NamedTuple):
    """What explain says of a made-up packet."""

    what: str
    words: tuple[str, ...]
    verdict: str
    says: str
    listed: str = ""


CASES = [
    Case("for other protocols", ("--to", BANK, "--protocol", "wireguard"), "drop: other_terms",
         f"{BANK} (the bank) is on the list, for openvpn and ike; this is wireguard", "local list: openvpn and ike"),
    Case("from it", ("--from", BANK, "--to", "192.0.2.9", "--protocol", "wireguard"), "drop: other_terms",
         f"{BANK} (the bank) is on the list, for openvpn and ike; this is wireguard"),
    Case("for other ports", ("--to", SHOP, "--protocol", "wireguard", "--port", "443"), "drop: other_terms",
         f"{SHOP} is on the list, for ports 1000-2000 and 51820; this is port 443", "local list: ports 1000-2000 and"),
    Case("for neither", ("--to", "203.0.113.70", "--protocol", "ike"), "drop: other_terms",
         f"203.0.113.70 (in {OFFICE}, an office) is on the list, for openvpn on port 1194; this is ike"),
    Case("for the protocol at another port", ("--to", "203.0.113.70", "--protocol", "openvpn", "--port", "443"),
         "drop: other_terms", "is on the list, for openvpn on port 1194; this is port 443"),
    Case("IPv6", ("--to", "2001:db8::7", "--protocol", "esp"), "drop: other_terms",
         "2001:db8::7 (six) is on the list, for wireguard; this is esp"),
    Case("for it", ("--to", BANK, "--protocol", "ike"), "pass: registered",
         f"the destination is on the list: {BANK} (the bank), in the hash map", "local list: openvpn and ike"),
    Case("plain", ("--to", "192.0.2.1", "--protocol", "ah"), "pass: registered",
         "the destination is on the list: 192.0.2.1 (plain), in the exact set", "local list: everything"),
    Case("the other end is for it", ("--from", BANK, "--to", "192.0.2.1", "--protocol", "wireguard"),
         "pass: registered", "the destination is on the list: 192.0.2.1 (plain)"),
    Case("by the IPv4 address inside", ("--to", "64:ff9b::203.0.113.7", "--protocol", "ike"), "pass: registered",
         f"on the list by the IPv4 address {BANK} inside the NAT64 prefix: {BANK} (the bank), in the hash map",
         "local list: openvpn and ike"),
    Case("inside, for others", ("--to", "64:ff9b::203.0.113.7", "--protocol", "wireguard"), "drop: other_terms",
         f"{BANK} (the bank) is on the list, for openvpn and ike; this is wireguard; found by the IPv4 address {BANK}"),
    Case("inside, from it", ("--from", "64:ff9b::192.0.2.1", "--to", "2001:db8:9::1", "--protocol", "ah"),
         "pass: registered", "the source is on the list by the IPv4 address 192.0.2.1 inside the NAT64 prefix"),
    Case("of another prefix", ("--to", "64:ff9c::203.0.113.7", "--protocol", "ike"), "drop: enforced", "neither side"),
    Case("the router's own", ("--to", "127.0.0.1", "--protocol", "ike"), "pass: local",
         "one of the router's own addresses: never refused"),
    Case("nobody's", ("--to", "203.0.113.9", "--protocol", "ike"), "drop: enforced", "neither side is on the list"),
    Case("multicast", ("--from", "fe80::1", "--to", "ff02::5", "--protocol", "ah"), "pass: local",
         "the destination ff02::5 is multicast: never refused"),
    Case("link-local", ("--from", "fe80::1", "--to", "2001:db8:9::1", "--protocol", "ike"), "pass: local",
         "the source fe80::1 is link-local: never refused"),
    Case("broadcast", ("--to", "255.255.255.255", "--protocol", "l2tp"), "pass: local",
         "the destination 255.255.255.255 is broadcast: never refused"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_what_is_so(strict: Cli, case: Case) -> None:
    said = strict("explain", *case.words)
    shown = " ".join(said.out.split())  # a line that is too long is folded
    assert said.status == 0
    assert all(words in shown for words in (case.says, case.listed, f"verdict {case.verdict}")), said.out


def test_in_json_the_other_entry_stands_beside(strict: Cli) -> None:
    said = strict("explain", "--to", BANK, "--protocol", "wireguard", "--json").json
    listed = {"source": "local", "protocols": ["openvpn", "ike", "esp", "ah"], "ports": [], "note": "the bank"}
    assert said["other"] == {
        "prefix": BANK, "protocols": ["openvpn", "ike", "esp", "ah"], "ports": [], "note": "the bank",
        "sources": ["local"],
        "lists": [listed],
    }  # fmt: skip
    assert (said["entry"], said["inside"], said["answer"]["reason"]) == (None, None, "other_terms")
    assert (said["is_known"], said["captured"]) == (True, said["length"])
    said = strict("explain", "--to", BANK, "--protocol", "ike", "--json").json
    assert (said["entry"]["lists"], said["other"]) == ([listed], None)


def test_without_a_protocol_it_shows_every_one(strict: Cli) -> None:
    said = strict("explain", "--to", BANK, "--json").json["packets"]
    reasons = {each["protocol"]: each["answer"]["reason"] for each in said}
    assert reasons == {
        name: "registered" if name in ("openvpn", "ike", "esp", "ah") else "other_terms" for name in VPN_PROTOCOLS
    }
    shown = strict("explain", "--to", BANK).out
    assert shown.startswith(f"packets from anybody to {BANK}\n")
    rows = {words[0]: " ".join(words[1:]) for words in map(str.split, shown.splitlines()) if words}
    assert rows["wireguard"] == f"51820 drop other_terms {BANK} {BANK} for wireguard on port 51820"
    assert rows["ike"] == f"500 pass registered {BANK}"
    assert rows["esp"] == f"pass registered {BANK}"
    assert rows["gre_pptp"] == f"drop other_terms {BANK} {BANK} for gre_pptp"
    assert rows[BANK] == "(the bank) local list: openvpn and ike"
    shown = strict("explain", "--to", BANK, "--port", "443").out
    assert sum(line.split()[1:2] == ["443"] for line in shown.splitlines()) == 5, "of those that have ports"
    assert [name for name in VPN_PROTOCOLS if f"at that port it is not known as {name}" in shown] == [
        "ike",
        "l2tp",
        "pptp",
    ]
    assert "4500 pass registered" in " ".join(strict("explain", "--to", BANK, "--port", "4500").out.split())


def test_without_a_protocol_and_an_entry(strict: Cli) -> None:
    said = strict("explain", "--from", SOMEBODY, "--to", "203.0.113.9").out
    assert said.startswith(f"packets from {SOMEBODY} to 203.0.113.9\n")
    assert "203.0.113.9 for wireguard" in said and "on port" not in said
    assert said.count("drop") == len(VPN_PROTOCOLS)
    assert strict("explain", "--to", "ff02::5").out.count("is multicast: never refused") == len(VPN_PROTOCOLS)


def capture_of(file: Path, packet: bytes, kept: int) -> str:
    """A pcap (magic a1b2c3d4, version 2.4, Ethernet) of one packet, of which so many bytes were kept."""
    head = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, kept, 1)
    file.write_bytes(head + struct.pack("<IIII", 1, 0, min(kept, len(packet)), len(packet)) + packet[:kept])
    return str(file)


OPENING = frame("openvpn", ip_address(SOMEBODY), ip_address("203.0.113.2"))
CUT = [
    # what, the packet, bytes kept, whether what it is can be known
    ("behind what tells it", TO_NOBODY, 60, True),
    ("in what tells it", TO_NOBODY, 44, False),
    ("in the UDP header", TO_NOBODY, 38, False),
    ("in the IP header", TO_NOBODY, 30, False),
    ("in OpenVPN's opening", OPENING, 48, False),
    ("not at all", TO_NOBODY, 65535, True),
]


@pytest.mark.parametrize(("what", "packet", "kept", "is_known"), CUT, ids=[row[0] for row in CUT])
def test_a_packet_that_was_cut(
    strict: Cli, tmp_path: Path, what: str, packet: bytes, kept: int, is_known: bool
) -> None:
    file = capture_of(tmp_path / "cut.pcap", packet, kept)
    said = strict("explain", "--capture", file, "--json").json
    assert (said["captured"], said["length"], said["is_known"]) == (min(kept, len(packet)), len(packet), is_known)
    shown = " ".join(strict("explain", "--capture", file).out.split())
    is_cut = kept < len(packet)
    assert (f"cut when it was captured: {kept} of {len(packet)} bytes" in shown) is is_cut
    unknown = f"unknown: the capture has {kept} of {len(packet)} bytes; what it is cannot be known verdict unknown"
    assert (unknown in shown, "verdict drop: enforced" in shown) == (not is_known, is_known)
    assert shown.startswith("the packet is dropped") is is_known


@pytest.mark.parametrize(("kept", "is_known"), [(60, True), (44, False)])
def test_a_frame_that_is_shorter_than_it_says(strict: Cli, kept: int, is_known: bool) -> None:
    shown = " ".join(strict("explain", "--frame", TO_NOBODY[:kept].hex()).out.split())
    assert f"shorter than its IP header announces: {kept} of {len(TO_NOBODY)} bytes" in shown
    assert ("what it is cannot be known" in shown) is not is_known
    six = frame("wireguard", ip_address("2001:db8:9::1"), ip_address("2001:db8:9::2"))
    shown = " ".join(strict("explain", "--frame", six[: kept + 20].hex()).out.split())
    assert f"shorter than its IP header announces: {kept + 20} of {len(six)} bytes" in shown


def test_a_short_packet_is_none_of_those(strict: Cli) -> None:
    """The program wants more bytes than a packet of one byte has; it is no cut one."""
    whole = TO_NOBODY[: -len(PAYLOADS["wireguard"])] + b"\1"
    udp = struct.pack(">HHHH", CLIENT_PORT, 51820, 9, 0)
    ip = struct.pack(">BBH", 0x45, 0, 29) + whole[18:34]
    said = strict("explain", "--frame", (whole[:14] + ip + udp + b"\1").hex(), "--json").json
    assert (said["answer"]["protocol"], said["is_known"], said["length"]) == ("none", True, 43)


USES: list[tuple[str, tuple[str, ...], bool, str | None, dict[str, list[str]] | None]] = [
    # address, options, registered and live, registered for, its protocols
    (BANK, (), True, "some", {"openvpn": [], "ike": [], "esp": [], "ah": []}),
    (BANK, ("--protocol", "ike"), True, "some", {"openvpn": [], "ike": [], "esp": [], "ah": []}),
    (BANK, ("--protocol", "wireguard"), False, "some", {"openvpn": [], "ike": [], "esp": [], "ah": []}),
    (BANK, ("--protocol", "ike", "--port", "4500"), True, "some", None),
    (BANK, ("--protocol", "ike", "--port", "9"), True, "some", None),
    ("64:ff9b::203.0.113.7", ("--protocol", "ike"), True, "some", None),
    ("64:ff9b::203.0.113.7", ("--protocol", "esp"), True, "some", None),
    ("64:ff9b::203.0.113.7", ("--protocol", "l2tp"), False, "some", None),
    ("64:ff9b::192.0.2.1", (), True, "everything", None),
    ("64:ff9b::203.0.113.9", (), False, None, {}),
    (SHOP, ("--port", "443"), False, "some", None),
    (SHOP, ("--port", "1500"), True, "some", None),
    (SHOP, ("--protocol", "esp"), True, "some", None),
    ("203.0.113.70", ("--protocol", "openvpn", "--port", "1195"), False, "some", {"openvpn": ["1194"]}),
    ("192.0.2.1", (), True, "everything", None),
    ("192.0.2.1", ("--protocol", "pptp", "--port", "9"), True, "everything", None),
    ("203.0.113.9", (), False, None, {}),
    ("203.0.113.9", ("--protocol", "ike"), False, None, {}),
]


@pytest.mark.parametrize(
    ("address", "words", "holds", "extent", "protocols"), USES, ids=[f"{u[0]} {u[1]}" for u in USES]
)
def test_is_an_address_registered_for_that(
    strict: Cli, address: str, words: tuple[str, ...], holds: bool, extent: str, protocols: dict[str, list[str]] | None
) -> None:
    said = strict("allow", "check", address, *words)
    assert said.status == (0 if holds else 1), said
    found = strict("allow", "check", address, *words, "--json")
    assert (found.status, found.err) == (said.status, "")
    answer = json.loads(found.out)
    assert (answer["registered"], answer["live"], answer["registered_for"]) == (holds, holds, extent)
    assert protocols is None or answer["protocols"] == protocols


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((BANK,), f"{BANK} is registered and live, for some only: openvpn and ike; {BANK}, on the local list"),
        ((BANK, "--protocol", "wireguard"), f"{BANK} is not registered for wireguard; for some only: openvpn and ike"),
        (
            (SHOP, "--protocol", "ike", "--port", "9"),
            "not registered for ike on port 9; for some only: "
            "wireguard, openvpn, ike, l2tp and pptp on ports 1000-2000 and 51820; esp, ah and gre_pptp;",
        ),
        (("192.0.2.1",), "192.0.2.1 is registered and live, for everything; 192.0.2.1, on the local list"),
        (("203.0.113.9",), "203.0.113.9 is not registered"),
    ],
)
def test_it_is_told_in_words(strict: Cli, words: tuple[str, ...], says: str) -> None:
    assert says in " ".join(strict("allow", "check", *words).out.split())


def test_a_port_of_what_has_none(strict: Cli) -> None:
    refused = strict("allow", "check", BANK, "--protocol", "esp", "--port", "9", "--json").refused
    assert (refused["kind"], refused["faults"][0]["where"]) == ("invalid", "port")
    assert "esp has no ports" in refused["faults"][0]["why"]
