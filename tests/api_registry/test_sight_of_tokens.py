"""Tokens at random, before rows of every kind: each list of the API and of the command line is what sight says."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from api.application import create_app
from api.registry.desk import store
from control import config
from control.registry.access import scopes, sight, tokens
from control.registry.access.actor import Actor
from control.registry.parties import persons
from control.registry.parties.persons import ROLES, PersonText
from control.registry.store.database import Database, open_database
from control.registry.store.model import Application, Intent, Job, Person, Provider, Registrant, Registration, Token
from tests.cli_registry.conftest import Wicket
from tests.registry.cast import OPERATOR
from tests.registry.crowd import Crowd

RATES = "check_rate = 1000000\naddress_rate = 1000000\ntoken_rate = 1000000\n"
KINDS: dict[str, type[Any]] = {
    "registrant": Registrant,
    "application": Application,
    "registration": Registration,
    "provider": Provider,
    "job": Job,
    "intent": Intent,
    "person": Person,
    "token": Token,
}
PAGED = ("registrant", "application", "registration", "job", "intent")
"""Kinds whose lists the command line cuts."""


@dataclass(frozen=True)
class Place:
    """The API without its server, the command line, and the database that both are before."""

    client: FlaskClient
    wicket: Wicket
    database: Database
    registrants: list[str]
    providers: list[str]

    def listed(self, kind: str, token: str) -> set[str] | None:
        """Return the ids of a list of the API; none when it is refused."""
        ids: set[str] = set()
        cursor = ""
        while True:
            answer = self.client.get(f"/v1/{kind}s?limit=50{cursor}", headers={"Authorization": f"Bearer {token}"})
            if answer.status_code == 403:
                return None
            assert answer.status_code == 200, answer.text
            page = answer.get_json()
            ids |= {item["id"] for item in page["items"]}
            if page["next"] is None:
                return ids
            cursor = f"&cursor={page['next']}"

    def listed_at_the_machine(self, kind: str, name: str) -> set[str] | None:
        """Return the ids of a list of the command line; none when it is refused."""
        limit = ("--limit", "1000") if kind in PAGED else ()
        done = self.wicket.run(f"{kind}s", "list", *limit, "--json", who=name)
        if done.exit_code:
            assert json.loads(done.stderr)["kind"] == "forbidden"
            return None
        return {item["id"] for item in json.loads(done.stdout)}

    def visible(self, kind: str, actor: Actor) -> set[str] | None:
        """Return the ids of the rows that sight lets an actor see; none when he may not ask."""
        if not scopes.may(actor, f"{kind}.read"):
            return None
        with self.database.reading() as session:
            return {row.id for row in session.scalars(sight.select_visible(actor, KINDS[kind]))}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("tokens")
    url = f"sqlite:///{directory}/registry.db"
    file = directory / "wicket.toml"
    file.write_text(f'state = "{directory}"\n[registry]\nenabled = true\nurl = "{url}"\n{RATES}')
    application = create_app(config.load(file))
    database, crowd = open_database(config.load(file)), Crowd.of_two()
    everything = product(
        crowd.registrants,
        [None, *crowd.providers],
        ["draft", "submitted", "returned", "approved", "withdrawn"],
        [True, False],
    )
    for registrant, provider, state, submitted in everything:
        crowd.apply(registrant.id, provider.id if provider else None, state, submitted)
    ids = [registrant.id for registrant in crowd.registrants], [provider.id for provider in crowd.providers]
    for owner in (*ids[0], *ids[1]):
        crowd.order(owner)
    with database.writing(OPERATOR) as writing:
        crowd.enter(writing.session)
    yield Place(application.test_client(), Wicket(directory / "desk", url, config.load(file).key_file), database, *ids)
    database.close()
    application.extensions[store.EXTENSION].close()


@settings(max_examples=30, deadline=None)
@given(
    granted=st.frozensets(st.sampled_from(("officer", "operator", "auditor", "public")), min_size=1)
    | st.sampled_from((frozenset({"registrant"}), frozenset({"provider"}), frozenset({"provider", "public"}))),
    side=st.integers(0, 1),
)
def test_every_list_is_what_sight_says(place: Place, granted: frozenset[str], side: int) -> None:
    registrant = place.registrants[side] if "registrant" in granted else None
    provider = place.providers[side] if "provider" in granted else None
    with place.database.writing(OPERATOR) as writing:
        roles = sorted(granted & {*ROLES})
        text = {"name": f"somebody {secrets.token_hex(8)}", "roles": roles}
        holder = registrant or provider or persons.create(writing, PersonText.model_validate(text)).id
        secret = tokens.create(writing, tokens.NewToken("test", tuple(granted), holder, timedelta(days=1)))[1]
    actor = Actor(holder, granted, registrant, provider)
    for kind in KINDS:
        assert place.listed(kind, secret) == place.visible(kind, actor), kind


@pytest.mark.parametrize("kind", KINDS)
def test_every_list_at_the_machine_is_what_sight_says(place: Place, kind: str) -> None:
    own = [Actor(id_, frozenset({"registrant"}), registrant=id_) for id_ in place.registrants]
    own += [Actor(id_, frozenset({"provider"}), provider=id_) for id_ in place.providers]
    for actor in own:
        assert place.listed_at_the_machine(kind, actor.id) == place.visible(kind, actor)
    assert place.listed_at_the_machine(kind, "") == place.visible(kind, OPERATOR)
