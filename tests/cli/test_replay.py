"""wicket replay: captures through the real program, by the instance's list and policies, or as if it enforced."""

import fcntl
import gzip
import json
import signal
import struct
import subprocess
import termios
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from control.datapath.probe.frames import frame
from control.protocols import ALWAYS_REFUSABLE
from control.vocabulary import VPN_PROTOCOLS
from lab.gateway import WICKET
from lab.waiting import PATIENCE, wait_for
from tests.cli.conftest import TO_NOBODY, TO_REGISTERED, Cli, Said

FLOW_KEYS = ["record", "file", "ip_proto", "addr_a", "port_a", "addr_b", "port_b", "packets", "protocol", "handshakes",
             "passed", "dropped", "registered", "would_drop", "cut", "verdict", "protocols", "reasons"]  # fmt: skip
ETHERNET, USB = 1, 189
LLC = bytes(12) + b"\0\x26" + b"\x42\x42\3" + bytes(35)
"""An Ethernet frame of IEEE 802.3, with a length where others have a type: a bridge's spanning tree."""


def pcap(frames: Iterable[bytes], *, snapshot: int = 65535, link: int = ETHERNET) -> bytes:
    """Return a capture (magic a1b2c3d4, version 2.4) that has so many bytes of each frame at most."""
    head = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, snapshot, link)
    records = (struct.pack("<IIII", 1, 0, min(len(f), snapshot), len(f)) + f[:snapshot] for f in frames)
    return head + b"".join(records)


def rows(text: str, record: str) -> list[dict[str, Any]]:
    return [row for row in map(json.loads, text.splitlines()) if row["record"] == record]


def flows(said: Said) -> list[dict[str, Any]]:
    return rows(said.out, "flow")


def test_a_line_a_flow(enforcing: Cli, capture: Path) -> None:
    said = enforcing("replay", "--json", str(capture))
    assert (said.status, said.err) == (0, "")
    one, other = flows(said)
    assert list(one) == list(other) == FLOW_KEYS
    assert one == {
        "record": "flow", "file": str(capture), "ip_proto": 17, "addr_a": "192.0.2.1", "port_a": 51820,
        "addr_b": "203.0.113.1", "port_b": one["port_b"], "packets": 1, "protocol": "wireguard", "handshakes": 1,
        "passed": 1, "dropped": 0, "registered": 1, "would_drop": 0, "cut": 0, "verdict": "pass",
        "protocols": {"wireguard": 1}, "reasons": {"registered": 1},
    }  # fmt: skip
    assert (other["packets"], other["handshakes"], other["passed"], other["dropped"]) == (2, 2, 0, 2)
    assert (other["registered"], other["would_drop"], other["verdict"], other["reasons"]) == (
        0, 2, "drop", {"enforced": 2},
    )  # fmt: skip


def test_a_line_a_file_and_one_for_all(wicket: Cli, capture: Path, tmp_path: Path) -> None:
    bridges = tmp_path / "bridges.pcap"
    bridges.write_bytes(pcap([LLC] * 4))
    said = wicket("replay", "--json", str(capture), str(bridges))
    whole, nothing = rows(said.out, "file")
    sums = ("read", "in_flows", "outside", "cut", "vpn_flows", "registered_flows", "would_drop_flows", "unread")
    assert [whole[key] for key in sums] == [3, 3, 0, 0, 2, 1, 1, []]
    assert [nothing[key] for key in sums] == [4, 0, 4, 0, 0, 0, 0, []]
    (every,) = rows(said.out, "all")
    assert (every["files"], every["read"], every["in_flows"], every["outside"]) == (2, 7, 3, 4)
    assert json.loads(said.out.splitlines()[-1]) == every
    assert said.status == 0


def test_what_monitoring_lets_pass_is_told_from_what_is_registered(wicket: Cli, capture: Path) -> None:
    found = [(flow["verdict"], flow["registered"], flow["would_drop"], flow["reasons"]) for flow in
             flows(wicket("replay", "--json", str(capture)))]  # fmt: skip
    assert found == [("pass", 1, 0, {"registered": 1}), ("pass", 0, 2, {"monitor": 2})]


def test_as_if_it_were_enforced_leaves_the_instance_alone(wicket: Cli, capture: Path) -> None:
    before = wicket("policy", "get").out, wicket("counters").out, wicket("history").out
    said = wicket("replay", "--as-if", "enforce", "--json", str(capture))
    found = [(flow["passed"], flow["dropped"], flow["verdict"], flow["reasons"]) for flow in flows(said)]
    assert found == [(1, 0, "pass", {"registered": 1}), (0, 2, "drop", {"monitor": 2})]
    assert rows(said.out, "all")[0]["as_if"] == "enforce"
    assert (wicket("policy", "get").out, wicket("counters").out, wicket("history").out) == before
    words = wicket("replay", "--as-if", "enforce", str(capture)).out
    assert words.startswith("As if every protocol were enforced") and "\n drop " in words


@pytest.mark.parametrize("protocol", VPN_PROTOCOLS)
def test_as_if_it_were_enforced_is_as_it_then_is(wicket: Cli, tmp_path: Path, protocol: str) -> None:
    ends = [("203.0.113.1", "192.0.2.1"), ("203.0.113.1", "203.0.113.2"), ("2001:db9::1", "2001:db9::2")]
    file = tmp_path / "file.pcap"
    file.write_bytes(pcap(frame(protocol, ip_address(one), ip_address(other)) for one, other in ends))
    foretold = flows(wicket("replay", "--as-if", "enforce", "--json", str(file)))
    assert wicket("policy", "set", "all", "enforce", "--share", "100").status == 0
    try:
        done = flows(wicket("replay", "--json", str(file)))
    finally:
        wicket("policy", "set", "all", "monitor")
    assert [flow["verdict"] for flow in done] == ["pass", "drop", "drop"]
    assert [{**flow, "reasons": None} for flow in foretold] == [{**flow, "reasons": None} for flow in done]


def test_it_needs_no_agent(alone: Cli, capture: Path) -> None:
    said = alone("replay", "--json", str(capture))
    assert [(flow["passed"], flow["dropped"], flow["would_drop"]) for flow in flows(said)] == [(1, 0, 1), (2, 0, 2)]
    enforced = flows(alone("replay", "--as-if", "enforce", "--json", str(capture)))
    assert [(flow["passed"], flow["dropped"]) for flow in enforced] == [(0, 1), (0, 2)], "nobody is registered"
    assert not list(alone.config.bpffs.glob("tmp-*")), "the program that was loaded for it is gone"


def test_people_see_it_too(wicket: Cli, capture: Path) -> None:
    said = wicket.apart("replay", str(capture))
    assert said.status == 0
    for words in ("wireguard", "203.0.113.2:51820", "handshakes", "1 registered", "2 monitor",
                  "Of 2 VPN flows 1 is registered, 1 would be refused"):  # fmt: skip
        assert words in said.out


@pytest.mark.parametrize("snapshot", [42, 54, 60, 68, 96])
def test_openings_that_were_cut_are_themselves_or_unknown(wicket: Cli, tmp_path: Path, snapshot: int) -> None:
    openings = {
        name: [frame(name, ip_address("203.0.113.1"), ip_address("203.0.113.2")),
               frame(name, ip_address("2001:db9::1"), ip_address("2001:db9::2"))]
        for name in VPN_PROTOCOLS
    }  # fmt: skip
    for name, frames in openings.items():
        file = tmp_path / f"{name}.pcap"
        file.write_bytes(pcap(frames, snapshot=snapshot))
        said = wicket("replay", "--json", str(file))
        cut = sum(len(packet) > snapshot for packet in frames)
        (told,) = rows(said.out, "file")
        assert (told["read"], told["cut"]) == (2, cut)
        assert {flow["protocol"] for flow in flows(said)} <= {name, "unknown"}
        assert len(flows(said)) == 2 or snapshot < 58, "IPv6's ports are behind 54 bytes"
        if name in ALWAYS_REFUSABLE and name != "gre_pptp":
            assert {flow["protocol"] for flow in flows(said)} == {name}, "its number says it"


def test_people_are_told_of_what_was_cut(wicket: Cli, tmp_path: Path) -> None:
    file = tmp_path / "cut.pcap"
    file.write_bytes(pcap([frame("pptp", ip_address("203.0.113.1"), ip_address("203.0.113.2"))], snapshot=60))
    words = " ".join(wicket("replay", str(file)).out.split())
    assert "1 of them cut when captured" in words and "1 unknown flow, cut too short to tell" in words
    assert "unknown 203.0.113.1:40000 1 0 0 1 ordinary unknown 203.0.113.2:1723 0 1 0" in words


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["as it is", "gzipped"])
def test_standard_input_is_read(wicket: Cli, capture: Path, pack: Any) -> None:
    piped = wicket.apart("replay", "--json", "-", stdin=pack(capture.read_bytes()))
    of_file = wicket("replay", "--json", str(capture))
    assert piped == Said(0, of_file.out.replace(str(capture), "-"), "")
    together = wicket.apart("replay", "--json", str(capture), "-", stdin=pack(capture.read_bytes()))
    assert rows(together.out, "all")[0]["read"] == 6


def test_standard_input_can_be_read_once(wicket: Cli) -> None:
    said = wicket("replay", "-", "-")
    assert said.status == 2 and "give - once" in said.err


def test_an_interrupt_is_for_what_writes_the_capture(wicket: Cli, capture: Path) -> None:
    """Ctrl-C in `tcpdump -w - | wicket replay -` goes to both; what was captured until then is told all the same."""
    command = [*wicket.namespace.enter(), WICKET, "--config", str(wicket.config_file), "replay", "--json", "-"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdin
        process.stdin.write(capture.read_bytes())
        process.stdin.flush()
        pipe = process.stdin.fileno()
        wait_for(lambda: fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)) == bytes(4), "the capture is being read")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, err) == (0, b"")
    assert rows(out.decode(), "all")[0]["read"] == 3


def test_what_could_not_be_read_is_said(wicket: Cli, capture: Path, tmp_path: Path) -> None:
    missing, text, usb = tmp_path / "missing.pcap", tmp_path / "text.pcap", tmp_path / "usb.pcap"
    text.write_text("this is no capture, whatever its name says")
    usb.write_bytes(pcap([b"usb"] * 5, link=USB))
    said = wicket("replay", "--json", str(missing), str(capture), str(text), str(usb))
    assert said.status == 1
    assert [flow["file"] for flow in flows(said)] == [str(capture)] * 2, "the others are replayed all the same"
    unread = [json.loads(line) for line in said.err.splitlines()]
    assert [(row["file"], row["is_capture"]) for row in unread] == [
        (str(missing), False), (str(text), False), (str(usb), True),
    ]  # fmt: skip
    assert all(row["unread"] for row in unread)
    (last,) = (row for row in rows(said.out, "file") if row["file"] == str(usb))
    assert (last["unread_packets"], last["read"]) == (5, 0)
    assert last["unread"] == ["link type 189 (USB_LINUX, USB of Linux) is not read: 5 packets skipped"]
    plain = wicket("replay", str(missing))
    assert plain.status == 1 and plain.err.startswith(f"{missing}: ")
    assert wicket("replay", str(usb)).status == 1, "nothing of it could be read"


def test_a_file_that_is_damaged_in_the_middle_is_read_so_far(wicket: Cli, tmp_path: Path) -> None:
    file = tmp_path / "damaged.pcap"
    file.write_bytes(pcap([TO_REGISTERED, TO_NOBODY])[:-1])
    said = wicket("replay", "--json", str(file))
    assert (said.status, len(flows(said))) == (0, 1)
    (told,) = rows(said.out, "file")
    assert told["unread"] == [f"the file ends inside record 2 at byte {file.stat().st_size}"]
    assert json.loads(said.err)["unread"] == told["unread"]
