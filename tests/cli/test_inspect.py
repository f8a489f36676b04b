"""wicket explain, replay and doctor: looking into packets, captures and the machine."""

import json
import struct
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from control.datapath.probe.frames import frame
from lab.gateway import configure
from tests.cli.conftest import START_LIST, Cli
from tests.edge.place import mounted

KEYS = ["file", "ip_proto", "addr_a", "port_a", "addr_b", "port_b", "packets", "protocol", "handshakes", "passed",
        "dropped"]  # fmt: skip
TO_REGISTERED = frame("wireguard", ip_address("203.0.113.1"), ip_address("192.0.2.1"), None)
TO_NOBODY = frame("wireguard", ip_address("203.0.113.1"), ip_address("203.0.113.2"), None)


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A pcap (magic a1b2c3d4, version 2.4, Ethernet) of three handshakes, one of them to a registered end."""
    file = tmp_path / "three.pcap"
    packets = (TO_REGISTERED, TO_NOBODY, TO_NOBODY)
    head = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    file.write_bytes(head + b"".join(struct.pack("<IIII", 1, 0, len(p), len(p)) + p for p in packets))
    return file


@pytest.fixture
def enforcing(wicket: Cli) -> Iterator[Cli]:
    assert wicket("policy", "set", "all", "enforce", "--share", "100").status == 0
    yield wicket
    wicket("policy", "set", "all", "monitor")


def test_explain_a_made_up_packet(enforcing: Cli) -> None:
    said = enforcing("explain", "--to", "198.51.100.9", "--protocol", "ike")
    assert said.status == 0
    for words in ("the packet passes", "ike, opens a session", "destination is on the list: 198.51.100.0/24",
                  "pass: registered"):  # fmt: skip
        assert words in said.out
    said = enforcing(
        "explain", "--from", "203.0.113.1", "--to", "203.0.113.9", "--protocol", "wireguard", "--port", "1234"
    )
    assert "the packet is dropped" in said.out and "drop: enforced" in said.out and "port 1234" not in said.err


def test_explain_in_json(enforcing: Cli) -> None:
    answer = enforcing("explain", "--to", "192.0.2.1", "--protocol", "ike", "--json").json
    assert answer["entry"]["prefix"] == "192.0.2.1"
    assert (answer["answer"]["verdict"], answer["answer"]["reason"]) == ("pass", "registered")
    assert answer["serial"] == enforcing("status", "--json").json["serial"]


def test_explain_a_frame_and_a_packet_of_a_capture(enforcing: Cli, capture: Path) -> None:
    verdicts = [
        enforcing("explain", *words, "--json").json["answer"]["verdict"]
        for words in (
            ("--frame", TO_NOBODY.hex()),
            ("--frame", TO_REGISTERED.hex()),
            ("--capture", str(capture)),
            ("--capture", str(capture), "--packet", "3"),
        )
    ]
    assert verdicts == ["drop", "pass", "pass", "drop"]


BAD_PACKETS: list[tuple[tuple[str, ...], str, str, str]] = [
    ((), "bad-request", "--to", "--from ADDRESS of the same family"),
    (("--to", "nowhere"), "bad-request", "--to", "give --to ADDRESS"),
    (("--from", "192.0.2.1", "--to", "2001:db8::1"), "bad-request", "--to", "same family"),
    (("--frame", "xyz"), "bad-request", "packet", "hexadecimal digits"),
    (("--frame", "00" * 13), "bad-request", "packet", "at least 14 bytes"),
    (("--capture", "CAPTURE", "--packet", "4"), "unreadable", "three.pcap", "smaller --packet"),
    (("--capture", "/dev/null"), "unreadable", "/dev/null", "pcap"),
]


@pytest.mark.parametrize(("words", "kind", "where", "mend"), BAD_PACKETS, ids=[" ".join(b[0]) for b in BAD_PACKETS])
def test_a_packet_that_cannot_be_explained(
    wicket: Cli, capture: Path, words: tuple[str, ...], kind: str, where: str, mend: str
) -> None:
    refused = wicket("explain", *(str(capture) if word == "CAPTURE" else word for word in words), "--json").refused
    (fault,) = refused["faults"]
    assert (refused["kind"], where in fault["where"], mend in fault["mend"]) == (kind, True, True), refused


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_replay_prints_a_line_a_flow(enforcing: Cli, capture: Path) -> None:
    said = enforcing("replay", "--json", str(capture))
    assert (said.status, said.err) == (0, "")
    one, other = lines(said.out)
    assert list(one) == list(other) == KEYS
    assert one == {
        "file": str(capture), "ip_proto": 17, "addr_a": "192.0.2.1", "port_a": 51820, "addr_b": "203.0.113.1",
        "port_b": one["port_b"], "packets": 1, "protocol": "wireguard", "handshakes": 1, "passed": 1, "dropped": 0,
    }  # fmt: skip
    assert (other["packets"], other["handshakes"], other["passed"], other["dropped"]) == (2, 2, 0, 2)


def test_replay_needs_no_agent(alone: Cli, capture: Path) -> None:
    flows = lines(alone("replay", "--json", str(capture)).out)
    assert [(flow["passed"], flow["dropped"]) for flow in flows] == [(1, 0), (2, 0)]
    assert not list(alone.config.bpffs.glob("tmp-*")), "the program that was loaded for it is gone"


def test_replay_for_people(wicket: Cli, capture: Path) -> None:
    said = wicket.apart("replay", str(capture))
    assert said.status == 0
    for words in ("wireguard", "203.0.113.2:51820", "handshakes"):
        assert words in said.out


def test_replay_says_what_it_could_not_read(wicket: Cli, capture: Path, tmp_path: Path) -> None:
    missing, text = tmp_path / "missing.pcap", tmp_path / "text.pcap"
    text.write_text("this is no capture, whatever its name says")
    said = wicket("replay", "--json", str(missing), str(capture), str(text))
    assert said.status == 1
    assert [flow["file"] for flow in lines(said.out)] == [str(capture)] * 2, "the others are replayed all the same"
    unread = lines(said.err)
    assert [(row["file"], row["is_capture"]) for row in unread] == [(str(missing), False), (str(text), False)]
    assert all(row["unread"] for row in unread)
    plain = wicket("replay", str(missing))
    assert plain.status == 1 and plain.err.startswith(f"{missing}: ")


def findings(cli: Cli, config: Path | None = None) -> tuple[int, dict[str, dict[str, Any]]]:
    said = cli("doctor", "--json", config=config)
    return said.status, {finding["what"]: finding for finding in json.loads(said.out)}


def test_a_machine_that_lacks_nothing(wicket: Cli) -> None:
    status, found = findings(wicket)
    assert status == 0 and all(finding["good"] for finding in found.values()), found
    assert list(found) == ["kernel", "rights", "BPF JIT", "bcc", "headers", "bpffs", "program", "disk", "agent"]
    said = wicket.apart("doctor")
    assert said.status == 0 and "MISSING" not in said.out


def test_the_doctor_names_what_is_missing(alone: Cli, tmp_path: Path) -> None:
    file = configure(tmp_path, tmp_path / "no-bpffs", port=8080)
    with file.open("a") as config, mounted(tmp_path / "state", "tmpfs", "size=1m"):
        config.write('\n[[interfaces]]\nname = "eth0"\n[[interfaces]]\nname = "eth7"\n')
        config.flush()
        status, found = findings(alone, file)
        said = alone("doctor", config=file)
    assert status == said.status == 1
    missing = {what: finding for what, finding in found.items() if not finding["good"]}
    assert list(missing) == ["bpffs", "program", "disk", "agent", "interface eth7"]
    assert all(finding["found"] and finding["mend"] for finding in missing.values())
    assert "mount -t bpf" in missing["bpffs"]["mend"] and "wicketd" in missing["agent"]["mend"]
    assert "free" in missing["disk"]["mend"] and "eth0" in missing["interface eth7"]["mend"]
    assert said.out.count("MISSING") == len(missing)
    assert not list((tmp_path / "no-bpffs").iterdir()), "it leaves nothing behind"


def test_the_doctor_names_missing_rights(alone: Cli) -> None:
    said = alone.apart("doctor", "--json", before=("setpriv", "--bounding-set=-bpf", "--inh-caps=-bpf"))
    (rights,) = (finding for finding in json.loads(said.out) if finding["what"] == "rights")
    assert (said.status, rights["good"], rights["found"]) == (1, False, "without CAP_BPF")


def test_the_list_is_as_it_was(wicket: Cli) -> None:
    assert wicket("status", "--json").json["count"] == len(START_LIST)
