"""`wicket registry`, on SQLite and on PostgreSQL."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from control import config as configuration
from control.cli import main
from control.cli.registry.desk import TOKEN
from control.registry.access import tokens
from control.registry.access.actor import Actor
from control.registry.access.tokens import NewToken
from control.registry.store.database import Database, open_database
from control.registry.store.model import Person, Provider, Registrant
from tests.registry.key import key

_HOLDERS: tuple[Any, ...] = (Person, Provider, Registrant)
MACHINE = Actor("operator of the tests", frozenset({"operator"}))


def token_of(database: Database, who: str) -> str:
    """Return a new token with all that a person, a provider or a registrant can do."""
    with database.writing(MACHINE) as writing:
        for model in _HOLDERS:
            named = select(model).where((model.id == who) | (model.name == who))
            if holder := writing.session.scalars(named).first():
                scopes = tuple(holder.roles) if isinstance(holder, Person) else (holder.__tablename__,)
                return tokens.create(writing, NewToken("for a test", scopes, holder.id, tokens.LONGEST))[1]
    return "wkt_of_nobody"


class Wicket:
    """The command with a configuration of its own."""

    def __init__(self, directory: Path, url: str, key_file: Path | None = None) -> None:
        """Keep configuration and state in a directory, and the registry in the database of ``url``.

        ``key_file`` is the file of its key; none: it is among the state.
        """
        self.directory, self.url = directory, url
        self._tokens: dict[str, str] = {}
        directory.mkdir(exist_ok=True)
        self._config = directory / "wicket.toml"
        settings = f'state = "{directory}"\n[registry]\nurl = "{url}"\nallow_private = true\n'
        settings += f'key = "{key_file}"\n' if key_file else ""
        self._config.write_text(settings)

    def run(self, *words: str, who: str = "", data: bytes = b"") -> Result:
        """Run ``wicket registry`` with some words, in someone's name."""
        name = ("--as", who) if who else ()
        arguments = ["--config", str(self._config), "registry", *name, *words]
        environment = {TOKEN: self.token(who) if who else None}
        return CliRunner().invoke(main, arguments, input=data, env=environment, catch_exceptions=False)

    def token(self, who: str) -> str:
        """Return a token of somebody's, whom a name or an id is for; of nobody it is none that is good."""
        if who not in self._tokens:
            database = open_database(configuration.load(self._config))
            try:
                self._tokens[who] = token_of(database, who)
            finally:
                database.close()
        return self._tokens[who]

    def __call__(self, *words: str, who: str = "", data: bytes = b"", status: int = 0) -> Any:
        """Run it with --json, and return what it says once it has ended with a status."""
        done = self.run(*words, "--json", who=who, data=data)
        assert done.exit_code == status, done.output
        return json.loads(done.stdout or done.stderr)


@pytest.fixture
def wicket(new_registry_url: Callable[[], str], tmp_path: Path) -> Wicket:
    """The command, on a registry that has its tables."""
    return Wicket(tmp_path / "state", new_registry_url(), key().path)
