"""A registry on PostgreSQL whose tables an ordinary login owns, with the logins that `wicket registry roles` makes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psycopg
import pytest
from sqlalchemy import make_url

from control.feed.database import RegistryFeed
from control.registry.publication import edges
from control.registry.store import roles
from control.registry.store.database import Database
from control.registry.store.rights import USUAL
from tests.registry.cast import OPERATOR, RULES
from tests.registry.key import key
from tests.registry.postgres import Postgres

OWNER, NORTH, SOUTH, STRANGER = "wicket_owner", "edge_north", "edge_south", "stranger"


@dataclass
class Site:
    """One database, and whoever may log in to it.

    Attributes:
        superuser: the URL of the server's superuser.
        database: as the owner opens it.
    """

    superuser: str
    database: Database = field(init=False)

    def __post_init__(self) -> None:
        self.database = self.open(OWNER)

    def url(self, login: str) -> str:
        """Return a login's URL."""
        return make_url(self.superuser).set(username=login).render_as_string(hide_password=False)

    def open(self, login: str) -> Database:
        """Open the database as a login."""
        return Database(self.url(login), RULES, key=key())

    def connect(self, login: str) -> psycopg.Connection:
        """Connect as a login, by the driver alone."""
        return psycopg.connect(self.url(login), autocommit=True)

    def sql(self, *statements: str, login: str = "postgres") -> None:
        """Have statements carried out."""
        with self.connect(login) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def value(self, statement: str, login: str = OWNER) -> object:
        """Return the one value that a query gives."""
        with self.connect(login) as connection:
            row = connection.execute(statement.encode()).fetchone()
        return row[0] if row else None

    def add_edge(self, name: str, login: str | None = None) -> str:
        """Enter an edge, and return its id."""
        with self.database.writing(OPERATOR) as writing:
            return edges.create(writing, name, login).id


def make_site(server: Postgres) -> Site:
    """Return a database that the owner has, with its tables; nobody else was given anything."""
    superuser = server.empty()
    name = make_url(superuser).database
    with psycopg.connect(superuser, autocommit=True) as connection:
        for login, how in ((OWNER, "CREATEROLE"), (STRANGER, "")):
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [login]).fetchone():
                connection.execute(f"CREATE ROLE {login} LOGIN {how}".encode())
        connection.execute(f"ALTER DATABASE {name} OWNER TO {OWNER}".encode())
    site = Site(superuser)
    site.database.upgrade()
    return site


def furnish(site: Site) -> Site:
    """Make the logins, and one for each of two edges."""
    roles.make(site.database, USUAL)
    for login in (NORTH, SOUTH):
        if not site.value(f"SELECT count(*) FROM pg_roles WHERE rolname = '{login}'"):
            site.sql(f"CREATE ROLE {login} LOGIN IN ROLE {USUAL.follower}")
    return site


@pytest.fixture
def bare(postgres: Postgres) -> Iterator[Site]:
    """A registry without such logins."""
    site = make_site(postgres)
    yield site
    site.database.close()
    postgres.drop()


@pytest.fixture
def site(bare: Site) -> Site:
    """A registry with them, and a login for each of two edges."""
    return furnish(bare)


@pytest.fixture(scope="module")
def looked_at(postgres: Postgres) -> Iterator[Site]:
    """The same for a file of tests that change nothing; a fixture of one test would drop it with its own."""
    site = furnish(make_site(postgres))
    yield site
    site.database.close()
    postgres.drop()


@pytest.fixture
def new_feed(site: Site) -> Iterator[Callable[[str, str], RegistryFeed]]:
    """What makes feeds of the registry, of a login and an edge's name."""
    opened: list[RegistryFeed] = []

    def make(login: str, edge: str) -> RegistryFeed:
        opened.append(RegistryFeed(site.url(login), edge))
        return opened[-1]

    yield make
    for feed in opened:
        feed.close()
