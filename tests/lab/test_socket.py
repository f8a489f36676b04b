"""The agent's socket under many, silent and slow clients: who has something to ask is answered."""

import contextlib
import resource
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from control.commands.policy import Rule, SetPolicy
from control.fault import Refused
from lab.waiting import wait_for
from tests.lab.box import Box, box

DESCRIPTORS = 1024  # of a service, where nobody says otherwise
SILENT = 1004


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory, bpffs: Path) -> Iterator[Box]:
    with box(tmp_path_factory.mktemp("box"), bpffs) as edge:
        edge.add("main")
        edge.wicket("attach", "main")
        yield edge


@contextlib.contextmanager
def connected(edge: Box, number: int) -> Iterator[list[socket.socket]]:
    """Connections on which nothing is asked."""
    with contextlib.ExitStack() as opened:
        silent = [opened.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(number)]
        for each in silent:
            each.connect(str(edge.socket))  # which waits for its turn
            each.settimeout(30)
        yield silent


def test_a_thousand_silent_ones_keep_nobody_out(edge: Box) -> None:
    resource.prlimit(edge.agent_pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    with connected(edge, SILENT):
        assert edge.wicket("policy", "set", "all", "monitor")
        edge.ip("link delete main")
        wait_for(lambda: not edge.state("main")["present"], "its loss is seen")
        edge.add("main")
        edge.wait_until_guarded("main")
        assert edge.wicket("status")["interfaces"]
    assert edge.wicket("status")["interfaces"]


def test_who_asks_nothing_is_let_go(edge: Box) -> None:
    with connected(edge, 1) as (silent,):
        with silent.makefile("rb") as stream:
            said = stream.read()  # up to where the agent hangs up
        assert b"no request came within" in said


def test_without_a_descriptor_left_it_does_not_spin(edge: Box) -> None:
    pid = edge.agent_pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    held = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (held, before[1]))
    try:
        with connected(edge, 20):
            began, used = time.monotonic(), used_seconds(pid)
            time.sleep(1.0)
            assert used_seconds(pid) - used < (time.monotonic() - began) / 2
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    assert edge.wicket("status")["interfaces"]


def test_what_nobody_waits_for_any_more_is_not_done(edge: Box) -> None:
    edge.wicket("policy", "set", "esp", "enforce", "--share", "5")
    edge.signal(signal.SIGSTOP)
    try:
        with pytest.raises(Refused, match="does not answer") as refused:
            edge.ask(SetPolicy(policy={"esp": Rule(mode="enforce", share=90)}), seconds=0.3)
        assert refused.value.done is None, "nobody can know"
        assert "not known whether it was done" in refused.value.faults[0].why
    finally:
        edge.signal(signal.SIGCONT)
    for _ in range(5):
        assert edge.wicket("policy", "get")["esp"] == {"mode": "enforce", "share": 5}
        time.sleep(0.1)


def used_seconds(pid: int) -> float:
    """Processor time that a process has used."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / 100
