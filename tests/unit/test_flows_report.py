"""What a replay prints."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from control.replay.capture import CaptureSource, Stream
from control.replay.flows import Prober
from control.replay.report import run
from tests.unit.test_capture import pcap, record
from tests.unit.test_flows import (
    ARP_REQUEST,
    ETHER,
    NO_IP,
    OPENING,
    ORDINARY6,
    REFUSED,
    UDP4,
    UDP6,
    Script,
    answer,
    capture,
)

FRAMES = (ETHER / UDP4, ETHER / UDP6, ETHER / ARP_REQUEST)
MONITORED = replace(OPENING, reason="monitor")
FLOW = {
    "record": "flow", "file": "FILE", "ip_proto": 17, "addr_a": "192.0.2.9", "port_a": 1000, "addr_b": "192.0.2.10",
    "port_b": 53, "packets": 1, "protocol": "openvpn", "handshakes": 1, "passed": 0, "dropped": 1, "registered": 0,
    "would_drop": 1, "cut": 0, "verdict": "drop", "protocols": {"openvpn": 1}, "reasons": {"enforced": 1},
}  # fmt: skip
SUMS = {
    "read": 3, "in_flows": 2, "outside": 1, "cut": 0, "unread_packets": 0, "dropped": 1, "flows": 2, "vpn_flows": 1,
    "registered_flows": 0, "would_drop_flows": 1, "unknown_flows": 0,
}  # fmt: skip


class Printed(NamedTuple):
    """The exit status, and what went where."""

    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def printed(prober: Prober, *sources: CaptureSource, as_json: bool, as_enforced: bool = False) -> Printed:
    out, err = io.StringIO(), io.StringIO()
    status = run(sources, prober, as_json=as_json, out=out, err=err, as_enforced=as_enforced)
    return Printed(status, out.getvalue(), err.getvalue())


def test_json_is_a_line_for_each_flow_each_file_and_all(tmp_path: Path) -> None:
    file = capture(tmp_path / "file.pcap", *FRAMES)
    said = printed(Script(REFUSED, ORDINARY6, NO_IP), file, as_json=True)
    first, second, whole, every = said.rows
    assert first == FLOW | {"file": str(file)}
    assert (list(second), second["protocol"], second["protocols"]) == (list(FLOW), "none", {})
    assert whole == {"record": "file", "file": str(file), "is_capture": True} | SUMS | {"unread": []}
    assert every == {"record": "all", "files": 1, "as_if": None} | SUMS
    assert (said.status, said.err) == (0, "")


def test_what_was_not_read_goes_to_the_other_stream_too_and_the_other_files_go_on(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("text")
    file = capture(tmp_path / "file.pcap", *FRAMES)
    said = printed(Script(REFUSED, ORDINARY6, NO_IP), tmp_path / "text", file, as_json=True)
    why = ["not a capture in pcap or pcapng format: it starts with 74 65 78 74"]
    assert [row["record"] for row in said.rows] == ["file", "flow", "flow", "file", "all"]
    unread = {"file": str(tmp_path / "text"), "is_capture": False, "unread": why}
    assert said.rows[0] == {"record": "file"} | dict.fromkeys(SUMS, 0) | unread
    assert json.loads(said.err) == unread
    assert said.rows[-1] == {"record": "all", "files": 2, "as_if": None} | SUMS
    assert said.status == 1


def test_a_file_of_which_some_is_read_is_no_failure_and_one_of_which_nothing_is_is(tmp_path: Path) -> None:
    whole = pcap(record(bytes(FRAMES[0])), record(b"second"))
    damaged, useless = tmp_path / "damaged", tmp_path / "useless"
    damaged.write_bytes(whole[:-1])
    assert printed(Script(OPENING), damaged, as_json=True).status == 0
    useless.write_bytes(pcap(record(b"usb"), link=189))
    said = printed(Script(OPENING), useless, damaged, as_json=True)
    assert said.status == 1
    assert [row["unread_packets"] for row in said.rows if row["record"] == "file"] == [1, 0]
    useless.write_bytes(whole[:50])
    assert printed(Script(), useless, as_json=True).status == 1
    assert printed(Script(), capture(tmp_path / "empty"), as_json=True).status == 0


def test_frames_of_no_flow_are_told(tmp_path: Path) -> None:
    frames = pcap(*[record(bytes(12) + b"\0\x26" + b"\x42\x42\3" + bytes(35))] * 3)
    stream = Stream("-", io.BytesIO(frames))
    assert printed(Script(*[NO_IP] * 3), stream, as_json=False).out == "-: 3 packets read, none in a flow. No flows.\n"
    rows = printed(Script(*[NO_IP] * 3), Stream("-", io.BytesIO(frames)), as_json=True).rows
    assert [(row["record"], row["read"], row["in_flows"], row["outside"]) for row in rows] == [
        ("file", 3, 0, 3),
        ("all", 3, 0, 3),
    ]


def test_people_get_the_vpn_flows_and_a_line_on_each_file(tmp_path: Path) -> None:
    file = capture(tmp_path / "file.pcap", *FRAMES)
    said = printed(Script(MONITORED, ORDINARY6, NO_IP), file, tmp_path / "absent", as_json=False)
    words = " ".join(said.out.split())
    assert (
        f"{file}: 3 packets read, 2 in 2 flows, 1 outside of any. Of 1 VPN flow 0 are registered, 1 would be" in words
    )
    assert "refused; 1 ordinary flow." in words
    assert "openvpn 192.0.2.9:1000 1 0 0 1 monitor pass 192.0.2.10:53 1 0 1" in words
    assert "All 2 files: 3 packets read" in words
    assert (said.status, said.err) == (1, f"{tmp_path / 'absent'}: No such file or directory\n")


def test_people_are_told_of_cut_packets_and_of_what_nobody_can_know(tmp_path: Path) -> None:
    file = tmp_path / "cut"
    file.write_bytes(pcap(record(bytes(FRAMES[0])[:44], 90), record(bytes(FRAMES[1])), record(b"usb")))
    said = printed(Script(answer(short_read=True), ORDINARY6, NO_IP), file, as_json=False)
    words = " ".join(said.out.split())
    assert "3 packets read, 2 in 2 flows, 1 outside of any; 1 of them cut when captured." in words
    assert "No VPN flow; 1 unknown flow, cut too short to tell; 1 ordinary flow." in words
    assert "unknown 192.0.2.9:1000 1 0 0 1 ordinary unknown 192.0.2.10:53 0 1 0" in words


def test_as_if_it_were_enforced_is_said_and_counted(tmp_path: Path) -> None:
    file = capture(tmp_path / "file.pcap", *FRAMES)
    said = printed(Script(MONITORED, ORDINARY6, NO_IP), file, as_json=True, as_enforced=True)
    flow, *_, every = said.rows
    assert (flow["passed"], flow["dropped"], flow["verdict"], flow["reasons"]) == (0, 1, "drop", {"monitor": 1})
    assert every == {"record": "all", "files": 1, "as_if": "enforce"} | SUMS
    plain = printed(Script(MONITORED, ORDINARY6, NO_IP), file, as_json=False, as_enforced=True).out
    assert plain.startswith("As if every protocol were enforced for all flows:\n")
    assert "openvpn 192.0.2.9:1000 1 0 1 1 monitor drop 192.0.2.10:53 1 0 1" in " ".join(plain.split())
