"""A PostgreSQL server of a test run's own: a temporary directory, a Unix socket, no port, gone afterwards.

What it holds need not survive anything, so it waits for no disk.
"""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from control.registry.store.database import Database
from tests import scratch
from tests.registry.key import key

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
"""Where Debian keeps the server's programs, one directory a version."""

SETTINGS = {
    "listen_addresses": "''",
    "max_connections": "200",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "64MB",
}
TEMPLATE = "wicket_template"


class Postgres:
    """A running server.

    Attributes:
        directory: of its socket.
    """

    def __init__(self, directory: Path) -> None:
        """Make the database that those with tables are copied from."""
        self.directory = directory
        self._made: list[str] = []
        self._create(TEMPLATE)
        database = Database(self._url(TEMPLATE), key=key())
        database.upgrade()
        database.close()

    def empty(self) -> str:
        """Make an empty database and return its URL."""
        name = _new_name()
        self._create(name)
        self._made.append(name)
        return self._url(name)

    def migrated(self) -> str:
        """Make a database with its tables, as ``Database.upgrade`` leaves it, and return its URL."""
        name = _new_name()
        self._create(name, f"TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
        self._made.append(name)
        with psycopg.connect(host=str(self.directory), user="postgres", dbname=name) as server:
            own = secrets.token_bytes(16)  # what no two databases have in common
            server.execute("UPDATE ledger SET epoch = %s", [own])
        return self._url(name)

    def drop(self) -> None:
        """Remove the databases made since it was last asked, whoever has them open."""
        while self._made:
            self._run(f"DROP DATABASE {self._made.pop()} WITH (FORCE)")

    def _url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.directory}"

    def _create(self, name: str, how: str = "") -> None:
        self._run(f"CREATE DATABASE {name} {how}")

    def _run(self, statement: str) -> None:
        with psycopg.connect(host=str(self.directory), user="postgres", dbname="postgres", autocommit=True) as server:
            server.execute(statement)


def _new_name() -> str:
    return f"wicket_{secrets.token_hex(6)}"


def _as_postgres(*command: str) -> None:
    """Run a program as its own user: PostgreSQL refuses root."""
    subprocess.run(command, check=True, user="postgres", group="postgres", extra_groups=[], stdout=subprocess.DEVNULL)


@contextmanager
def running() -> Iterator[Postgres]:
    """Start a server, and stop and remove it at the end."""
    directory = Path(tempfile.mkdtemp(prefix="wicket-pg-", dir=scratch.directory()))  # short: it has a socket
    owner = pwd.getpwnam("postgres")
    os.chown(directory, owner.pw_uid, owner.pw_gid)
    data, control = str(directory / "data"), str(PROGRAMS[-1] / "pg_ctl")
    try:
        _as_postgres(str(PROGRAMS[-1] / "initdb"), "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "-N")
        options = " ".join([f"-k {directory}", *(f"-c {name}={value}" for name, value in SETTINGS.items())])
        _as_postgres(control, "-D", data, "-w", "-l", str(directory / "log"), "-o", options, "start")
        try:
            yield Postgres(directory)
        finally:
            _as_postgres(control, "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(directory)
