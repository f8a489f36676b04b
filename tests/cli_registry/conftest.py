"""`wicket registry` as processes, on SQLite and on PostgreSQL."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.registry.conftest import new_url, postgres

__all__ = ["new_url", "postgres"]

PROGRAM = (sys.executable, "-c", "from control.cli import main; main()")
ROOT = Path(__file__).parents[2]


class Wicket:
    """The command with a configuration of its own."""

    def __init__(self, directory: Path, url: str) -> None:
        """Keep configuration and state in a directory, and the registry in the database of ``url``."""
        self.directory = directory
        directory.mkdir(exist_ok=True)
        self._config = directory / "wicket.toml"
        settings = f'state = "{directory}"\n[registry]\nurl = "{url}"\nallow_private = true\n'
        self._config.write_text(settings)

    def run(self, *words: str, who: str = "", data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run ``wicket registry`` with some words, in someone's name."""
        name = ("--as", who) if who else ()
        command = [*PROGRAM, "--config", str(self._config), "registry", *name, *words]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        return subprocess.run(command, input=data, capture_output=True, timeout=280, env=environment)

    def __call__(self, *words: str, who: str = "", data: bytes = b"", status: int = 0) -> Any:
        """Run it with --json, and return what it says once it has ended with a status."""
        done = self.run(*words, "--json", who=who, data=data)
        assert done.returncode == status, done.stderr.decode()
        return json.loads(done.stdout or done.stderr)


@pytest.fixture
def wicket(new_url: Callable[[], str], tmp_path: Path) -> Wicket:
    """The command, on a registry that has its tables."""
    made = Wicket(tmp_path / "state", new_url())
    made("upgrade")
    return made
