"""A crowd at a running agent's socket: it stops nobody, keeps no descriptors, and is answered for by no spinning."""

import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from control import config as configuration
from control.commands.client import AgentSocket
from control.commands.interfaces import Attach
from control.commands.packets import CheckAddress
from control.commands.policy import Rule, SetPolicy
from control.commands.status import ReadStatus
from control.datapath import datapath
from control.edge.commands.places import KEPT_FOR_ROOT, MOST
from lab.gateway import AGENT, WICKET, configure, wait_for_start
from lab.stage.namespace import Namespace
from lab.waiting import wait_for
from tests.scratch import let_pass

DESCRIPTORS = 1024  # systemd's default
CROWD = 1004
ANNA = 64123  # somebody's user id and the socket's group

SIT = """
import socket, sys
there = []
for _ in range(int(sys.argv[2])):
    there.append(socket.socket(socket.AF_UNIX))
    there[-1].connect(sys.argv[1])
    there[-1].sendall(sys.argv[3].encode())
print("there", flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Served:
    """A running agent in a network namespace with a cable."""

    config: Path
    process: subprocess.Popen[bytes]
    agent: AgentSocket
    namespace: Namespace

    @property
    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    @property
    def seconds_worked(self) -> float:
        """Of a processor, in user and kernel mode, since it was started: proc(5), fields 14 and 15 of stat."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def limit(self, descriptors: int) -> None:
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (descriptors, DESCRIPTORS))

    def answers(self) -> None:
        """It still does whatever it is asked, and what it does by itself."""
        assert self.agent.ask(ReadStatus(), timeout=30).pid == self.process.pid
        self.agent.ask(SetPolicy(policy={"esp": Rule(mode="monitor", share=100)}), timeout=30)
        self.namespace.ip_batch(["link del eth0", "link add eth0 type veth peer name far", "link set eth0 up"])
        wait_for(lambda: self.agent.ask(ReadStatus()).interfaces[0].attached, "what was made anew is guarded")

    def answers_members(self) -> None:
        command = [*self.as_user(ANNA), WICKET, "--config", str(self.config), "status"]
        subprocess.run(command, check=True, timeout=60, stdout=subprocess.DEVNULL)

    @staticmethod
    def as_user(user: int) -> tuple[str, ...]:
        return ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups")

    @contextmanager
    def crowd(self, user: int, sent: str = "", count: int = CROWD) -> Iterator[None]:
        """Let a user have so many connections open, on each of which so much was sent."""
        python = (sys.executable, "-c", SIT, str(self.agent.path), str(count), sent)
        command = ["prlimit", "--nofile=4096", *self.as_user(user), *python]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout and process.stdin
            assert process.stdout.readline() == "there\n"
            try:
                yield
            finally:
                process.stdin.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, bpffs: Path) -> Iterator[Served]:
    namespace = Namespace(f"wk-crowd-{os.urandom(4).hex()}")
    namespace.create()
    file = configure(tmp_path_factory.mktemp("crowd"), bpffs, port=8080)
    config = configuration.load(file)
    limited = ("prlimit", f"--nofile={DESCRIPTORS}")
    process = subprocess.Popen([*namespace.enter(), *limited, AGENT, "--config", str(file)])
    try:
        namespace.ip_batch(["link add eth0 type veth peer name far", "link set eth0 up"])
        wait_for_start([process], config.socket.exists, "the agent listens")
        let_pass(config.socket)  # Anna may
        os.chown(config.socket, 0, ANNA)
        agent = AgentSocket(config.socket)
        agent.ask(Attach(interface="eth0"))
        yield Served(file, process, agent, namespace)
    finally:
        process.terminate()
        process.wait(30)
        namespace.inside(lambda: datapath.remove(config.pins))
        namespace.remove()


@pytest.mark.parametrize("sent", ["", "{"], ids=["silent", "begun"])
@pytest.mark.parametrize("user", [0, ANNA], ids=["root's", "a member's"])
def test_a_crowd_stops_nobody_and_keeps_no_descriptors(served: Served, user: int, sent: str) -> None:
    before = served.descriptors
    with served.crowd(user, sent):
        assert served.descriptors <= before + MOST + KEPT_FOR_ROOT + 2
        served.answers()
        served.answers_members()
        assert served.descriptors <= before + MOST + KEPT_FOR_ROOT + 2
    wait_for(lambda: served.descriptors <= before, "all of their descriptors are free")


def test_without_a_descriptor_left_root_is_answered_and_nothing_spins(served: Served) -> None:
    with ExitStack() as silent:
        served.limit(served.descriptors)  # not one more
        try:
            for _ in range(20):
                silent.enter_context(connected(served))
            began = served.seconds_worked
            for _ in range(5):
                served.agent.ask(CheckAddress(address="192.0.2.1"), timeout=30)
            with served.crowd(ANNA, count=1), connected(served) as root:
                root.settimeout(1.0)
                with pytest.raises(TimeoutError):
                    root.recv(1)  # nothing is said to who asks nothing, for a second
            assert served.seconds_worked - began < 0.7, "less than half of the time"
        finally:
            served.limit(DESCRIPTORS)
    served.answers()


def connected(served: Served) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(served.agent.path))
    return connection
