"""What a user without root's rights can do: all of it as a member of the socket's group, and else a word on why."""

import json
import os
import select
import signal
import socket
import struct
import subprocess
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from control.datapath import datapath
from control.datapath.probe.frames import frame
from control.datapath.program import pins
from control.datapath.program.maps import array
from lab.gateway import WICKET, configure
from lab.waiting import wait_for
from tests.cli.conftest import Cli, Said
from tests.scratch import let_pass

USER, GROUP = 64123, 64124  # nobody's on this machine
ALONE = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--inh-caps=-all")
MEMBER = ("setpriv", f"--reuid={USER}", f"--regid={USER}", f"--groups={GROUP}", "--inh-caps=-all")

TO_REGISTERED = frame("wireguard", ip_address("203.0.113.1"), ip_address("192.0.2.1"), None)
TO_NOBODY = frame("wireguard", ip_address("203.0.113.1"), ip_address("203.0.113.2"), None)


@pytest.fixture(scope="module")
def shared(alone: Cli, tmp_path_factory: pytest.TempPathFactory, bpffs: Path) -> Iterator[Cli]:
    """The command line with an agent, whose files lie where others may pass."""
    directory = tmp_path_factory.mktemp("shared")
    cli = Cli(configure(directory, bpffs, port=8080), alone.namespace)
    process = cli.agent()
    try:
        let_pass(cli.config.socket)
        for hidden in (cli.config.state_dir, bpffs):
            hidden.chmod(0o700)  # as the package has it
        os.chown(cli.config.socket, 0, GROUP)
        assert cli("allow", "add", "192.0.2.1").status == 0
        yield cli
    finally:
        process.terminate()
        process.wait(30)
        bpffs.chmod(0o1777)
        cli.namespace.inside(lambda: datapath.remove(cli.config.pins))


@pytest.fixture(scope="module")
def stopped(shared: Cli, bpffs: Path) -> Cli:
    """The command line of an instance that has no agent, and nothing in the kernel."""
    directory = shared.config_file.parent / "stopped"
    directory.mkdir(mode=0o711)
    cli = Cli(configure(directory, bpffs, port=8080), shared.namespace)
    cli.config.state_dir.mkdir(parents=True, mode=0o700)
    return cli


@pytest.fixture(scope="module")
def capture(shared: Cli) -> Path:
    """A pcap (magic a1b2c3d4, version 2.4, Ethernet) of more packets than are asked about together."""
    file = shared.config_file.parent / "many.pcap"
    packets = (TO_REGISTERED, TO_NOBODY) * 1500
    head = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    file.write_bytes(head + b"".join(struct.pack("<IIII", 1, 0, len(p), len(p)) + p for p in packets))
    return file


def findings(said: Said) -> dict[str, bool]:
    return {finding["what"]: finding["good"] for finding in json.loads(said.out)}


def test_a_member_has_the_doctor_look_with_the_agents_rights(shared: Cli) -> None:
    said = shared.apart("doctor", "--json", before=MEMBER)
    assert (said.status, said.err) == (0, "")
    assert findings(said) == dict.fromkeys(
        ["kernel", "rights", "BPF JIT", "bcc", "headers", "bpffs", "program", "disk", "agent"], True
    )
    assert not list(shared.config.bpffs.glob("tmp-*"))


def test_a_member_replays_through_the_agent(shared: Cli, capture: Path) -> None:
    assert shared("policy", "set", "wireguard", "enforce", "--share", "100").status == 0
    said = shared.apart("replay", "--json", str(capture), before=MEMBER)
    rows = [json.loads(line) for line in said.out.splitlines()]
    flows = [row for row in rows if row["record"] == "flow"]
    assert [(flow["packets"], flow["passed"], flow["dropped"]) for flow in flows] == [(1500, 1500, 0), (1500, 0, 1500)]
    assert said.out == shared("replay", "--json", str(capture)).out, "as root has it"
    assert shared("policy", "set", "all", "monitor").status == 0


class Watching:
    """`wicket events` of several users beside each other, and packets for them."""

    def __init__(self, cli: Cli, *options: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
        command = (WICKET, "--config", str(cli.config_file), "events", "--rate", "1", "--json")
        self.cli = cli
        self.readers = [
            subprocess.Popen([*cli.namespace.enter(), *who, *command, *more], stdout=subprocess.PIPE, bufsize=0)
            for who, more in options
        ]
        self.seen: list[list[dict[str, Any]]] = [[] for _ in self.readers]

    def sent(self, packet: bytes, count: int = 1) -> "Watching":
        with self.cli.namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
            sender.bind(("far", 0))
            for _ in range(count):
                sender.send(packet)
        return self

    def of(self, protocol: str) -> list[list[dict[str, Any]]]:
        """What each has shown so far of a protocol."""
        for reader, seen in zip(self.readers, self.seen, strict=True):
            assert reader.stdout
            while select.select([reader.stdout], [], [], 0.05)[0] and (line := reader.stdout.readline()):
                seen.append(json.loads(line))
        return [[event for event in seen if event["protocol"] == protocol] for seen in self.seen]

    def stop(self) -> None:
        for reader in self.readers:
            reader.send_signal(signal.SIGINT)
            reader.wait(30)
            assert reader.stdout
            reader.stdout.close()


def rate(cli: Cli) -> int:
    """One packet in how many the kernel samples."""
    pinned = pins.Pinned(cli.config.pins / "live")
    try:
        return int(array(pinned, "controls")["sampling"][0]["rate"])
    finally:
        pinned.close()


def test_members_and_root_read_events_and_nobody_takes_anothers(shared: Cli) -> None:
    assert shared("attach", "eth0").status == 0
    shared.namespace.wait_for_carrier("eth0", "far")
    watching = Watching(shared, (MEMBER, ()), (MEMBER, ("--responders",)), ((), ()))
    try:
        wait_for(lambda: all(watching.sent(TO_NOBODY).of("wireguard")), "all of them watch")
        watching.sent(frame("ike", ip_address("203.0.113.1"), ip_address("203.0.113.2"), None), count=5)
        wait_for(lambda: [len(seen) for seen in watching.of("ike")] == [5, 5, 5], "each has seen all five")
        ends = [{event["address"] for event in seen} for seen in watching.of("ike")]
        assert ends == [{None}, {"203.0.113.2"}, {None}], "as each of them asked"
        assert rate(shared) == 1
    finally:
        watching.stop()
        shared("detach")
    assert rate(shared) == 0, "nothing is sampled when nobody looks"


class Word(NamedTuple):
    """What somebody without a right is told.

    Attributes:
        who: asks.
        kind: of the refusal.
        says: words of it.
    """

    who: tuple[str, ...]
    command: tuple[str, ...]
    kind: str
    says: tuple[str, ...]


NOT_IN_GROUP = (f"group {GROUP}", f"uid {USER}", f"usermod -aG {GROUP} USER")
NO_CAPABILITIES = ("CAP_NET_ADMIN, CAP_PERFMON, CAP_BPF",)
STRANGER = [
    Word(ALONE, command, "forbidden", NOT_IN_GROUP)
    for command in (
        ("status",), ("policy", "set", "all", "monitor"), ("events", "--for", "1"), ("allow", "list"), ("detach",),
        ("counters",),
    )
] + [Word(ALONE, ("replay", "CAPTURE"), "forbidden", (*NOT_IN_GROUP, *NO_CAPABILITIES))]  # fmt: skip
WITHOUT_AGENT = [
    Word(MEMBER, ("events", "--for", "1"), "unavailable", ("does not answer", "start it with `wicketd`")),
    Word(MEMBER, ("replay", "CAPTURE"), "unavailable", ("does not answer", *NO_CAPABILITIES)),
]


def check(cli: Cli, word: Word, capture: Path) -> None:
    words = [str(capture) if each == "CAPTURE" else each for each in word.command]
    refused = cli.apart(*words, "--json", before=word.who).refused
    assert refused["kind"] == word.kind and refused["done"] is False, refused
    assert all(says in json.dumps(refused) for says in word.says), refused


@pytest.mark.parametrize("word", STRANGER, ids=lambda word: " ".join(word.command))
def test_a_stranger_is_told_which_right_is_missing(shared: Cli, capture: Path, word: Word) -> None:
    check(shared, word, capture)


@pytest.mark.parametrize("word", WITHOUT_AGENT, ids=lambda word: " ".join(word.command))
def test_without_an_agent_a_member_is_told_what_it_takes(stopped: Cli, capture: Path, word: Word) -> None:
    check(stopped, word, capture)
    assert not list(stopped.config.bpffs.glob("tmp-*"))


@pytest.mark.parametrize("who", [ALONE, MEMBER], ids=["a stranger", "a member"])
def test_the_doctor_says_what_it_can_without_rights(shared: Cli, stopped: Cli, who: tuple[str, ...]) -> None:
    for cli in (stopped, *([shared] if who == ALONE else [])):
        said = cli.apart("doctor", "--json", before=who)
        found = findings(said)
        assert (said.status, said.err) == (1, "") and found["kernel"]
        assert not (found["rights"] or found["program"] or found["agent"])


def test_who_may_connect_but_is_no_member_may_read_alone(shared: Cli) -> None:
    path = shared.config.socket
    path.chmod(0o666)
    try:
        assert shared.apart("status", before=ALONE).status == 0
        assert len(shared.apart("policy", "get", "--json", before=ALONE).json) > 5
        before = shared("status", "--json").json["serial"]
        refused = shared.apart("allow", "add", "192.0.2.9", "--json", before=ALONE).refused
        assert (refused["kind"], refused["title"]) == ("forbidden", "The right to change is missing")
        assert f"usermod -aG {GROUP} USER" in refused["faults"][0]["mend"]
        assert shared("status", "--json").json["serial"] == before
        assert shared.apart("allow", "add", "192.0.2.9", before=MEMBER).status == 0
    finally:
        path.chmod(0o660)


MEMBERS_COMMANDS: list[tuple[str, ...]] = [
    ("status",), ("counters",), ("policy", "get"), ("policy", "set", "all", "monitor"), ("allow", "list"),
    ("attach", "eth0"), ("detach", "eth0"), ("explain", "--to", "192.0.2.1"), ("events", "--for", "0.1"),
]  # fmt: skip


@pytest.mark.parametrize("words", MEMBERS_COMMANDS, ids=" ".join)
def test_a_member_needs_no_root(shared: Cli, words: tuple[str, ...]) -> None:
    said = shared.apart(*words, before=MEMBER)
    assert (said.status, said.err) == (0, ""), said


def test_a_member_pulls_the_brake_and_lets_it_go(shared: Cli) -> None:
    for words, is_on in ((("on",), True), (("status",), True), (("off",), False), (("status",), False)):
        said = shared.apart("bypass", *words, "--json", before=MEMBER)
        assert json.loads(said.out)["on"] is is_on, said
        assert json.loads(shared("status", "--json").out)["bypass"]["on"] is is_on, "as root sees it"


def test_a_stranger_is_not_told_that_the_brake_is_off_or_on(shared: Cli) -> None:
    for words in ("on", "status", "off"):
        assert shared.apart("bypass", words, "--json", before=ALONE).refused["kind"] == "forbidden"
    assert not shared("status", "--json").json["bypass"]["on"]
