"""wicketd as a service: ready when registered traffic is safe, alive while its loop is."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from control.commands.client import AgentSocket
from control.commands.status import ReadStatus
from lab.gateway import AGENT, STOP_SECONDS, WICKET
from lab.stage.namespace import Namespace
from lab.waiting import wait_for
from tests.edge.place import Place, listed, place, replace_list
from tests.edge.wired import cable
from tests.services.manager import WATCHDOG_SECONDS, started

CONFIG = """\
instance = "{0.instance}"
bpffs = "{0.bpffs}"
state = "{0.state}"
run = "{0.run}"

[[interfaces]]
name = "far"

[[interfaces]]
name = "late"

[feed]
url = "postgresql://edge:secret-word@{host}/registry"
"""


@pytest.fixture
def here(tmp_path: Path, bpffs: Path) -> Iterator[Place]:
    made = place(tmp_path, bpffs)
    with made.edge() as edge:
        replace_list(edge, listed())
    yield made
    made.remove()


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    with cable() as namespace:
        yield namespace


@pytest.mark.parametrize("host", ["192.0.2.1", "registry.invalid"], ids=["a feed that is silent", "no such name"])
def test_ready_is_live_and_guarded_whatever_the_feed_does(
    here: Place, namespace: Namespace, tmp_path: Path, host: str
) -> None:
    config = tmp_path / "wicket.toml"
    config.write_text(CONFIG.format(here.config, host=host))
    with started(tmp_path, *namespace.enter(), AGENT, "--config", str(config)) as manager:
        manager.wait_for("READY=1")
        status = AgentSocket(here.config.socket).ask(ReadStatus())
        assert status.live.count == 3
        assert [(interface.name, interface.attached) for interface in status.interfaces] == [
            ("far", True),
            ("late", False),
        ]
        said = manager.wait_for("STATUS=")
        assert said == "STATUS=3 entries live, serial 2; 1 of 2 interfaces guarded"
        namespace.ip_batch(["link add late type veth peer name later"])
        while "2 of 2" not in manager.wait_for("STATUS="):
            pass
        shown = subprocess.run([WICKET, "--config", config, "status"], capture_output=True, text=True, check=True)
        assert "secret-word" not in shown.stdout + shown.stderr
        manager.process.send_signal(signal.SIGTERM)
        manager.wait_for("STOPPING=1")


def test_a_stuck_agent_is_noticed(here: Place, tmp_path: Path) -> None:
    config = tmp_path / "wicket.toml"
    config.write_text(CONFIG.format(here.config, host="192.0.2.1"))
    with started(tmp_path, AGENT, "--config", str(config)) as manager:
        manager.wait_for("READY=1")
        assert manager.is_alive()
        manager.process.send_signal(signal.SIGSTOP)
        try:
            assert not manager.is_alive_within(WATCHDOG_SECONDS)
        finally:
            manager.process.send_signal(signal.SIGCONT)
        assert manager.is_alive()


def rests(pid: int) -> bool:
    """Whether no thread of a process runs, and none has for a while."""

    def ran() -> dict[Path, str]:
        return {path: path.read_text() for path in tasks.glob("*/schedstat")}

    tasks = Path(f"/proc/{pid}/task")
    before = ran()
    time.sleep(0.1)  # its threads look around twice a second
    states = {path.read_text().rpartition(") ")[2][0] for path in tasks.glob("*/stat")}
    return states == {"S"} and ran() == before


def test_an_agent_that_its_watchdog_ends_says_where_each_thread_stood(
    here: Place, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "wicket.toml"
    config.write_text(CONFIG.format(here.config, host="192.0.2.1"))
    with started(tmp_path, "prlimit", "--core=0", AGENT, "--config", str(config)) as manager:
        manager.wait_for("READY=1")
        wait_for(lambda: rests(manager.process.pid), "the agent rests")  # where a thread runs, Python reads in motion
        manager.process.send_signal(signal.SIGABRT)
        assert manager.process.wait(STOP_SECONDS) == -signal.SIGABRT
    said = capfd.readouterr().err
    assert said.count("Thread 0x") >= 2
    assert "serve_forever" in said
    assert "in run" in said


def test_the_watchdog_of_another_process_is_not_ours(here: Place, tmp_path: Path) -> None:
    config = tmp_path / "wicket.toml"
    config.write_text(CONFIG.format(here.config, host="192.0.2.1"))
    with started(tmp_path, AGENT, "--config", str(config), WATCHDOG_PID="1") as manager:
        manager.wait_for("READY=1")
        assert not manager.is_alive_within(WATCHDOG_SECONDS)
