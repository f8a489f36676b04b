"""The workflow at random: whatever is done, the live list is exactly the set of active registrations.

A follower that started with nothing replays every change; what it has must be the snapshot, and that must be what
the states say. Steps are taken legal or not, by whoever; what is refused must change nothing.
"""

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule
from sqlalchemy import select

from control.allowlist.allowlist import Allowlist
from control.fault import Refused
from control.registry.access.actor import CLOCK, Actor
from control.registry.audit import chain as audit
from control.registry.cases import applications, registrations, review, workflow
from control.registry.endings import dates
from control.registry.intents import intents, undoing
from control.registry.publication import serials, use
from control.registry.space import addresses
from control.registry.store.database import Database
from control.registry.store.model import Registration
from control.registry.store.writing import Writing
from tests import scratch
from tests.registry.cast import OFFICER, RULES, SECOND, assemble
from tests.registry.clock import Clock
from tests.registry.key import key
from tests.registry.sqlite import Sqlite

PREFIXES = [f"10.0.0.{each}" for each in range(8)] + ["10.0.0.0/30", "10.0.0.4/31", "fd00::1", "fd00::/64"]
ROWS = [
    *PREFIXES,
    {"prefix": "10.0.0.1", "protocols": ["wireguard"], "ports": [51820]},
    {"prefix": "10.0.0.9", "protocols": ["openvpn"]},
]


class Workflow(RuleBasedStateMachine):
    """A registry, two applicants and the officers, and a follower of the live list."""

    filed = Bundle("filed")
    registered = Bundle("registered")
    proposed = Bundle("proposed")

    @initialize()
    def begin(self) -> None:
        self.directory = tempfile.TemporaryDirectory(dir=scratch.directory())  # thousands of commits: no disk
        self.clock = Clock()
        self.database = Database(
            Sqlite(Path(self.directory.name)).migrated(), RULES, self.clock, self.clock.uptime, key()
        )
        self.cast = assemble(self.database)
        self.follower, self.serial, self.watched = Allowlist.empty(), 0, 0.0

    def teardown(self) -> None:
        if hasattr(self, "database"):
            with self.database.reading() as session:
                assert list(audit.verify(session)) == []
            self.database.close()
            self.directory.cleanup()

    def attempt(self, actor: Actor, action: Callable[[Writing], Any]) -> Any:
        """Try something as one transaction; a refusal is an answer too."""
        with contextlib.suppress(Refused), self.database.writing(actor) as writing:
            return action(writing)

    def actors(self) -> dict[str, Actor]:
        return {
            "applicant": self.cast.applicant,
            "other": self.cast.other,
            "provider": self.cast.confirmer,
            "officer": OFFICER,
            "second": SECOND,
        }

    @rule(target=filed, rows=st.lists(st.sampled_from(ROWS), min_size=1, max_size=3), rival=st.booleans())
    def file(self, rows: list[object], rival: bool) -> Any:
        whose = self.cast.rival if rival else self.cast.company

        def create(writing: Writing) -> str:
            return applications.create(writing, self.cast.draft(writing, *rows, registrant=whose)).id

        return self.attempt(OFFICER, create) or multiple()

    @rule(application=filed, step=st.sampled_from(["submit", "confirm", "return", "refuse", "withdraw"]), who=st.data())
    def take_a_step(self, application: str, step: str, who: st.DataObject) -> None:
        actor = self.actors()[who.draw(st.sampled_from(sorted(self.actors())))]
        steps: dict[str, Callable[[Writing], Any]] = {
            "submit": lambda writing: review.submit(writing, application),
            "confirm": lambda writing: review.confirm(writing, application),
            "return": lambda writing: review.return_(writing, application, "unreadable"),
            "refuse": lambda writing: review.refuse(writing, application, "not theirs"),
            "withdraw": lambda writing: review.withdraw(writing, application),
        }
        self.attempt(actor, steps[step])

    @rule(target=registered, application=filed)
    def go_all_the_way(self, application: str) -> Any:
        self.attempt(self.cast.applicant, lambda writing: review.submit(writing, application))
        self.attempt(self.cast.other, lambda writing: review.submit(writing, application))
        self.attempt(self.cast.confirmer, lambda writing: review.confirm(writing, application))
        approved = self.attempt(OFFICER, lambda writing: [each.id for each in review.approve(writing, application)])
        return multiple(*(approved or []))

    @rule(registration=registered, step=st.sampled_from(["renew", "resume", "restore"]))
    def keep(self, registration: str, step: str) -> None:
        take = getattr(registrations, step)
        self.attempt(OFFICER, lambda writing: take(writing, registration))

    @rule(
        target=proposed,
        one=registered,
        more=st.lists(registered, max_size=2),
        step=st.sampled_from(["suspend", "revoke", "expire"]),
    )
    def propose(self, one: str, more: list[str], step: str) -> Any:
        ids = dict.fromkeys([one, *more])
        made = self.attempt(OFFICER, lambda writing: intents.propose(writing, step, ids, "as ordered").id)
        return made or multiple()

    @rule(intent=proposed, second=st.booleans(), off=st.sampled_from([0, 0, 0, 1]))
    def confirm(self, intent: str, second: bool, off: int) -> None:
        with self.database.reading() as session:
            live = intents.effect(session, intent).live + off
        self.attempt(SECOND if second else OFFICER, lambda writing: intents.confirm(writing, intent, live))

    @rule(intent=consumes(proposed))
    def cancel(self, intent: str) -> None:
        self.attempt(OFFICER, lambda writing: intents.cancel(writing, intent))

    @rule(intent=proposed)
    def undo(self, intent: str) -> None:
        self.attempt(OFFICER, lambda writing: undoing.undo(writing, intent))

    @rule(one=registered, ago=st.integers(0, 100))
    def report(self, one: str, ago: int) -> None:
        """Have an edge report that an address is in use, or was."""
        self.watched += 86_400.0

        def say(writing: Writing) -> None:
            registration = writing.session.get_one(Registration, one)
            account = use.Account(self.watched, 1, 0, writing.now)
            edge = use.begin(writing, "edge", account)
            use.note(writing, edge, [(registration.first, registration.length, self.watched - ago * 3600.0)])
            use.conclude(writing, edge, account)

        self.attempt(Actor("edge"), say)

    @rule(target=proposed, days=st.integers(1, 200))
    def wait(self, days: int) -> Any:
        self.clock.pass_(days=days)
        tick = self.attempt(CLOCK, lambda writing: next(iter(dates.tick(writing).intents), None))
        return tick or multiple()

    @invariant()
    def the_live_list_is_what_is_active(self) -> None:
        if not hasattr(self, "database"):
            return
        with self.database.reading() as session:
            snapshot = serials.snapshot(session)
            active = session.scalars(select(Registration).where(Registration.state.in_(workflow.LIVE)))
            expected = Allowlist.from_entries(map(addresses.entry, active))
            for delta in serials.deltas(session, snapshot.head.epoch, self.serial):
                assert delta.head.serial == self.serial + 1
                self.follower = self.follower.with_changes(delta.added, delta.removed)
                self.serial += 1
                assert len(self.follower) == delta.head.count
        assert snapshot.entries == expected == self.follower
        assert (snapshot.head.serial, snapshot.head.count) == (self.serial, len(expected))


EXAMPLES = int(os.environ.get("WICKET_EXAMPLES", "40"))
"""Runs of 50 steps: 200 make the 10,000 steps of a thorough look."""

TestWorkflow = Workflow.TestCase
TestWorkflow.settings = settings(max_examples=EXAMPLES, stateful_step_count=50, suppress_health_check=list(HealthCheck))
