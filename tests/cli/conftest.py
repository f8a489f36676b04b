"""A running agent in a network namespace of its own, with a cable and a foreign program, and the command line to it."""

import json
import os
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from control import config as configuration
from control.cli import main
from control.config import Config
from control.datapath import datapath
from control.datapath.probe.frames import frame
from lab.gateway import AGENT, WICKET, configure, wait_for_start
from lab.stage.namespace import Namespace

START_LIST = ("192.0.2.1", "198.51.100.0/24", "2001:db8::/48")
TO_REGISTERED = frame("wireguard", ip_address("203.0.113.1"), ip_address("192.0.2.1"), None)
TO_NOBODY = frame("wireguard", ip_address("203.0.113.1"), ip_address("203.0.113.2"), None)


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON; it said nothing else."""
        assert (self.status, self.err) == (0, ""), self
        return json.loads(self.out)

    @property
    def refused(self) -> Any:
        """The refusal that it printed as JSON, and nothing else."""
        assert (self.status, self.out) == (1, ""), self
        return json.loads(self.err)


@dataclass(frozen=True)
class Cli:
    """The command line, with the configuration of one instance."""

    config_file: Path
    namespace: Namespace

    @property
    def config(self) -> Config:
        return configuration.load(self.config_file)

    def __call__(self, *words: str, config: Path | None = None, stdin: str = "") -> Said:
        """Run a command in this process: most of what a process of its own takes is its start."""
        arguments = ["--config", str(config or self.config_file), *words]
        done = self.namespace.inside(lambda: CliRunner().invoke(main, arguments, stdin, catch_exceptions=False))
        return Said(done.exit_code, done.stdout, done.stderr)

    def apart(
        self, *words: str, config: Path | None = None, before: tuple[str, ...] = (), stdin: bytes | None = None
    ) -> Said:
        """Run a command in a process of its own, as an operator does; ``before`` it, what shall start it."""
        command = [*self.namespace.enter(), *before, WICKET, "--config", str(config or self.config_file), *words]
        done = subprocess.run(command, capture_output=True, input=stdin, timeout=60, check=False)
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode())

    def _may_drop(self) -> bool:
        said = self("status", "--json")
        return said.status == 0 and bool(said.json["lease"]["left"])

    def agent(self) -> subprocess.Popen[bytes]:
        """Start the agent and wait until it answers."""
        process = subprocess.Popen([*self.namespace.enter(), AGENT, "--config", str(self.config_file)])
        wait_for_start([process], self._may_drop, "the agent has earned its lease")
        return process


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory, bpffs: Path) -> Iterator[Cli]:
    """The command line where no agent runs."""
    namespace = Namespace(f"wk-cli-{os.urandom(4).hex()}")
    namespace.create()
    try:
        namespace.ip_batch(["link add eth0 type veth peer name far", "link set eth0 up", "link set far up"])
        yield Cli(configure(tmp_path_factory.mktemp("alone"), bpffs, port=8080), namespace)
    finally:
        namespace.remove()


@pytest.fixture(scope="session")
def running(alone: Cli, tmp_path_factory: pytest.TempPathFactory, bpffs: Path) -> Iterator[Cli]:
    """The command line with an agent."""
    cli = Cli(configure(tmp_path_factory.mktemp("running"), bpffs, port=8080), alone.namespace)
    process = cli.agent()
    try:
        yield cli
    finally:
        process.terminate()
        process.wait(30)
        cli.namespace.inside(lambda: datapath.remove(cli.config.pins))


@pytest.fixture
def wicket(running: Cli) -> Cli:
    """The command line with START_LIST live, every policy monitor and nothing attached."""
    said = running("allow", "replace", "-", stdin="\n".join(START_LIST))
    assert said.status == 0, said
    return running


@pytest.fixture
def enforcing(wicket: Cli) -> Iterator[Cli]:
    """The same with every protocol enforced for all flows."""
    assert wicket("policy", "set", "all", "enforce", "--share", "100").status == 0
    yield wicket
    wicket("policy", "set", "all", "monitor")


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A pcap (magic a1b2c3d4, version 2.4, Ethernet) of three handshakes, one of them to a registered end."""
    file = tmp_path / "three.pcap"
    packets = (TO_REGISTERED, TO_NOBODY, TO_NOBODY)
    head = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    file.write_bytes(head + b"".join(struct.pack("<IIII", 1, 0, len(p), len(p)) + p for p in packets))
    return file
