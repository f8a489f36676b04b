"""`make run`: its table, and that it stays up, ends and cleans up as it says, whatever ends it."""

import contextlib
import http.client
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from control.vocabulary import MODES, VPN_PROTOCOLS
from lab.gateway import free_port
from lab.guarding import guarding
from lab.run import BPFFS
from lab.stage.namespace import Namespace
from lab.stage.stage import Stage, leftovers
from lab.table import Row, measure
from lab.waiting import wait_for

ROOT = Path(__file__).parents[2]
UP_SECONDS = 240  # for a lab, 72 sessions and a table, with another lab beside it on two processors
END_SECONDS = 60


def test_every_row_of_the_table_is_as_it_must_be(bpffs: Path) -> None:
    with Stage() as stage, guarding(stage, bpffs, free_port()) as gateway:
        outcome = measure(stage, gateway, lambda _: None)
    assert [row for row in outcome.rows if not row.as_it_must_be] == []
    assert [tally for tally in outcome.ordinary if tally.lost] == []
    assert outcome.as_it_must_be
    assert len(outcome.ordinary) > 0
    shown = {(row.protocol, row.registered, row.policy) for row in outcome.rows}
    assert shown == {(name, known, mode) for name in VPN_PROTOCOLS for known in (True, False) for mode in MODES}


@pytest.mark.parametrize(
    ("registered", "policy", "up", "dropped", "right"),
    [
        (True, "enforce", True, 0, True),
        (True, "enforce", True, 1, False),
        (True, "enforce", False, 0, False),
        (True, "monitor", True, 1, False),
        (False, "monitor", True, 0, True),
        (False, "monitor", False, 3, False),
        (False, "enforce", False, 3, True),
        (False, "enforce", True, 0, False),
        (False, "enforce", False, 0, False),
    ],
)
def test_a_row_that_is_not_as_it_must_be_is_known(
    registered: bool, policy: str, up: bool, dropped: int, right: bool
) -> None:
    assert Row("esp", "esp", registered, policy, up, 2, dropped).as_it_must_be is right


def test_two_stay_up_side_by_side_until_they_are_told_to_end() -> None:
    with _shown() as one, _shown() as other:
        for each in (one, other):
            each.wait_for("The API listens on")
            assert each.status()["count"] > 0
            assert "\n72 rows, 0 not as they must be" in each.output
            assert each.pins() != set()
        one.end(signal.SIGINT, 0)
        assert other.status()["interfaces"][0]["attached"]
        other.end(signal.SIGTERM, 128 + signal.SIGTERM)


@pytest.mark.parametrize("progress", ["building the lab", "pushing"])
def test_ctrl_c_half_way_leaves_nothing(progress: str) -> None:
    with _shown() as shown:
        shown.wait_for(progress)
        shown.end(signal.SIGINT, 0)


def test_an_impatient_ctrl_c_leaves_nothing_either() -> None:
    with _shown() as shown:
        shown.wait_for("enforce: starting")
        for _ in range(5):
            os.killpg(shown.process.pid, signal.SIGINT)
            time.sleep(0.1)
        shown.ends(0)


def test_what_a_killed_run_leaves_is_removed_by_the_next() -> None:
    with _shown() as killed:
        killed.wait_for("pushing")
        killed.process.kill()
        killed.process.wait(END_SECONDS)
    with _shown() as following:
        following.wait_for("pushing")
        assert leftovers(killed.process.pid) == []
        assert killed.pins() == set()
        with pytest.raises(ConnectionRefusedError):
            killed.status()
        following.end(signal.SIGINT, 0)


def test_an_interface_of_the_machine_is_guarded_in_monitor() -> None:
    with _machine() as machine, _shown("--interface", "eth9", machine=machine) as shown:
        shown.wait_for("The API listens on")
        status = shown.status()
        assert [(each["name"], each["attached"]) for each in status["interfaces"]] == [("eth9", True)]
        assert {policy["mode"] for policy in status["policy"].values()} == {"monitor"}
        assert "xdp" in _link(machine, "eth9")
        shown.end(signal.SIGINT, 0)
        assert "xdp" not in _link(machine, "eth9")


def test_an_interface_that_is_not_there_is_said() -> None:
    with _machine() as machine, _shown("--interface", "eth8", machine=machine) as shown:
        shown.ends(1)
        assert "there is no interface of that name" in shown.output
        assert "eth9" in shown.output


def test_a_taken_port_is_said() -> None:
    with contextlib.ExitStack() as held:
        port = held.enter_context(_listening())
        shown = held.enter_context(_shown(port=port))
        shown.ends(1)
        assert f"port {port} on 127.0.0.1 is taken" in shown.output


class _Shown:
    """A `make run` in a process of its own, and what it has printed."""

    def __init__(self, process: subprocess.Popen[bytes], output: IO[bytes], port: int, machine: Namespace | None):
        self.process, self.port = process, port
        self._output, self._machine = output, machine

    @property
    def output(self) -> str:
        return Path(self._output.name).read_text()

    def wait_for(self, words: str) -> None:
        wait_for(lambda: words in self.output or self.process.poll() is not None, f"{words!r} is said", UP_SECONDS)
        assert words in self.output, self.output

    def status(self) -> dict[str, Any]:
        """What its API says."""
        return self._machine.inside(self._ask) if self._machine else self._ask()

    def end(self, number: int, status: int) -> None:
        """End it by a signal, as a terminal does: its whole group gets it; nothing of it is left."""
        os.killpg(self.process.pid, number)
        self.ends(status)

    def ends(self, status: int) -> None:
        """It ends by itself with this exit status, and nothing of it is left."""
        assert self.process.wait(END_SECONDS) == status, self.output
        assert "Traceback" not in self.output
        assert leftovers(self.process.pid) == []
        named = set(re.findall(r"wlab-\d+-[0-9a-f]{6}|wicket-run-\w+", self.output))
        assert [name for name in named if _processes(name) or Path(tempfile.gettempdir(), name).exists()] == []
        assert self.pins() == set()

    def pins(self) -> set[str]:
        """Instances on the shared bpffs that it has made: their names hold its process id."""
        return {path.name for path in BPFFS.glob(f"*-{self.process.pid}-*")}

    def _ask(self) -> dict[str, Any]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request("GET", "/v1/status")
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
            return answer


@contextlib.contextmanager
def _shown(*options: str, port: int = 0, machine: Namespace | None = None) -> Iterator[_Shown]:
    port = port or free_port()
    command = [sys.executable, "-u", "-m", "lab.run", "--port", str(port), *options]
    enter = machine.enter() if machine else ()
    with tempfile.NamedTemporaryFile(prefix="shown-") as output:
        process = subprocess.Popen(
            [*enter, *command], cwd=ROOT, process_group=0, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            yield _Shown(process, output, port, machine)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(END_SECONDS)


@contextlib.contextmanager
def _machine() -> Iterator[Namespace]:
    """A namespace with an interface eth9, in place of a machine."""
    machine = Namespace(f"wlab-{os.getpid()}-{secrets.token_hex(3)}-machine")
    try:
        machine.create()
        machine.ip_batch(["link add eth9 type veth peer name far", "link set eth9 up", "link set far up"])
        yield machine
    finally:
        machine.remove()


@contextlib.contextmanager
def _listening() -> Iterator[int]:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def _link(machine: Namespace, name: str) -> str:
    return subprocess.run(
        [*machine.enter(), "ip", "link", "show", name], capture_output=True, text=True, check=True
    ).stdout


def _processes(name: str) -> str:
    return subprocess.run(["pgrep", "-af", name], capture_output=True, text=True, check=False).stdout
