"""`make accuracy` on a corpus of a few packets, by the real program and the real ndpiReader."""

import json
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.accuracy import corpus as corpora
from bench.accuracy import ndpi
from bench.accuracy.__main__ import main
from bench.accuracy.corpus import FlowName, Label
from bench.accuracy.score import Judgement, judge
from bench.accuracy.telling import failings

HEADER = ",".join(corpora.COLUMNS)
UDP, TCP, ESP, GRE = 17, 6, 50, 47
CLIENT, SERVER = bytes([198, 51, 100, 5]), bytes([203, 0, 113, 9])

INITIATION = bytes([1, 0, 0, 0]) + bytes(range(144))
RESET = b"\x38" + bytes(range(1, 9)) + bytes(5)
DATA = b"\x48\0\0\1" + bytes(range(60))
QUIC = bytes([0xC3, 0, 0, 0, 1, 8]) + bytes(range(200))

OPENED = (UDP, 10001, 51820, INITIATION)
ORDINARY = (UDP, 10002, 443, QUIC)
LATE = (UDP, 10003, 1194, DATA)
NUMBERED = (ESP, 0, 0, bytes(range(100)))

Row = tuple[tuple[int, int, int, bytes], str]
Run = Callable[..., subprocess.CompletedProcess[str]]


def packet(ip_proto: int, port: int, to: int, payload: bytes, *, sequence: int = 1) -> bytes:
    """Return an IPv4 packet of the client's."""
    if ip_proto == UDP:
        payload = struct.pack(">HHHH", port, to, 8 + len(payload), 0) + payload
    elif ip_proto == TCP:
        payload = struct.pack(">HHIIBBHHH", port, to, sequence, 1, 0x50, 0x18, 500, 0, 0) + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, ip_proto, 0)
    return head + CLIENT + SERVER + payload


def capture(packets: Sequence[bytes], *, cut: int = 65535) -> bytes:
    """Return a pcap file of raw IP."""
    records = (struct.pack("<IIII", 1700000000, 0, min(len(p), cut), len(p)) + p[:cut] for p in packets)
    return struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, cut, 101) + b"".join(records)


def row(file: str, flow: tuple[int, int, int, bytes], label: str, *, origin: str = "made") -> str:
    ip_proto, port, to, _ = flow
    return f"{origin},{file},{ip_proto},198.51.100.5,{port},203.0.113.9,{to},1,{label}"


def make(folder: Path, rows: Sequence[Row]) -> None:
    """Make a corpus of one capture, a packet a flow."""
    (folder / "made").mkdir(parents=True)
    (folder / "made" / "few.pcap").write_bytes(capture([packet(*flow) for flow, _ in rows]))
    subprocess.run(["tar", "-cJf", folder / corpora.ARCHIVE, "-C", folder, "made"], check=True)
    (folder / corpora.LABELS).write_text("\n".join([HEADER, *(row("few.pcap", *labelled) for labelled in rows)]))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the command on the corpus in tmp_path."""

    def measure(**environment: str) -> subprocess.CompletedProcess[str]:
        words = ("--json", str(tmp_path / "out.json"), "--disagreements", str(tmp_path / "out.txt"))
        variables = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", corpora.VARIABLE: str(tmp_path), **environment}
        command = [sys.executable, "-m", "bench.accuracy", *words]
        root = Path(__file__).parents[2]
        return subprocess.run(command, cwd=root, env=variables, capture_output=True, text=True, check=False)

    return measure


def test_right_labels_are_agreed_with(tmp_path: Path, run: Run) -> None:
    make(tmp_path, [(OPENED, "wireguard"), (ORDINARY, "none"), (LATE, "openvpn"), (NUMBERED, "esp")])
    done = run()
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((tmp_path / "out.json").read_text())
    right = {"true": 1, "false": 0, "missed": 0, "precision": 1.0, "recall": 1.0}
    assert record["wicket"] == {"wireguard": right, "esp": right}
    assert record["ndpi"].keys() == record["wicket"].keys()
    assert {frozenset(score) for score in record["ndpi"].values()} == {frozenset(right)}
    # The label is right, but nothing in the capture says so: neither has missed it.
    assert "not counted, label openvpn, but the capture holds no opening: made/few.pcap" in done.stdout
    assert "disagrees:" not in done.stdout


def test_wrong_labels_are_told_with_file_and_flow(tmp_path: Path, run: Run) -> None:
    make(tmp_path, [(OPENED, "none"), (ORDINARY, "ike"), (NUMBERED, "ah"), ((UDP, 1, 1194, RESET), "openvpn")])
    done = run()
    assert done.returncode == 1
    record = json.loads((tmp_path / "out.json").read_text())["wicket"]
    wrong = {protocol: (score["false"], score["missed"]) for protocol, score in record.items()}
    assert wrong == {"wireguard": (1, 0), "openvpn": (0, 0), "ike": (0, 1), "esp": (1, 0), "ah": (0, 1)}
    for flow, called in (
        ("IP protocol 17, 198.51.100.5 port 10001 and 203.0.113.9 port 51820", "label none, called wireguard"),
        ("IP protocol 17, 198.51.100.5 port 10002 and 203.0.113.9 port 443", "label ike, called none"),
        ("IP protocol 50, 198.51.100.5 and 203.0.113.9", "label ah, called esp"),
    ):
        assert f"wicket disagrees: made/few.pcap: {flow}: {called}\n" in done.stdout
        assert f"wicket: made/few.pcap: {flow}: {called}\n" in (tmp_path / "out.txt").read_text()
    assert "not as it must be: precision of wireguard" in done.stdout
    assert "not as it must be: recall is 0.3333" in done.stdout


def test_a_flow_without_a_label_is_held_against_whoever_calls_it_something(tmp_path: Path, run: Run) -> None:
    make(tmp_path, [(OPENED, "wireguard"), (NUMBERED, "esp")])
    table = (tmp_path / corpora.LABELS).read_text().splitlines()
    (tmp_path / corpora.LABELS).write_text("\n".join(table[:-1]))
    done = run()
    assert done.returncode == 1
    assert "wicket disagrees: made/few.pcap: IP protocol 50, 198.51.100.5 and 203.0.113.9: no label, called esp" in (
        done.stdout
    )


def test_fresh_ones_have_labels_of_their_own(tmp_path: Path, run: Run) -> None:
    make(tmp_path, [(OPENED, "wireguard")])
    (tmp_path / "fresh").mkdir()
    (tmp_path / "fresh" / "one.pcap").write_bytes(capture([packet(*OPENED)]))
    (tmp_path / "fresh" / "other.pcap").write_bytes(capture([packet(*OPENED)]))
    (tmp_path / "fresh" / corpora.LABELS).write_text(f"{HEADER}\n{row('one.pcap', OPENED, 'none', origin='')}\n")
    done = run()
    assert done.returncode == 1
    assert "wicket disagrees: fresh/one.pcap: IP protocol 17, 198.51.100.5 port 10001" in done.stdout
    assert "not counted, nobody says what it must give: fresh/other.pcap" in done.stdout


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (f"{HEADER[:-6]}\n", "labels.csv, line 1: no column label; needed are set, file"),
        (f"{HEADER}\nmade,few.pcap,17,198.51.100.5,ten,203.0.113.9,51820,1,none\n", "labels.csv, line 2: invalid"),
        (f"{HEADER}\n{row('few.pcap', OPENED, 'wiregard')}\n", "line 2: label 'wiregard' is none of none, wireguard"),
        (f"{HEADER}\n{row('more.pcap', OPENED, 'none')}\n", "no row is of a capture in captures.tar.xz"),
    ],
)
def test_labels_that_cannot_be_used_are_told(table: str, said: str, tmp_path: Path, run: Run) -> None:
    make(tmp_path, [(OPENED, "wireguard")])
    (tmp_path / corpora.LABELS).write_text(table)
    done = run()
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_corpus_that_was_named_must_be_there(tmp_path: Path, run: Run) -> None:
    done = run()
    assert done.returncode == 2
    assert f"WICKET_CORPUS: captures.tar.xz and labels.csv not in {tmp_path}" in done.stderr


def test_a_corpus_that_nobody_named_need_not_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(corpora.VARIABLE, raising=False)
    monkeypatch.setattr(corpora, "BESIDE_THE_REPOSITORY", tmp_path)
    done = CliRunner().invoke(main, [])
    assert done.exit_code == 0
    assert done.output.startswith("accuracy: skipped: no corpus: captures.tar.xz and labels.csv not in ")


def test_without_the_other_classifier_it_is_said_how_to_get_it(tmp_path: Path, run: Run) -> None:
    make(tmp_path, [(OPENED, "wireguard")])
    for tool in ("tar", "xz"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    done = run(PATH=str(tmp_path))
    assert done.returncode == 2
    assert "ndpiReader is not installed: apt install libndpi-bin" in done.stderr


@pytest.mark.parametrize(
    ("name", "ip_proto", "protocols"),
    [
        ("IPsec", ESP, {"esp"}),
        ("IPsec", 51, {"ah"}),
        ("IPsec", UDP, {"ike"}),
        ("GRE", GRE, {"gre_pptp"}),
        ("TLS.OpenVPN", TCP, {"openvpn"}),
        ("CiscoVPN", UDP, set()),
        ("Unknown", UDP, set()),
    ],
)
def test_names_of_the_other_are_read_kindly(name: str, ip_proto: int, protocols: set[str]) -> None:
    assert ndpi.protocols_of(name, ip_proto) == protocols


def flow_of(number: int) -> FlowName:
    return FlowName("made", "few.pcap", UDP, "198.51.100.5", number, "203.0.113.9", 1)


def judged(*flows: tuple[str, str]) -> Judgement:
    """Return the judgement on flows, each given as what it is and what it was called."""
    labels = {flow_of(number): Label(1, label) for number, (label, _) in enumerate(flows)}
    return judge(labels, {flow_of(number): said for number, (_, said) in enumerate(flows)}, ())


HIT, MISS, FALSE = ("ike", "ike"), ("ike", "none"), ("none", "ike")


@pytest.mark.parametrize(
    ("ours", "theirs", "wrong"),
    [
        ([HIT], [HIT], []),
        ([HIT] * 100, [HIT] * 90 + [MISS] * 10, []),
        ([HIT] * 99 + [MISS], [HIT] * 90 + [MISS] * 10, []),
        ([HIT] * 99 + [MISS], [HIT] * 99 + [MISS], ["recall"]),
        ([HIT] * 97 + [MISS] * 3, [MISS] * 100, ["recall"]),
        ([HIT] * 99 + [FALSE], [HIT] * 90 + [FALSE] * 10, ["precision"]),
        ([HIT] * 99 + [FALSE], [HIT] * 100, ["precision", "precision"]),
    ],
)
def test_what_must_be_shown(ours: list[tuple[str, str]], theirs: list[tuple[str, str]], wrong: list[str]) -> None:
    said = failings(judged(*ours), judged(*theirs))
    assert [line.split()[0] for line in said] == wrong


def test_what_was_cut_is_left_out_only_where_it_was_cut() -> None:
    labels = {flow_of(1): Label(1, "openvpn"), flow_of(2): Label(1, "none")}
    called = {flow_of(1): "unknown", flow_of(2): "unknown"}
    assert judge(labels, called, ()).overall.as_json() == {
        "true": 0, "false": 0, "missed": 1, "precision": 1.0, "recall": 0.0,
    }  # fmt: skip
    assert judge(labels, called, [flow_of(1)]).scores == {}
