"""What ends, what is in use, and the way back, as the API tells and does it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api.application import create_app
from api.registry.desk import store
from control.config import parse
from control.registry.access import tokens
from control.registry.access.actor import CLOCK
from control.registry.access.tokens import NewToken
from control.registry.endings import dates
from control.registry.parties import persons
from control.registry.parties.persons import PersonText, Role
from control.registry.store.database import Database
from tests.registry.cast import OPERATOR, assemble, register
from tests.registry.clock import Clock
from tests.registry.reporting import report

CONFIG = """
state = "{0}"
run = "{0}"
[api]
gateway = false
[registry]
enabled = true
allow_private = true
alone_share = 100
"""


class House:
    """A registry with thirty registrations, an officer and a second one, an operator, and a clock."""

    def __init__(self, directory: Path) -> None:
        app = create_app(parse(CONFIG.format(directory)))
        self.database: Database = app.extensions[store.EXTENSION]
        self.clock = Clock()
        self.database._clock, self.database._uptime = self.clock, self.clock.uptime
        self.ids = register(self.database, assemble(self.database), *(f"10.0.0.{number}" for number in range(30)))
        self.client, self.keys = app.test_client(), 0

    def ask(self, method: str, path: str, body: Any = None, who: str = "first", status: int = 200) -> Any:
        self.keys += 1
        role: Role = "operator" if who == "operator" else "officer"
        with self.database.writing(OPERATOR) as writing:
            holder = persons.create(writing, PersonText(name=f"{who} {self.keys}", roles=[role])).id
            token = tokens.create(writing, NewToken(f"of {who} {self.keys}", (role,), holder, timedelta(days=30)))[1]
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(self.keys), "If-Match": "*"}
        answer = self.client.open(path, method=method, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json if answer.is_json else answer.text


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.database.close()


def test_a_mass_expiry_is_told_held_and_undone(house: House) -> None:
    house.clock.pass_(days=350)
    report(house.database, house.ids[:2], watched=house.clock.seconds)
    (day,) = house.ask("GET", "/v1/registry")["days"]
    assert (day["number"], day["registrations"], day["in_use"], day["is_mass"]) == (14, 30, 2, True)
    assert 'wicketgate_registry_ending{days="30"} 30.0' in house.ask("GET", "/metrics")
    assert "wicketgate_registry_mass_expiries 1.0" in house.ask("GET", "/metrics")
    house.clock.pass_(days=16)
    with house.database.writing(CLOCK) as writing:
        dates.tick(writing)
    seen = house.ask("GET", "/v1/registry")
    assert (seen["over"], seen["held"], seen["open_intents"]) == (30, 2, 2)
    assert any("edge north has not reported" in why for why in seen["waits"])
    held, batch = house.ask("GET", "/v1/intents")["items"]
    assert (held["by_clock"], held["effect"]["in_use"], batch["by_clock"]) == (False, 2, True)
    page = house.ask("GET", f"/v1/intents/{held['id']}/registrations?limit=1")
    assert [(line["registrant"], line["prefix"], line["in_use"]) for line in page["items"]] == [
        ("Company", "10.0.0.0", True)
    ]
    assert page["items"][0]["traffic"][0]["edge"] == "north"
    assert page["next"]
    for who in ("first", "second"):
        house.ask("POST", f"/v1/intents/{held['id']}/confirm", {"live": 2}, who)
    assert house.ask("POST", f"/v1/intents/{held['id']}/undo") == {"back": 2, "left": []}
    detail = house.ask("GET", f"/v1/registrations/{house.ids[0]}")
    assert (detail["state"], detail["traffic"][0]["in_use"]) == ("active", True)


def test_many_are_renewed_at_once(house: House) -> None:
    house.clock.pass_(days=1)
    body = {"step": "renew", "versions": dict.fromkeys(house.ids, 1)}
    kept = house.ask("POST", "/v1/registrations/steps", body)["items"]
    assert (len(kept), {each["version"] for each in kept}) == (30, {2})
    house.ask("POST", "/v1/registrations/steps", body, status=412)


def test_an_edge_is_shown_and_retired(house: House) -> None:
    report(house.database, house.ids[:1], ahead=2.5)
    (edge,) = house.ask("GET", "/v1/edges")["items"]
    assert (edge["name"], edge["entries"], edge["held"], edge["ahead_s"]) == ("north", 1, 0, 2.5)
    house.ask("POST", f"/v1/edges/{edge['id']}/retire", status=403)
    assert house.ask("POST", f"/v1/edges/{edge['id']}/retire", who="operator")["retired_at"]
