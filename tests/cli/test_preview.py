"""wicket policy set shows what it would refuse before it does anything, and asks whoever sits at a terminal."""

import json
import os
import pty
import socket
import subprocess
import threading
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from control.cli import preview
from control.cli.elsewhere import hints
from control.datapath.probe.frames import SHAPES, frame
from control.datapath.program import pins
from control.datapath.program.maps import array
from control.vocabulary import VPN_PROTOCOLS
from lab.gateway import WICKET
from lab.waiting import wait_for
from tests.cli.conftest import Cli

SOMEBODY, STRANGER, BANK = (ip_address(each) for each in ("198.51.100.1", "203.0.113.9", "203.0.113.7"))
LIST = f"prefix,protocols,ports,note\n{BANK},openvpn,,the bank\n192.0.2.1,,,\n"
RATES, ENDS, ASKED = "packets a second that would have been refused", "where most of it goes now", "go on?"


@pytest.fixture
def guarding(wicket: Cli) -> Iterator[Cli]:
    """With eth0 guarded, and all policies monitor."""
    assert wicket("allow", "replace", "-", stdin=LIST).status == 0
    assert wicket("attach", "eth0").status == 0
    wicket.namespace.wait_for_carrier("eth0", "far")
    yield wicket
    wicket("policy", "set", "all", "monitor")
    wicket("detach")


def rate(cli: Cli) -> int:
    """One packet in how many the kernel samples."""
    pinned = pins.Pinned(cli.config.pins / "live")
    try:
        return int(array(pinned, "controls")["sampling"][0]["rate"])
    finally:
        pinned.close()


PACKETS = [
    # how many, and whether what would be refused has them, and where they go
    (5, frame("ike", SOMEBODY, STRANGER), ("ike", f"{STRANGER} port 500", 5, False)),
    (4, frame("wireguard", SOMEBODY, BANK), ("wireguard", f"{BANK} port 51820", 4, True)),
    (3, frame("esp", SOMEBODY, STRANGER), ("esp", None, 3, False)),
    (6, frame("ah", ip_address("fe80::1"), ip_address("ff02::5")), None),
    (6, frame("ike", ip_address("fe80::1"), ip_address("fe80::2")), None),
    (6, frame("openvpn", SOMEBODY, BANK), None),
    (6, frame("ike", SOMEBODY, ip_address("192.0.2.1")), None),
    (6, frame("wireguard", SOMEBODY, STRANGER).replace(SHAPES["wireguard"].payload, b"\4" + bytes(31)), None),
]


def sent_while_sampled(cli: Cli) -> threading.Thread:
    """Send the packets as soon as they are sampled."""

    def send() -> None:
        wait_for(lambda: rate(cli), "it is sampled")
        with cli.namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
            sender.bind(("far", 0))
            for count, packet, _ in PACKETS:
                for _ in range(count):
                    sender.send(packet)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def test_where_it_goes_and_what_is_on_the_list_for_something_else(guarding: Cli) -> None:
    sender = sent_while_sampled(guarding)
    said = guarding("policy", "set", "all", "enforce", "--share", "100", "--dry-run", "--responders", "2s", "--json")
    sender.join()
    expected = [dict(zip(("protocol", "end", "sampled", "is_listed"), row, strict=True)) for *_, row in PACKETS if row]
    assert said.json["responders"] == expected
    assert [each["protocol"] for each in said.json["preview"]] == list(VPN_PROTOCOLS)
    assert said.json["hints"] == list(hints(VPN_PROTOCOLS))
    assert {rule["mode"] for rule in guarding("policy", "get", "--json").json.values()} == {"monitor"}


@pytest.mark.parametrize(("packets", "one_in"), [(0, 1), (500, 1), (1000, 2), (50_000, 100)])
def test_as_many_are_sampled_as_are_of_use(
    wicket: Cli, monkeypatch: pytest.MonkeyPatch, packets: int, one_in: int
) -> None:
    counted = iter((7, 7 + packets))
    monkeypatch.setattr(preview, "_seen", lambda _config: next(counted))
    assert preview._one_in(wicket.config) == one_in


def test_a_dry_run_says_so_in_words(guarding: Cli) -> None:
    sender = sent_while_sampled(guarding)
    said = guarding("policy", "set", "all", "enforce", "--share", "100", "--dry-run", "--responders", "2s")
    sender.join()
    shown = " ".join(said.out.split())
    assert (said.status, said.err) == (0, "")
    for words in (
        RATES,
        ENDS,
        f"ike {STRANGER} port 500 5",
        f"{BANK} port 51820 4 on the list, for something else",
        "esp not told: which end is the subscriber's cannot be known 3",
        "before enforcing ike, see docs/pr",
    ):
        assert words in shown, said.out  # fmt: skip
    assert "fe80" not in shown and "ff02" not in shown and str(SOMEBODY) not in shown


def test_a_dry_run_looks_for_some_seconds_unless_told_otherwise(guarding: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("control.cli.preview.LOOKS", 0.3)
    words = ("policy", "set", "esp", "enforce", "--dry-run")
    assert ENDS in guarding(*words).out
    assert ENDS not in guarding(*words, "--responders", "0s").out
    assert "before enforcing" not in guarding("policy", "set", "esp", "monitor", "--dry-run").out
    (rate,) = guarding(*words, "--json").json
    assert list(rate) == ["protocol", "share", "hour", "day", "known_s"]


def test_a_script_is_shown_and_goes_on(guarding: Cli) -> None:
    said = guarding("policy", "set", "esp", "enforce", "--share", "1")
    assert (said.status, RATES in said.err, ENDS in said.err, ASKED in said.err) == (0, True, False, False)
    assert "before enforcing esp" in said.err and RATES not in said.out and "enforce  1 %" in said.out
    said = guarding("policy", "set", "esp", "enforce", "--share", "1", "--responders", "1s")
    assert ENDS in said.err
    said = guarding("policy", "set", "esp", "monitor")
    assert (said.status, said.err) == (0, "")
    said = guarding("policy", "set", "ah", "enforce")
    assert RATES in said.err and "in steps" in said.err and "100 %" in said.err
    assert guarding("rollout", "undo", "ah").status == 0
    assert guarding("policy", "set", "esp", "enforce", "--share", "1", "--json").json["esp"]["share"] == 1


def at_a_terminal(cli: Cli, typed: str, *words: str) -> tuple[int, str, str]:
    """Run a command as somebody does who sits there; return its status, what the terminal shows and what it printed."""
    ours, theirs = pty.openpty()
    command = [*cli.namespace.enter(), WICKET, "--config", str(cli.config_file), *words]
    process = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, text=True)
    os.close(theirs)
    shown = ""
    try:
        while ASKED not in shown:
            shown += os.read(ours, 4096).decode()
        os.write(ours, f"{typed}\n".encode())
        while True:
            shown += os.read(ours, 4096).decode()
    except OSError:  # EIO: nobody has the other side any more
        out, _ = process.communicate(timeout=60)
        return process.returncode, shown, out
    finally:
        os.close(ours)


@pytest.mark.parametrize(("typed", "does"), [("y", True), ("n", False), ("", False)])
def test_whoever_sits_there_is_asked(guarding: Cli, typed: str, does: bool) -> None:
    words = ("policy", "set", "esp", "enforce", "--share", "3", "--responders", "0s")
    status, shown, out = at_a_terminal(guarding, typed, *words)
    assert (status, RATES in shown, ASKED in shown) == (0 if does else 1, True, True), shown
    assert ("3 %" in out, "nothing is set" in shown) == (does, not does)
    mode = "enforce" if does else "monitor"
    assert json.loads(guarding("policy", "get", "--json").out)["esp"]["mode"] == mode


def test_who_says_yes_is_not_asked(guarding: Cli) -> None:
    words = ("policy", "set", "esp", "enforce", "--share", "3", "--yes")
    status, shown, out = at_a_terminal(guarding, "", *words)
    assert (status, RATES in shown, ENDS in shown, ASKED in shown, "3 %" in out) == (0, True, False, False, True)
