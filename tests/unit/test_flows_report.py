"""What a replay prints."""

import io
import json
from pathlib import Path

from control.replay.flows import Prober
from control.replay.report import run
from tests.unit.test_flows import ARP_REQUEST, ETHER, NO_IP, OPENING, ORDINARY6, REFUSED, UDP4, UDP6, Script, capture

FRAMES = (ETHER / UDP4, ETHER / UDP6, ETHER / ARP_REQUEST)
ENDS = ["ip_proto", "addr_a", "port_a", "addr_b", "port_b"]
KEYS = ["file", *ENDS, "packets", "protocol", "handshakes", "passed", "dropped"]


def printed(prober: Prober, *paths: Path, as_json: bool) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return run(paths, prober, as_json=as_json, out=out, err=err), out.getvalue(), err.getvalue()


def test_json_is_a_flow_a_line(tmp_path: Path) -> None:
    file = capture(tmp_path / "file.pcap", *FRAMES)
    status, out, err = printed(Script(REFUSED, ORDINARY6, NO_IP), file, as_json=True)
    first, second = map(json.loads, out.splitlines())
    assert list(first) == list(second) == KEYS
    assert list(first.values()) == [str(file), 17, "192.0.2.9", 1000, "192.0.2.10", 53, 1, "openvpn", 1, 0, 1]
    assert second["protocol"] == "none"
    assert (status, err) == (0, "")


def test_what_was_not_read_goes_to_the_other_stream_and_the_other_files_go_on(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("text")
    file = capture(tmp_path / "file.pcap", *FRAMES)
    status, out, err = printed(Script(OPENING, ORDINARY6, NO_IP), tmp_path / "text", file, as_json=True)
    assert (status, len(out.splitlines())) == (1, 2)
    assert json.loads(err) == {
        "file": str(tmp_path / "text"),
        "is_capture": False,
        "unread": ["not a capture in pcap or pcapng format: it starts with 74 65 78 74"],
    }


def test_people_get_the_vpn_flows_and_a_line_on_the_rest(tmp_path: Path) -> None:
    file = capture(tmp_path / "file.pcap", *FRAMES)
    status, out, err = printed(Script(OPENING, ORDINARY6, NO_IP), file, tmp_path / "absent", as_json=False)
    words = " ".join(out.split())
    assert "openvpn 192.0.2.9:1000 and 1 1 1 0 192.0.2.10:53" in words
    assert "1 ordinary flow with 1 packet, 0 of them dropped, and 1 packet outside any IP flow" in words
    assert (status, err) == (1, f"{tmp_path / 'absent'}: No such file or directory\n")
