"""One officer, alone, by any sequence of calls of the API: never takes off more than one officer may within a day."""

from __future__ import annotations

import json
import os
import tempfile
from collections import deque
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import text

from api.application import create_app
from api.registry.desk import store
from control.config import parse
from control.registry.access import tokens
from control.registry.access.tokens import NewToken
from control.registry.jobs.calendar import Housekeeping
from control.registry.parties import persons
from control.registry.parties.persons import PersonText
from control.registry.store.database import Database
from tests import scratch
from tests.registry.cast import OPERATOR, assemble, register
from tests.registry.clock import Clock

ALONE, LISTED = 6, 40
DAY = timedelta(days=1)
CONFIG = """
state = "{0}"
run = "{0}"
[api]
gateway = false
[registry]
enabled = true
allow_private = true
alone = {1}
alone_share = 100
alone_few = 1
address_rate = 1000000
token_rate = 1000000
"""

which = st.lists(st.integers(0, LISTED - 1), min_size=1, max_size=4, unique=True)


class OneOfficer(RuleBasedStateMachine):
    """A registry with forty live entries, and one officer who does whatever the API takes."""

    most = 0

    @initialize()
    def begin(self) -> None:
        self.directory = tempfile.TemporaryDirectory(dir=scratch.directory())  # thousands of commits: no disk
        app = create_app(parse(CONFIG.format(self.directory.name, ALONE)))
        self.database: Database = app.extensions[store.EXTENSION]
        self.clock = Clock()
        self.database._clock = self.clock
        self.cast = assemble(self.database)
        self.ids = register(self.database, self.cast, *(f"10.0.0.{number}" for number in range(LISTED)))
        with self.database.writing(OPERATOR) as writing:
            self.officer = persons.create(writing, PersonText(name="the one officer", roles=["officer"])).id
        self._get_a_token()
        self.client: FlaskClient = app.test_client()
        self.keys, self.intents = 0, deque[str](maxlen=20)
        self.taken: deque[tuple[datetime, int]] = deque()
        self.live = self._count()

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            self.directory.cleanup()

    def _get_a_token(self) -> None:
        with self.database.writing(OPERATOR) as writing:
            new = NewToken(f"theirs {self.clock.now}", ("officer",), self.officer, timedelta(days=30))
            self.token = tokens.create(writing, new)[1]

    def call(self, method: str, path: str, body: Any = None, version: int | None = None) -> Any:
        """Ask as the officer; give the answer's JSON."""
        self.keys += 1
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(self.keys), "If-Match": "*"}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        answer = self.client.open(path, method=method, json=body, headers=headers)
        assert answer.status_code < 500, answer.data
        said = answer.get_json()
        if isinstance(said, dict) and str(said.get("id", "")).startswith("int_"):
            self.intents.append(said["id"])
        return said

    def _count(self) -> int:
        with self.database.reading() as session:
            return int(session.scalar(text("SELECT count FROM ledger")) or 0)

    @rule(chosen=which, step=st.sampled_from(["suspend", "revoke", "expire"]))
    def propose(self, chosen: list[int], step: str) -> None:
        with self.database.reading() as session:
            rows = session.execute(text("SELECT id, version FROM registration")).all()
        known = {row.id: row.version for row in rows}
        versions = {self.ids[number]: known[self.ids[number]] for number in chosen}
        self.call("POST", "/v1/intents", {"step": step, "reason": "as I please", "versions": versions})

    @rule(number=st.integers(0, LISTED - 1), step=st.sampled_from(["suspend", "revoke", "expire"]))
    def propose_one(self, number: int, step: str) -> None:
        body = {} if step == "expire" else {"reason": "as I please"}
        self.call("POST", f"/v1/registrations/{self.ids[number]}/{step}", body)

    @rule(place=st.integers(0, 19), off=st.sampled_from([0, 0, 0, 1, -1]))
    def confirm(self, place: int, off: int) -> None:
        if place < len(self.intents):
            intent = self.intents[place]
            effect = self.call("GET", f"/v1/intents/{intent}").get("effect") or {"live": 0}
            self.call("POST", f"/v1/intents/{intent}/confirm", {"live": max(0, effect["live"] + off)})

    @rule(chosen=which)
    def take_off(self, chosen: list[int]) -> None:
        before = len(self.intents)
        self.propose(chosen, "suspend")
        if len(self.intents) > before:
            self.confirm(len(self.intents) - 1, 0)

    @rule(place=st.integers(0, 19))
    def cancel(self, place: int) -> None:
        if place < len(self.intents):
            self.call("POST", f"/v1/intents/{self.intents[place]}/cancel", {})

    @rule(number=st.integers(0, LISTED - 1), step=st.sampled_from(["resume", "renew"]))
    def keep(self, number: int, step: str) -> None:
        self.call("POST", f"/v1/registrations/{self.ids[number]}/{step}", {})

    @rule(scope=st.sampled_from(["officer", "operator", "public"]))
    def make_a_token(self, scope: str) -> None:
        said = self.call("POST", "/v1/tokens", {"name": f"n{self.keys}", "scopes": [scope], "holder": self.officer})
        assert scope == "public" or "token" not in said, "no officer makes a second self"

    @rule()
    def enter_a_second_self(self) -> None:
        assert "id" not in self.call("POST", "/v1/officers", {"name": f"another {self.keys}"})
        body = {"name": f"another {self.keys}", "roles": ["auditor", "officer"]}
        assert "id" not in self.call("POST", "/v1/persons", body)

    @rule(hours=st.sampled_from([1, 6, 23, 25]))
    def wait(self, hours: int) -> None:
        self.clock.now += timedelta(hours=hours)
        self._get_a_token()

    @rule()
    def wait_until_everything_has_ended(self) -> None:
        self.clock.now += timedelta(days=800)
        self._get_a_token()
        with tempfile.TemporaryDirectory(dir=scratch.directory()) as anchors:
            Housekeeping(self.database, Path(anchors))()
        for intent in self.call("GET", "/v1/intents?state=open&sort=-changed_at")["items"]:
            self.intents.append(intent["id"])

    @invariant()
    def takes_off_no_more_than_one_may(self) -> None:
        if not hasattr(self, "live"):
            return
        before, self.live = self.live, self._count()
        if self.live < before:
            self.taken.append((self.clock.now, before - self.live))
        while self.taken and self.taken[0][0] <= self.clock.now - DAY:
            self.taken.popleft()
        taken = sum(count for _, count in self.taken)
        OneOfficer.most = max(OneOfficer.most, taken)
        assert taken <= ALONE, json.dumps([count for _, count in self.taken])


STEPS = int(os.environ.get("WICKET_STEPS", "1000"))
"""All in all; 10,000 take a minute or two."""

TestOneOfficer = OneOfficer.TestCase
TestOneOfficer.settings = settings(
    max_examples=max(1, STEPS // 50),
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def test_the_limit_was_reached() -> None:
    """Else nothing was tried."""
    assert OneOfficer.most == ALONE
