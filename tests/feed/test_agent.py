"""The real agent beside the registry: how soon an approval is in the kernel, and what it tells of the feed."""

import contextlib
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from control.commands.client import AgentSocket
from control.commands.packets import CheckAddress
from control.commands.status import ReadStatus
from control.config import load
from control.datapath import datapath
from control.fault import Refused
from control.registry.cases import review
from control.registry.publication import edges
from lab import gateway
from tests.feed.conftest import Registry
from tests.feed.following import until
from tests.registry.cast import OFFICER, apply

pytestmark = pytest.mark.usefixtures("copied_program")

APPROVALS = 40


def table(url: str) -> str:
    """The configuration of a feed."""
    return f'\n[feed]\nurl = "{url}"\npoll = "1s"\nreport = "1s"\nname = "edge of the tests"\n'


@contextmanager
def agent(directory: Path, bpffs: Path, url: str) -> Iterator[AgentSocket]:
    """Run the agent alone, and take what it leaves in the kernel out of it."""
    file = gateway.configure(directory, bpffs, gateway.free_port(), table(url))
    try:
        with process(file, signal.SIGTERM) as socket:
            yield socket
    finally:
        datapath.remove(load(file).pins)


@contextmanager
def process(file: Path, end: signal.Signals) -> Iterator[AgentSocket]:
    """Run the agent with a configuration until it is ended by a signal; what is in the kernel stays there."""
    running = subprocess.Popen([gateway.AGENT, "--config", str(file)])
    try:
        socket = AgentSocket(load(file).socket)
        gateway.wait_for_start([running], lambda: answers(socket), "the agent answers")
        yield socket
    finally:
        running.send_signal(end)
        running.wait(gateway.STOP_SECONDS)


def answers(socket: AgentSocket) -> bool:
    with contextlib.suppress(Refused):
        return bool(socket.ask(ReadStatus()))
    return False


def confirmed(registry: Registry, address: str) -> str:
    """Bring an application to where only the approval lacks."""
    application = apply(registry.database, registry.cast, [address])
    with registry.database.writing(registry.cast.confirmer) as writing:
        review.confirm(writing, application)
    return application


def is_live(socket: AgentSocket, address: str) -> bool:
    return bool(socket.ask(CheckAddress(address=address)).live)


def test_approvals_go_live_one_by_one(tmp_path: Path, bpffs: Path, registry: Registry) -> None:
    addresses = [f"10.9.0.{place}" for place in range(APPROVALS)]
    waiting = {address: confirmed(registry, address) for address in addresses}
    seconds = []
    with agent(tmp_path, bpffs, registry.url) as socket:
        until(lambda: is_live(socket, "10.0.0.1"))
        for address, application in waiting.items():
            started = time.perf_counter()
            with registry.database.writing(OFFICER) as writing:
                review.approve(writing, application)
            until(lambda address=address: is_live(socket, address))  # type: ignore[misc]
            seconds.append(time.perf_counter() - started)
    # How long is told, not held: other work on the machine decides it too. `pytest -rP` shows it.
    print(f"approval to live: mean {statistics.mean(seconds) * 1e3:.1f} ms, longest {max(seconds) * 1e3:.1f} ms")
    assert len(seconds) == APPROVALS


def test_it_reports_what_is_in_use_and_how_many_entries_it_has(tmp_path: Path, bpffs: Path, registry: Registry) -> None:
    def reported() -> bool:
        with registry.database.reading() as session:
            return any(report and report.entries == 2 for _, report in edges.reports(session))

    with agent(tmp_path, bpffs, registry.url):
        until(reported)


def had(registry: Registry, serial: int) -> bool:
    """Whether the registry knows of an edge that had a serial."""
    with registry.database.reading() as session:
        return bool(edges.applied_from(session, serial))


def test_an_agent_killed_before_it_told_tells_when_it_is_back(tmp_path: Path, bpffs: Path, registry: Registry) -> None:
    file = gateway.configure(tmp_path, bpffs, gateway.free_port(), table(registry.url))
    try:
        with registry.database.writing(OFFICER), process(file, signal.SIGKILL) as socket:
            until(lambda: is_live(socket, "10.0.0.1"))  # and it waits for its turn to write that it is
        assert not had(registry, 1)
        with process(file, signal.SIGTERM) as socket:
            until(lambda: had(registry, 1))
            assert is_live(socket, "10.0.0.1")
    finally:
        datapath.remove(load(file).pins)


def feed_metrics(running: gateway.Gateway) -> dict[str, list[float]]:
    body = running.ask("GET", "/metrics").body.decode()
    families = {family.name: family.samples for family in text_string_to_metric_families(body)}
    return {
        name.removeprefix("wicketgate_feed_"): [sample.value for sample in samples]
        for name, samples in families.items()
        if name.startswith("wicketgate_feed_")
    }


def say(running: gateway.Gateway, *words: str) -> str:
    """What a command prints."""
    command = [gateway.WICKET, "--config", str(running.config), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
def test_the_lag_is_told_in_status_and_metrics(tmp_path: Path, bpffs: Path, registry: Registry) -> None:
    database = Path(registry.url.removeprefix("sqlite:///"))
    with gateway.running(tmp_path, bpffs, more=table(registry.url)) as running:
        until(lambda: feed_metrics(running)["serial"] == [1])
        until(lambda: feed_metrics(running)["lag_seconds"][0] < 2)
        assert feed_metrics(running)["entries"] == [2]
        assert feed_metrics(running)["reachable"] == [1]
        assert "2 entries, serial 1" in say(running, "status")
        database.rename(database.with_suffix(".gone"))
        until(lambda: feed_metrics(running)["reachable"] == [0])
        until(lambda: feed_metrics(running)["lag_seconds"][0] > 3)
        assert feed_metrics(running)["entries"] == [2]
        assert "no such file" in say(running, "status")
        database.with_suffix(".gone").rename(database)
        until(lambda: feed_metrics(running)["reachable"] == [1])
        until(lambda: feed_metrics(running)["lag_seconds"][0] < 2)
    subprocess.run([gateway.WICKET, "--config", str(running.config), "detach"], check=True, stdout=sys.stderr)


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
def test_what_is_held_is_shown_and_released(tmp_path: Path, bpffs: Path, registry: Registry) -> None:
    registry.register("10.0.0.3")
    with gateway.running(tmp_path, bpffs, more=table(registry.url)) as running:
        until(lambda: feed_metrics(running)["held_entries"] == [0])
        until(lambda: feed_metrics(running)["entries"] == [3])
        assert (say(running, "held", "list"), "held:" in say(running, "status")) == ("", False)
        registry.put_back(1, 2)
        until(lambda: feed_metrics(running)["held_entries"] == [1])
        assert "1 entries, 0 in use, stay live" in say(running, "status")
        assert "10.0.0.3" in say(running, "held", "list")
        assert "10.0.0.3" in say(running, "held", "show", "feed")
        assert "1 entries are as asked for; 0 of those cut" in say(running, "held", "release", "feed")
        until(lambda: feed_metrics(running)["held_entries"] == [0])
        assert feed_metrics(running)["entries"] == [2]
    subprocess.run([gateway.WICKET, "--config", str(running.config), "detach"], check=True, stdout=sys.stderr)
