"""Rows for the tests of who sees what, entered past the services: also such as no service would make today."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from control.registry.store.ids import new_id
from control.registry.store.model import (
    Application,
    Base,
    Intent,
    Job,
    Person,
    Provider,
    Registrant,
    Registration,
    Token,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
WHEN = {"created_at": NOON, "changed_at": NOON}


@dataclass
class Crowd:
    """Two registrants and two providers, an officer, a token and an intent, and whatever is added."""

    registrants: list[Registrant] = field(default_factory=list)
    providers: list[Provider] = field(default_factory=list)
    others: list[Base] = field(default_factory=list)
    cases: list[Application | Registration] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)

    @classmethod
    def of_two(cls) -> "Crowd":
        names = ("one", "two")
        return cls(
            [Registrant(id=new_id("reg"), kind="individual", name=name, contacts=[], **WHEN) for name in names],
            [Provider(id=new_id("prv"), name=name, contacts=[], **WHEN) for name in names],
            [
                Person(id=new_id("per"), name="one", roles=["officer", "auditor"], **WHEN),
                Token(
                    id=new_id("tok"),
                    name="t",
                    digest=bytes(32),
                    scopes=["public"],
                    holder="one",
                    makers=[],
                    expires_at=NOON,
                    **WHEN,
                ),
                Intent(id=new_id("int"), step="expire", reason="", state="open", proposed_by="clock", **WHEN),
            ],
        )

    def apply(self, registrant: str, provider: str | None, state: str, submitted: bool) -> None:
        """Add an application, and a registration of it."""
        application = Application(
            id=new_id("app"),
            registrant_id=registrant,
            provider_id=provider,
            category="company",
            documents=[],
            state=state,
            reason="",
            submitted_at=NOON if submitted else None,
            **WHEN,
        )
        registration = Registration(
            id=new_id("rgn"),
            application_id=application.id,
            registrant_id=registrant,
            category="company",
            first=bytes(16),
            length=128,
            prefix="::",
            protocols="",
            ports="",
            valid_from=NOON,
            valid_until=NOON + timedelta(days=1),
            state="expired",
            live_serial=1,
            **WHEN,
        )
        self.cases += [application, registration]

    def order(self, owner: str) -> None:
        """Add a job."""
        job = Job(id=new_id("job"), kind="export", state="done", owner=owner, request={}, result={}, **WHEN)
        self.jobs.append(job)

    def enter(self, session: Session) -> None:
        """Put all of it into the database."""
        groups: Sequence[Sequence[Base]] = (self.registrants, self.providers, self.others, self.cases, self.jobs)
        for group in groups:
            session.add_all(group)
            session.flush()
