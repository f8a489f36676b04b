"""The desk at which every command works: the database, and who acts."""

import getpass
import secrets
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
from control.registry.access import scopes
from control.registry.access.actor import Actor
from control.registry.audit import chain
from control.registry.store.database import Database, open_database
from control.registry.store.model import Officer, Provider, Registrant
from control.registry.store.writing import Writing


class Desk:
    """The registry's database, opened when it is first used."""

    def __init__(self, file: ConfigFile, who: str | None) -> None:
        """``who`` is an id, an officer's name or a provider's name; none is the operator at the machine."""
        self._file, self._who = file, who
        self._database: Database | None = None
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
        self._database = self._database or open_database(self.config)
        return self._database

    @property
    def anchors(self) -> Path:
        """The directory of the heads of the audit that were anchored."""
        return chain.anchors_of(self.config.state_dir)

    @property
    def operator(self) -> Actor:
        """Whoever is logged in on this machine."""
        return Actor(f"operator {getpass.getuser()}", frozenset({"operator"}))

    @property
    def actor(self) -> Actor:
        """Who acts.

        Raises:
            Refused: "not-found": there is no such officer, provider or registrant.
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
        request_id = f"wicket {getpass.getuser()} {secrets.token_hex(8)}"
        with self.database.writing(self.actor, request_id[-64:]) as writing:
            yield writing

    def close(self) -> None:
        """Close the database."""
        if self._database:
            self._database.close()

    def _named(self, who: str) -> Actor:
        with self.database.reading() as session:
            if officer := session.scalar(select(Officer.id).where((Officer.id == who) | (Officer.name == who))):
                return Actor(officer, frozenset({"officer"}))
            if provider := session.scalar(select(Provider.id).where((Provider.id == who) | (Provider.name == who))):
                return Actor(provider, frozenset({"provider"}), provider=provider)
            if session.scalar(select(Registrant.id).where(Registrant.id == who)):
                return Actor(who, frozenset({"registrant"}), registrant=who)
        fault = Fault(
            "--as", f"{shown(who)} is no officer, provider or registrant", "see wicket registry officers list"
        )
        raise Refused(Kind.NOT_FOUND, "Nobody is called that", [fault])


pass_desk = click.make_pass_decorator(Desk)
