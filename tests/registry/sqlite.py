"""Files of SQLite for tests, empty or with the registry's tables: those are made once and copied."""

import sqlite3
import tempfile
from contextlib import closing
from functools import cache
from itertools import count
from pathlib import Path

from control.registry.store.database import Database
from control.registry.store.engines import FILE_MODE
from tests.registry.key import key


class Sqlite:
    """A directory of databases."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._numbers = directory, count()

    def empty(self) -> str:
        """Return the URL of a database that is not there yet."""
        return f"sqlite:///{self._directory}/{next(self._numbers)}.db"

    def migrated(self) -> str:
        """Make a database with its tables, as ``Database.upgrade`` leaves it, and return its URL."""
        url = self.empty()
        file = Path(url.removeprefix("sqlite:///"))
        file.touch(FILE_MODE)
        file.write_bytes(_template())
        with closing(sqlite3.connect(file)) as connection, connection:  # what no two databases have in common
            connection.execute("UPDATE ledger SET epoch = randomblob(16)")
        return url


@cache
def _template() -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "registry.db"
        database = Database(f"sqlite:///{file}", key=key())
        database.upgrade()
        database.close()
        return file.read_bytes()
