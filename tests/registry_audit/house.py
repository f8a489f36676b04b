"""A registry with something in every table that the audit tells of, and its heads as an edge has kept them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from control.registry.access import tokens
from control.registry.access.tokens import NewToken
from control.registry.audit import anchors, verify
from control.registry.audit.chain import Tampering, Witnessed
from control.registry.cases import registrations
from control.registry.intents import intents, policies
from control.registry.jobs import calendar, jobs
from control.registry.parties import persons
from control.registry.parties.persons import PersonText
from control.registry.space import allocations
from control.registry.store.database import Database
from tests.registry.cast import OFFICER, OPERATOR, Cast, assemble, register
from tests.registry.clock import Clock
from tests.registry.conftest import found
from tests.registry.key import key


@dataclass
class House:
    """The registry, and what lies beside it.

    Attributes:
        files: the directory of the heads.
        ids: of what is in it, by what it is to a manipulation.
        witnesses: the heads that an edge has kept.
    """

    database: Database
    clock: Clock
    cast: Cast
    files: Path
    ids: dict[str, str] = field(default_factory=dict)
    witnesses: list[Witnessed] = field(default_factory=list)

    def sql(self, *statements: str) -> None:
        """Do with the database what its owner can, without the audit's triggers, for good."""
        with Session(self.database._engine_for("writing")) as session:
            self._do(session, *statements)
            session.commit()

    def tried(self, *statements: str) -> list[Tampering]:
        """Return what is found of it, and undo it."""
        with Session(self.database._engine_for("writing")) as session:
            self._do(session, *statements)
            return list(
                verify.findings(session, key().read().public.hex(), [*anchors.kept(self.files), *self.witnesses])
            )

    def changed(self, change: Callable[[Session], None]) -> None:
        """Do something else with the database, for good."""
        with Session(self.database._engine_for("writing")) as session:
            self._do(session)
            change(session)
            session.commit()

    def heads(self) -> list[Witnessed]:
        """Return the heads that there are now, as an edge keeps them."""
        with self.database.reading() as session:
            lines = session.execute(text("SELECT line FROM audit_head ORDER BY number")).scalars().all()
        return [each for each in anchors.in_text("\n".join(lines), "edge north") if isinstance(each, Witnessed)]

    def found(self, *, with_edge: bool = True) -> list[Tampering]:
        """Return what verifying finds, with the day's files and with what the edge has kept."""
        return found(self.database, [*anchors.kept(self.files), *(self.witnesses if with_edge else ())])

    def _do(self, session: Session, *statements: str) -> None:
        names = ["audit_is_kept_from_update", "audit_is_kept_from_delete"]
        for name in names if self.database.is_sqlite else ["audit_is_kept"]:
            session.execute(text(f"DROP TRIGGER IF EXISTS {name}" + ("" if self.database.is_sqlite else " ON audit")))
        for statement in statements:
            session.execute(text(statement.format(**self.ids)))


def furnished(database: Database, clock: Clock, files: Path) -> House:
    """Return such a registry, two hours old, with two heads of which the first is in a file."""
    cast = assemble(database)
    live = register(database, cast, "10.1.0.1", "10.1.0.2", "10.1.0.3", "10.1.0.4")
    ids = dict(zip(("resumed", "suspended", "live", "fourth"), live, strict=True))
    with database.writing(OPERATOR) as writing:
        person = persons.create(writing, PersonText(name="First Officer", roles=["officer"])).id
        token, old = (
            tokens.create(writing, NewToken(name, ("officer",), person, timedelta(days=9)))[0].id
            for name in ("desk", "old")
        )
        tokens.revoke(writing, old)
        allocations.replace(writing, cast.provider, None, [])
        ids |= {"person": person, "token": token, "revoked": old}
    with database.writing(OFFICER) as writing:
        intent = intents.propose(writing, "suspend", {ids["resumed"]: None, ids["suspended"]: None}, "test").id
        intents.confirm(writing, intent, 2)
    with database.writing(OFFICER) as writing:
        registrations.resume(writing, ids["resumed"])
        ids |= {
            "intent": intent,
            "waiting": intents.propose(writing, "revoke", {ids["live"]: None}, "test").id,
            "policy": policies.propose(writing, {"ike": {"mode": "enforce", "share": 5}}, '"seen"').id,
            "job": jobs.order_export(writing, "registrations").id,
        }
    with database.reading() as session:
        ids["application"] = session.execute(text("SELECT id FROM application LIMIT 1")).scalar_one()
    calendar.sign_head(database)
    calendar.anchor_daily(database, files)
    clock.pass_(hours=2)
    calendar.sign_head(database)
    house = House(database, clock, cast, files, ids | {"company": cast.company, "provider": cast.provider})
    house.ids |= _literals(is_sqlite=database.is_sqlite)
    house.witnesses = house.heads()
    return house


def _literals(*, is_sqlite: bool) -> dict[str, str]:
    """Return what either database writes otherwise."""
    zeros = "zeroblob({})" if is_sqlite else "decode(repeat('00', {}), 'hex')"
    return {
        "x32": zeros.format(32),
        "x16": zeros.format(16),
        "far": "'2099-01-01 00:00:00.000000'",
        "false": "0" if is_sqlite else "false",
    }
