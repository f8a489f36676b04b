"""The desk at which every command works: the database, and who acts."""

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from control.cli.context import ConfigFile
from control.config import Config
from control.fault import Fault, Kind, Refused, shown
from control.host import login
from control.registry.access import scopes, tokens
from control.registry.access.actor import Actor
from control.registry.audit import anchors
from control.registry.store.database import Database, open_database
from control.registry.store.keys import KeyFile
from control.registry.store.model import Person, Provider, Registrant
from control.registry.store.writing import Writing

TOKEN = "WICKET_REGISTRY_TOKEN"
"""The variable with the token of whoever ``--as`` names."""


class Desk:
    """The registry's database, opened when it is first used."""

    def __init__(self, file: ConfigFile, who: str | None, token: str | None = None) -> None:
        """``who`` is an id, a person's name or a provider's name; none is the operator at the machine.

        ``token`` is one of theirs; none: it is asked for on the terminal.
        """
        self._file, self._who, self._token = file, who, token
        self._opened: dict[str, Database] = {}
        self._actor: Actor | None = None

    @cached_property
    def config(self) -> Config:
        """What the configuration says.

        Raises:
            Refused: "bad-configuration".
        """
        return self._file.load(for_api=True)

    @property
    def database(self) -> Database:
        """The database.

        Raises:
            Refused: "bad-configuration".
        """
        return self._at(self.config.registry_url)

    @property
    def workers(self) -> Database:
        """The same by the login of whoever does the jobs.

        Raises:
            Refused: "bad-configuration".
        """
        return self._at(self.config.registry_worker_url)

    @property
    def owners(self) -> Database:
        """The same by the login that owns the tables.

        Raises:
            Refused: "bad-configuration".
        """
        return self._at(self.config.registry_owner_url)

    @property
    def anchors(self) -> Path:
        """The directory of the heads of the audit that were anchored."""
        return anchors.directory_of(self.config.state_dir)

    @property
    def public_key(self) -> str:
        """The registry's public key, as hexadecimal digits; whatever the ledger says, the one that is here.

        Raises:
            Refused: "bad-configuration": there is none here.
        """
        return KeyFile(self.config.key_file).read().public.hex()

    @property
    def operator(self) -> Actor:
        """Whoever is logged in on this machine, who could use the gateway's own token as well."""
        return Actor(f"operator {login.name()}", frozenset({"operator"}), makers=("operator",))

    @property
    def actor(self) -> Actor:
        """Who acts.

        Raises:
            Refused: "not-found": there is no such person, provider or registrant; "unauthorized": the token is not
                theirs, or not good.
        """
        if self._actor is None:
            self._actor = self._named(self._who) if self._who else self.operator
        return self._actor

    def demand(self, action: str) -> None:
        """Refuse an action to whom the API would refuse it, by the same table.

        Raises:
            Refused: "forbidden"; or "not-found", as ``actor`` does.
        """
        scopes.demand(self.actor, action)

    @contextmanager
    def reading(self, action: str) -> Iterator[Session]:
        """Open a read transaction for an action of the table, such as "job.read".

        Raises:
            Refused: "forbidden".
        """
        self.demand(action)
        with self.database.reading() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Open a write transaction; its request id tells the audit who sat here, in whoever's name it was done."""
        request_id = f"wicket {login.name()} {secrets.token_hex(8)}"
        with self.database.writing(self.actor, request_id[-64:]) as writing:
            yield writing

    def close(self) -> None:
        """Close the database."""
        for database in self._opened.values():
            database.close()

    def _at(self, url: str) -> Database:
        if url not in self._opened:
            self._opened[url] = open_database(self.config, url=url)
        return self._opened[url]

    def _named(self, who: str) -> Actor:
        with self.database.reading() as session:
            id_ = _id_of(session, who)
            keys = self.database.keys
            bearer = tokens.authenticate(session, keys, self._token or _asked(who), self.database.now())
        if bearer.actor.id != id_:
            fault = Fault("the token", f"is not one of {shown(who)}", "show one of theirs")
            raise Refused(Kind.UNAUTHORIZED, "The token is another's", [fault])
        if bearer.news and not click.get_current_context().params.get("as_json"):
            what = f"{bearer.news} other tokens were made in this name by somebody within a week"
            click.echo(f"{what}: see wicket registry tokens list --holder {id_}", err=True)
        return bearer.actor


def _id_of(session: Session, who: str) -> str:
    """Return the id of a person, provider or registrant by the id, or by a person's or provider's name.

    Raises:
        Refused: "not-found".
    """
    for model in (Person, Provider):
        if found := session.scalar(select(model.id).where((model.id == who) | (model.name == who))):
            return found
    if session.get(Registrant, who):
        return who
    fault = Fault("--as", f"{shown(who)} is no person, provider or registrant", "see wicket registry persons list")
    raise Refused(Kind.NOT_FOUND, "Nobody is called that", [fault])


def _asked(who: str) -> str:
    """Return a token that is asked for on the terminal, where it is not shown.

    Raises:
        Refused: "unauthorized": there is no terminal.
    """
    if not sys.stdin.isatty():
        fault = Fault("--as", f"takes a token of {shown(who)}", f"set {TOKEN} to it, or name its file by --token-file")
        raise Refused(Kind.UNAUTHORIZED, "A token is needed", [fault])
    asked: str = click.prompt(f"token of {who}", hide_input=True, err=True)
    return asked.strip()


pass_desk = click.make_pass_decorator(Desk)
