"""wicket explain and doctor: looking into packets and the machine."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.gateway import configure
from tests.cli.conftest import START_LIST, TO_NOBODY, TO_REGISTERED, Cli
from tests.edge.place import mounted


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
