"""A PostgreSQL server of a test run's own: a temporary directory, a Unix socket, no port, gone afterwards."""

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

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
"""Where Debian keeps the server's programs, one directory a version."""


class Postgres:
    """A running server.

    Attributes:
        directory: of its socket.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def new_database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"wicket_{secrets.token_hex(6)}"
        with psycopg.connect(host=str(self.directory), user="postgres", dbname="postgres", autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name}")
        return f"postgresql://postgres@/{name}?host={self.directory}"


def _as_postgres(*command: str) -> None:
    """Run a program as its own user: PostgreSQL refuses root."""
    subprocess.run(command, check=True, user="postgres", group="postgres", extra_groups=[], stdout=subprocess.DEVNULL)


@contextmanager
def running() -> Iterator[Postgres]:
    """Start a server, and stop and remove it at the end."""
    directory = Path(tempfile.mkdtemp(prefix="wicket-pg-"))  # short: it has a socket
    owner = pwd.getpwnam("postgres")
    os.chown(directory, owner.pw_uid, owner.pw_gid)
    data, control = str(directory / "data"), str(PROGRAMS[-1] / "pg_ctl")
    try:
        _as_postgres(str(PROGRAMS[-1] / "initdb"), "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "-N")
        options = f"-c listen_addresses='' -k {directory} -c max_connections=200"
        _as_postgres(control, "-D", data, "-w", "-l", str(directory / "log"), "-o", options, "start")
        try:
            yield Postgres(directory)
        finally:
            _as_postgres(control, "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(directory)
