"""The loaded kernel program, for every kind of test that asks it."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.workermanage import NodeManager

from control.datapath.probe.probe import Probe
from control.datapath.program.pins import Pinned, temporary
from tests import scratch
from tests.program import Copies, compile_once, copied

pytest_plugins = ["tests.outcomes", "tests.schedule", "tests.registry.databases"]

# How long an example takes is no property of the code on a busy machine.
settings.register_profile("wicketgate", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("wicketgate")


@pytest.hookimpl(tryfirst=True)  # before pytest reads where its temporary directories are to be
def pytest_configure(config: pytest.Config) -> None:
    """End in order, leaving nothing behind, by Ctrl-C and by SIGTERM, also where a shell in the background began us.

    Such a shell has SIGINT ignored, which would go on in every process that a test starts and ends by it.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    if config.option.basetemp is None:  # a short name: sockets lie below it, whose paths have 107 bytes
        config.option.basetemp = tempfile.mkdtemp(prefix="wk-", dir=scratch.directory())
        config.add_cleanup(lambda: shutil.rmtree(config.option.basetemp, ignore_errors=True))
    NodeManager.EXIT_TIMEOUT = 60  # s, for a worker to clean up; 10, as it comes, are few on a busy machine


@pytest.fixture(scope="session")
def bpffs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A filesystem for pins that goes with the test run, so that runs beside each other do not meet."""
    directory = tmp_path_factory.mktemp("bpffs")
    subprocess.run(["mount", "-t", "bpf", "bpf", directory], check=True)
    try:
        yield directory
    finally:
        subprocess.run(["umount", directory], check=True)


@pytest.fixture(scope="session")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Copies:
    """The program, compiled once in this process."""
    return compile_once(tmp_path_factory.mktemp("program"))


@pytest.fixture(scope="module")
def copied_program(copies: Copies) -> Iterator[None]:
    """Let the edges of a module load the program without compiling it each time."""
    with copied(copies):
        yield


@pytest.fixture(scope="module")
def pinned(bpffs: Path) -> Iterator[Pinned]:
    """A program of the module's own, loaded and pinned, without a list, every policy monitor."""
    with temporary(bpffs) as pinned:
        yield pinned


@pytest.fixture(scope="module")
def prober(pinned: Pinned) -> Probe:
    return Probe(pinned.asked)
