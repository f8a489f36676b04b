"""What the rows of `make vagrant-test` stand on: topology, table, and the guests' traffic on the loopback."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from lab.machines.machine import GUEST
from lab.machines.run import SUBJECTS
from lab.machines.subject.sessions import tally
from lab.machines.table import Failed, Log, Table
from lab.machines.topology import Topology
from lab.waiting import wait_for

TRAFFIC = str(GUEST / "traffic.py")


@pytest.mark.parametrize(
    ("machines", "variant"),
    [({"edge", "world"}, "small"), ({"subscriber", "edge", "internet", "registry"}, "full")],
)
def test_the_variant_is_known_by_its_machines(machines: set[str], variant: str) -> None:
    topology = Topology.of_machines(machines)
    assert topology.variant == variant
    assert topology.namespace_of("subscriber") == "subscriber"
    assert topology.namespace_of("edge") is None


def test_machines_of_no_variant_are_named() -> None:
    with pytest.raises(LookupError, match="edge, moon"):
        Topology.of_machines({"moon", "edge"})


@pytest.mark.parametrize(
    ("index", "version", "client", "server"),
    [
        (0, 4, "45.83.16.10", "45.83.64.10"),
        (47, 4, "45.83.16.57", "45.83.64.57"),
        (1, 6, "2a0d:5600:16::b", "2a0d:5600:64::b"),
    ],
)
def test_ends(index: int, version: int, client: str, server: str) -> None:
    peers = Topology("small").peers(index, version)
    assert (peers.client, peers.server, peers.version) == (client, server, version)


def test_there_are_no_ends_behind_the_last_host() -> None:
    with pytest.raises(LookupError):
        Topology("small").peers(48, 4)


def test_a_row_that_fails_is_wrong_and_the_next_goes_on(tmp_path: Path) -> None:
    table = Table(Log(tmp_path / "log"), Console(file=io.StringIO(), width=150))
    with table.row("a", "seen twice, wrong once", "") as row:
        row.see("right", True)
        row.see("wrong", False)
    with table.row("a", "fails", ""):
        raise Failed("no answer")
    with table.row("a", "sees nothing", ""):
        pass
    with table.row("a", "right", "") as row:
        row.see("yes", True)
    assert [row.ok for row in table.rows] == [False, False, False, True]
    assert table.wrong == 3
    assert table.rows[1].seen == "no answer"
    table.print()
    table.log.close()
    assert "4 rows, 3 not as they must be" in (tmp_path / "log").read_text()


def test_packets_are_told_apart_by_their_reason() -> None:
    counted = Counter(
        {("ike", "registered"): 3, ("esp", "registered"): 2, ("ike", "monitor"): 5, ("esp", "enforced"): 7,
         ("wireguard", "enforced"): 100}
    )  # fmt: skip
    assert tally(counted, ("ike", "esp")) == (5, 5, 7)


@contextmanager
def guest(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """The guests' traffic, ended by SIGTERM."""
    running = subprocess.Popen([sys.executable, TRAFFIC, *words])
    try:
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(10)


def test_questions_are_counted_and_what_has_no_answer_is_lost(tmp_path: Path) -> None:
    report = tmp_path / "report"
    ask = [
        sys.executable,
        TRAFFIC,
        "ask",
        "127.0.0.1",
        "127.0.0.3",
        "9471",
        "--report",
        str(report),
        "--questions",
        "20",
    ]
    subprocess.run(ask, check=True, timeout=20)
    assert json.loads(report.read_text())["lost"] == 20
    with guest("serve", "127.0.0.3", "9471"):
        wait_for(lambda: bool(_run("ss", "-Hlun", "src", "127.0.0.3")), "the echo listens")
        subprocess.run(ask, check=True, timeout=20)
    said = json.loads(report.read_text())
    assert (said["sent"], said["received"], said["lost"]) == (20, 20, 0)


def test_initiations_are_seen_where_they_arrive_and_only_those_of_the_client(tmp_path: Path) -> None:
    sent, seen, others = (tmp_path / name for name in ("sent", "seen", "others"))
    with (
        guest("watch", "127.0.0.4", "9472", "127.0.0.5", "--report", str(seen)),
        guest("watch", "127.0.0.4", "9473", "127.0.0.6", "--report", str(others)),
    ):
        wait_for(lambda: seen.exists() and others.exists(), "both watch")
        for port in ("9472", "9473"):
            with guest("initiate", "127.0.0.5", "127.0.0.4", port, "--report", str(sent), "--rate", "100"):
                wait_for(lambda: sent.exists() and json.loads(sent.read_text())["sent"] >= 50, "50 were sent")
            sent.unlink()
        wait_for(lambda: json.loads(seen.read_text())["arrived"] >= 50, "50 arrived")
    assert json.loads(others.read_text())["arrived"] == 0


def test_removal_is_the_last_subject() -> None:
    assert list(SUBJECTS)[-1] == "removal"


def _run(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout
