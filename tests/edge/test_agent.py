"""wicketd where it cannot start: it says why in a few lines and ends, and what is in the kernel stays."""

import shutil
import subprocess
from pathlib import Path

import pytest

from lab.gateway import AGENT
from tests.edge.place import Place, is_live, listed

pytestmark = pytest.mark.usefixtures("copied_program")

CONFIG = 'instance = "{0.instance}"\nbpffs = "{0.bpffs}"\nstate = "{0.state}"\nrun = "{0.run}"\n'


def start(place: Place, directory: Path) -> str:
    """Start an agent that is not to come up; return what it said."""
    file = directory / "wicket.toml"
    file.write_text(CONFIG.format(place.config))
    done = subprocess.run([AGENT, "--config", file], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    return done.stderr[done.stderr.index("wicketd: ") :]


def test_a_second_agent(used: Place, tmp_path: Path) -> None:
    with used.edge() as edge:
        said = start(used, tmp_path)
        assert is_live(edge, listed())
    assert said.splitlines() == [
        "wicketd: The instance has its agent already",
        f"  {used.config.pins}: another process drives this instance; stop it, or use another instance",
    ]


def test_no_place_for_the_socket(used: Place, tmp_path: Path) -> None:
    used.config.run.write_text("a file, where a directory should be")
    said = start(used, tmp_path)
    assert said.splitlines()[0] == "wicketd: The agent's socket cannot be made"
    assert str(used.config.socket) in said and "Not a directory; let the setting `run`" in said


def test_no_place_for_the_database(used: Place, tmp_path: Path) -> None:
    shutil.rmtree(used.config.state)
    used.config.state.write_text("a file, where a directory should be")
    said = start(used, tmp_path)
    assert said.splitlines()[0] == "wicketd: The list cannot be kept on disk"
    used.config.state.unlink()
    with used.edge() as edge:
        assert is_live(edge, listed()), "taken from the kernel, as from a lost disk"


def test_three_faults_in_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "wicket.toml"
    file.write_text('lease = "1s"\nstate = "here"\nsweeps = "5s"\n')
    done = subprocess.run([AGENT, "--config", file], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0] == "wicketd: The configuration cannot be used"
    assert [line.split(",")[0].strip() for line in lines[1:]] == ["line 1", "line 2", "line 3"]
