"""A write transaction: who acts, what it does to the live list, and the audit rows that go with it."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from sqlalchemy import CursorResult, insert, select, text, update
from sqlalchemy.orm import Session

from control.allowlist.digest import Digest
from control.fault import Refused
from control.registry.access.actor import Actor
from control.registry.audit import chain as audit
from control.registry.audit import heads
from control.registry.parties.categories import Category, load_categories
from control.registry.space.addresses import AddressRules
from control.registry.store import listed
from control.registry.store.keys import Keys
from control.registry.store.model import Ledger, Listing, Publication
from control.rollout.limits import Limit

MANY = 5000
"""Values in one statement: SQLite takes 32,766 (SQLITE_MAX_VARIABLE_NUMBER), PostgreSQL's protocol 65,535."""

CHANNEL = "wicket_serial"
"""Where PostgreSQL tells followers, at the commit, that a serial was given; SQLite has no such thing."""

FAULTS_KEPT = 20
"""Faults of a refused attempt that its audit row repeats."""

ALONE = Limit(few=2, most=20, share=5)
"""Live entries, and per cent of the list."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Expiry:
    """How the registry's clock takes off the list what has come to its end, and is not in use.

    Attributes:
        batch: registrations at once; 0: it takes none off by itself.
        every: time between two batches.
        grace: how long after it has found that an end has come.
    """

    batch: int = 1000
    every: timedelta = timedelta(minutes=10)
    grace: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the configuration says about addresses, categories, and what may be taken off the list, and how."""

    addresses: AddressRules = field(default_factory=AddressRules)
    categories: Mapping[str, Category] = field(default_factory=load_categories)
    alone: Limit = ALONE
    expiry: Expiry = Expiry()


def portions(values: Collection[T], size: int = MANY) -> Iterator[list[T]]:
    """Yield values in lists small enough for one statement."""
    listed = list(values)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


class Writing:
    """What a service function changes the registry with; only ``Database.writing`` makes one.

    Attributes:
        session: the open transaction, the only one that writes.
        actor: who acts.
        request_id: of the request that asked for it, for the audit.
        now: the time of everything in this transaction, in UTC.
        uptime: the same by the machine's own clock: the boot, and seconds in it.
        rules: what the configuration says.
        added, removed: entries that joined and left the live list so far.
    """

    def __init__(
        self,
        session: Session,
        ledger: Ledger,
        actor: Actor,
        request_id: str,
        now: datetime,
        uptime: tuple[str, float],
        rules: Rules,
        keys: Callable[[], Keys],
    ) -> None:
        self.session, self.actor, self.request_id, self.rules = session, actor, request_id, rules
        self.now, self.uptime = now, uptime
        self.added = self.removed = 0
        self._ledger, self._keys = ledger, keys
        self._audit: list[audit.AuditEntry] = []
        self._action = ("write", "")
        self._signs = False

    @property
    def serial(self) -> int:
        """The serial that this transaction gives when it changes the live list."""
        return self._ledger.serial + 1

    @property
    def keys(self) -> Keys:
        """What the registry's key is good for; see ``Database.keys``."""
        return self._keys()

    def set_action(self, action: str, object_: str = "") -> None:
        """Say which action is tried with which object, so that a refusal can be audited as that."""
        self._action = action, object_

    def record(self, action: str, object_: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Have an audit row written for a change: the fields that changed, before and after."""
        self._audit.append(audit.AuditEntry(action, object_, before, after))

    def sign_head(self) -> None:
        """Have a signed head of the audit made at the end; a removal has one anyhow."""
        self._signs = True

    def list_entries(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put on the live list what ``model.Registration`` says of each row: id, first, length, protocols, ports."""
        fields = ("first", "length", "protocols", "ports")
        listings = [
            {"registration_id": row["id"], "joined_serial": self.serial, **{name: row[name] for name in fields}}
            for row in rows
        ]
        for portion in portions(listings):
            self.session.execute(insert(Listing), portion)
        self.added += len(listings)

    def delist(self, registrations: Collection[str]) -> None:
        """Take registrations off the live list; those that are not on it do not matter."""
        for portion in portions(registrations):
            gone = update(Listing).where(Listing.registration_id.in_(portion), Listing.left_serial.is_(None))
            result = cast("CursorResult[Any]", self.session.execute(gone.values(left_serial=self.serial)))
            self.removed += result.rowcount

    def finish(self) -> None:
        """Give the serial and write the audit; the commit comes right after."""
        if self.added or self.removed:
            self._publish()
        signs = self._signs or bool(self.removed)
        number, entry = heads.announce(self.session) if signs else (0, None)
        self._write_audit([*self._audit, entry] if entry else self._audit)
        if signs:
            digest = self.session.scalar(select(Publication.digest).where(Publication.serial == self._ledger.serial))
            heads.make(self.session, self._ledger, self.keys, self.now, number, digest)

    def _publish(self) -> None:
        """Give the serial of what joined and left the list."""
        digest = bytes(self._digest())
        before = {"serial": self._ledger.serial, "count": self._ledger.count}
        self._ledger.serial += 1
        self._ledger.count += self.added - self.removed
        given = {
            "serial": self._ledger.serial,
            "added": self.added,
            "removed": self.removed,
            "count": self._ledger.count,
        }
        self.session.add(Publication(at=self.now, digest=digest, **given))
        after = {**given, "digest": digest.hex(), "epoch": self._ledger.epoch.hex()}
        self.record(listed.PUBLISHED, listed.LIST, before, after)
        if self.session.get_bind().dialect.name == "postgresql":
            self.session.execute(text(f"NOTIFY {CHANNEL}"))

    def _digest(self) -> Digest:
        """Return the digest of the whole list with what this transaction changed.

        It follows from the one before, so that it notices when a row has since been lost, or come.
        """
        self.session.flush()
        which = select(Publication.digest).where(Publication.serial == self._ledger.serial)
        kept = self.session.scalar(which) if self._ledger.serial else bytes(Digest())
        if kept is None:  # an earlier version gave that serial
            return Digest.of(listed.now(self.session))
        joined, left = listed.joined(self.session, self.serial), listed.left(self.session, self.serial)
        return Digest.from_bytes(kept).after(joined, left)

    def finish_refused(self, refused: Refused, action: str, object_: str) -> None:
        """Write the audit row of a refused attempt, and nothing else."""
        what = refused.to_dict()
        what["faults"] = what["faults"][:FAULTS_KEPT]
        self._write_audit([audit.AuditEntry(action, object_, {}, what, "refused")])

    @property
    def action(self) -> tuple[str, str]:
        """The action that was last tried, and its object."""
        return self._action

    def _write_audit(self, entries: Sequence[audit.AuditEntry]) -> None:
        audit.append(self.session, self._ledger, self.now, self.actor.id, self.request_id, entries)
