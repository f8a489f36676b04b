"""`wicket registry`, on SQLite and on PostgreSQL."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from control.cli import main


class Wicket:
    """The command with a configuration of its own."""

    def __init__(self, directory: Path, url: str) -> None:
        """Keep configuration and state in a directory, and the registry in the database of ``url``."""
        self.directory, self.url = directory, url
        directory.mkdir(exist_ok=True)
        self._config = directory / "wicket.toml"
        settings = f'state = "{directory}"\n[registry]\nurl = "{url}"\nallow_private = true\n'
        self._config.write_text(settings)

    def run(self, *words: str, who: str = "", data: bytes = b"") -> Result:
        """Run ``wicket registry`` with some words, in someone's name."""
        name = ("--as", who) if who else ()
        arguments = ["--config", str(self._config), "registry", *name, *words]
        return CliRunner().invoke(main, arguments, input=data, catch_exceptions=False)

    def __call__(self, *words: str, who: str = "", data: bytes = b"", status: int = 0) -> Any:
        """Run it with --json, and return what it says once it has ended with a status."""
        done = self.run(*words, "--json", who=who, data=data)
        assert done.exit_code == status, done.output
        return json.loads(done.stdout or done.stderr)


@pytest.fixture
def wicket(new_registry_url: Callable[[], str], tmp_path: Path) -> Wicket:
    """The command, on a registry that has its tables."""
    return Wicket(tmp_path / "state", new_registry_url())
