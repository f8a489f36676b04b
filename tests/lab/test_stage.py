"""The lab by itself, with no gateway on its edge: what must hold before anything is tested with it."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from control.vocabulary import VPN_PROTOCOLS
from lab.network import Peers
from lab.sessions.kinds import all_sessions, start_all, stop_all, which_are_up
from lab.sessions.session import Session, TunnelSession
from lab.stage import addresses
from lab.stage.stage import Stage, leftovers
from lab.stage.watch import Watch
from lab.traffic.exchange import Steady, Tally, steady
from lab.traffic.ordinary import Ordinary, ordinary_traffic
from lab.waiting import PATIENCE, wait_for

_ROOT = Path(__file__).parents[2]
_QUESTIONS, _VISITS = 100, 8  # of a session, of a kind of ordinary traffic
_BURST = 800  # questions, many more than a socket holds as it comes
# A stage that runs a daemon and an echo, in a process that a test can end from outside.
_ALONE = """
import time
from lab.stage.stage import Stage
with Stage() as stage:
    daemon = stage.spawn(stage.internet, "sleep", "1000", log="sleep")
    print(daemon.pid, flush=True)
    time.sleep(1000)
"""


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage() as stage:
        yield stage


@pytest.fixture(scope="module")
def sessions(stage: Stage) -> list[Session]:
    sessions = all_sessions(stage)
    start_all(sessions)
    return sessions


@pytest.fixture(scope="module")
def ordinary(stage: Stage) -> list[Ordinary]:
    return ordinary_traffic(stage)


def _of(sessions: list[Session], name: str) -> Session:
    return next(session for session in sessions if session.name == name)


def _have_asked(pings: Sequence[Steady], enough: int) -> bool:
    return all(ping.tally().sent >= enough for ping in pings)


def _lost(tallies: list[Tally]) -> dict[str, int]:
    return {tally.name: tally.lost for tally in tallies if tally.lost}


def test_sessions_cover_every_protocol_registered_and_not(sessions: list[Session]) -> None:
    for registered in (True, False):
        assert {s.protocol for s in sessions if s.registered is registered} == set(VPN_PROTOCOLS)
    assert len({session.server_address for session in sessions}) == len(sessions)
    assert len({session.name for session in sessions}) == len(sessions)


@pytest.mark.parametrize("version", [4, 6])
def test_the_edge_forwards(stage: Stage, version: int) -> None:
    server = addresses.pair(0, version).server
    assert " 0% packet loss" in stage.run(stage.subscriber, "ping", "-c", "3", "-i", "0.1", server)


def test_every_session_comes_up_over_the_plain_edge(sessions: list[Session]) -> None:
    assert [name for name, up in which_are_up(sessions).items() if not up] == []


def test_nothing_is_lost_over_the_plain_edge(sessions: list[Session], ordinary: list[Ordinary]) -> None:
    assert all(which_are_up(sessions).values())
    asked, visited = [s.steady_ping() for s in sessions], [o.steady_ping() for o in ordinary]
    with steady([*asked, *visited]) as tallies:
        for pings, enough in ((asked, _QUESTIONS), (visited, _VISITS)):
            wait_for(partial(_have_asked, pings, enough), f"every one has asked {enough}")
    assert _lost(tallies) == {}
    assert len(tallies) == len(sessions) + len(ordinary)


@pytest.mark.parametrize("name", ["openvpn-udp4 plain registered", "wireguard v4 registered"])
def test_a_daemon_that_gets_no_processor_loses_nothing(sessions: list[Session], name: str) -> None:
    session = _of(sessions, name)
    assert session.is_up() and isinstance(session, TunnelSession)
    server = session.daemons[0]
    ping = session.steady_ping(1000)
    with steady([ping]) as tallies:
        server.send_signal(signal.SIGSTOP)
        try:
            wait_for(lambda: ping.tally().sent >= _BURST, f"{_BURST} questions are asked")
        finally:
            server.send_signal(signal.SIGCONT)
    assert _lost(tallies) == {}


def test_a_lost_packet_is_counted(stage: Stage, sessions: list[Session]) -> None:
    session = _of(sessions, "wireguard v4 registered")
    assert session.is_up()
    with Watch(stage) as watch:
        with steady([session.steady_ping()]) as tallies:
            time.sleep(0.3)
            with _cut(stage, session.peers):
                time.sleep(0.3)
            time.sleep(0.3)
        watch.settle([session.server_address])
    (tally,) = tallies
    assert 0 < tally.lost == watch.crossing(session.server_address).dropped
    assert 1 < tally.missing[0] < tally.missing[-1] < tally.sent
    assert tally.missing == tuple(range(tally.missing[0], tally.missing[0] + tally.lost))


def test_the_watch_counts_what_crosses_the_edge(stage: Stage, sessions: list[Session]) -> None:
    passed, cut = _of(sessions, "openvpn-udp4 plain registered"), _of(sessions, "esp unregistered")
    with Watch(stage) as watch:
        with steady([passed.steady_ping()]) as tallies:
            time.sleep(0.3)
        with _cut(stage, cut.peers), steady([cut.steady_ping()]) as lost:
            time.sleep(0.3)
        watch.settle([passed.server_address, cut.server_address])
        through, into = watch.crossing(passed.server_address), watch.crossing(cut.server_address)
    # A packet there and one back for each question, and now and then one of OpenVPN's own.
    assert through.dropped == 0
    assert 2 * tallies[0].sent <= through.sent <= 2 * tallies[0].sent + 4
    assert (into.sent, into.passed) == (lost[0].sent, 0)


def test_the_watch_counts_long_streams_packet_by_packet(stage: Stage, ordinary: list[Ordinary]) -> None:
    site = next(kind for kind in ordinary if kind.name == "https v4 port 443")
    with Watch(stage) as watch:
        with steady([site.steady_ping(50)]) as tallies:
            time.sleep(0.5)
        watch.settle([site.peers.server])
        crossing = watch.crossing(site.peers.server)
    assert tallies[0].lost == 0
    assert crossing.dropped == 0
    assert crossing.sent > 10 * tallies[0].sent


def test_no_tunnel_is_up_unless_it_runs(sessions: list[Session]) -> None:
    tunnels = [session for session in sessions if isinstance(session, TunnelSession)]
    stop_all(tunnels)
    assert not any(which_are_up(tunnels, 0.3).values())
    start_all(tunnels)
    assert [name for name, up in which_are_up(tunnels).items() if not up] == []


def test_what_the_edge_drops_is_not_up(stage: Stage, sessions: list[Session]) -> None:
    refused = [session for session in sessions if not session.registered]
    stop_all(refused)
    with contextlib.ExitStack() as cuts:
        for session in refused:
            cuts.enter_context(_cut(stage, session.peers))
        start_all(refused)
        assert [name for name, up in which_are_up(refused, 4.0).items() if up] == []
        assert all(which_are_up([session for session in sessions if session.registered]).values())
        stop_all(refused)
    start_all(refused)
    assert [name for name, up in which_are_up(refused).items() if not up] == []


def test_nothing_is_left_behind() -> None:
    before = set(_threads())
    with Stage() as stage:
        name = stage.name
        daemon = stage.spawn(stage.edge, "sleep", "1000", log="sleep")
        sessions = all_sessions(stage)
        start_all(sessions)
        traffic = ordinary_traffic(stage)
        with steady([traffic[0].steady_ping()]):
            time.sleep(0.1)
        assert all(namespace.path.exists() for namespace in stage.namespaces)
    assert daemon.returncode is not None
    assert _remains(name) == []
    assert set(_threads()) <= before


def test_nothing_is_left_behind_by_a_fault_inside() -> None:
    with pytest.raises(ZeroDivisionError), Stage() as stage:
        name = stage.name
        start_all(all_sessions(stage)[:6])
        raise ZeroDivisionError
    assert _remains(name) == []


def test_stages_live_side_by_side() -> None:
    with Stage() as one, Stage() as other:
        assert one.name != other.name
        for stage in (one, other):
            session = all_sessions(stage)[0]
            session.start()
            assert session.is_up()


def test_a_watch_that_is_never_left_ends_before_its_interfaces_go() -> None:
    with Stage() as stage:
        Watch(stage).__enter__()  # as by a Ctrl-C on its way in
    assert "lab-watch" not in {thread.name for thread in threading.enumerate()}


def test_daemons_that_ignore_sigterm_and_orphans_end_too() -> None:
    with Stage() as stage:
        stubborn = stage.spawn(stage.edge, "sh", "-c", "trap '' TERM; while :; do sleep 1; done", log="stubborn")
        orphan = stage.spawn(stage.edge, "sh", "-c", "sleep 1000 & exec true", log="orphan")
        orphan.wait()
        wait_for(lambda: len(stage.edge.pids()) >= 3, "the orphan lives on")
        inside = stage.edge.pids()
    assert stubborn.returncode == -signal.SIGKILL
    wait_for(lambda: not any(_runs(pid) for pid in inside), "every process of the stage ends")
    assert _remains(stage.name) == []


def test_ctrl_c_leaves_nothing_behind() -> None:
    with _stage_in_another_process() as (other, daemon):
        other.send_signal(signal.SIGINT)
        other.wait(PATIENCE)
        assert leftovers(other.pid) == []
        assert not _runs(daemon)


def test_a_killed_stage_is_removed_by_the_next() -> None:
    with _stage_in_another_process() as (other, daemon):
        other.kill()
        other.wait(PATIENCE)
        assert leftovers(other.pid) != []
        with Stage():
            assert leftovers(other.pid) == []
            wait_for(lambda: not _runs(daemon), "the dead stage's daemon ends")


@contextlib.contextmanager
def _cut(stage: Stage, peers: Peers) -> Iterator[None]:
    """The edge throws away what goes to a session's server."""
    stage.edge.ip_batch([f"route add blackhole {peers.server}"])
    try:
        yield
    finally:
        stage.edge.ip_batch([f"route delete blackhole {peers.server}"])


@contextlib.contextmanager
def _stage_in_another_process() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The process, and the pid of a daemon on its stage."""
    command = [sys.executable, "-c", _ALONE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=_ROOT) as other:
        try:
            assert other.stdout is not None
            yield other, int(other.stdout.readline())
        finally:
            other.kill()


def _runs(pid: int) -> bool:
    """Whether a process is there and no zombie: an orphan's new parent may be slow to bury it."""
    try:
        return ") Z " not in Path("/proc", str(pid), "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def _threads() -> Iterator[str]:
    return (thread.name for thread in threading.enumerate())


def _remains(name: str) -> list[str]:
    """What is left of a stage: its namespaces, its directory, and processes that carry its name."""
    found = [left for left in leftovers(os.getpid()) if left.startswith(name)]
    done = subprocess.run(["pgrep", "-af", name], capture_output=True, text=True, check=False)
    return found + done.stdout.splitlines()
