"""One edge: its list, its policies and its interfaces, kept in the kernel and on disk."""

import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import structlog

from control.allowlist.allowlist import Allowlist
from control.config import Config
from control.datapath.controls import Policy
from control.datapath.datapath import Datapath
from control.edge.contact import Contact
from control.edge.interfaces import Interfaces
from control.edge.live import LiveList
from control.edge.seen import LastSeen
from control.edge.state.store import LocalList, Version
from control.fault import Fault, Kind, Refused, shown
from control.feed.feed import Position, demand_count
from control.rollout.union import Change
from control.vocabulary import MODES, VPN_PROTOCOLS

log = structlog.get_logger()

IN_USE = 24 * 3600.0  # s: an entry with traffic in the last day is in use
NAMED = 20  # prefixes in use that an answer names
NAMED_BY_DRY_RUN = 100  # prefixes of each kind
FEW_ENDS = 100_000  # above which sweeping the hash map is done every so often only
RARE_SWEEP = 60.0  # s


class Edge:
    """What an agent drives. Every change is made under one lock; reading the list needs none."""

    def __init__(self, config: Config) -> None:
        """Open the store, adopt or build what is in the kernel, and bring it to what was last accepted.

        Raises:
            Refused: another agent drives the instance, or kernel or disk do not do what is needed.
        """
        self.config = config
        self.lock = threading.RLock()
        self.started_at = time.monotonic()
        self.datapath = Datapath(config.pins, config.list.generations)  # and with it the right to write to the store
        try:
            self.store = LocalList(config.state_dir / "edge.db")
        except BaseException:
            self.datapath.close()
            raise
        self.last_seen = LastSeen()
        configured = {interface.name: interface.mode for interface in config.interfaces}
        self.interfaces = Interfaces(self.store, configured, lambda: self.datapath.programs)
        self._ends_swept_at = 0.0
        self._sampling_until: float | None = None
        self.contact: Contact | None = None  # with the feed, where one is followed
        self.live, self.policy_version = LiveList(self.datapath, self.store), 0
        try:
            self._bring_up()
        except BaseException:
            self.close()
            raise

    @property
    def list(self) -> Allowlist:
        """The local list."""
        return self.live.local

    @property
    def serial(self) -> int:
        """The local list's serial."""
        return self.live.serial

    @property
    def version(self) -> Version:
        """The local list's epoch and serial."""
        return self.live.version

    def replace(
        self, new: Allowlist, *, if_match: str | None = None, dry_run: bool = False, allow_empty: bool = False
    ) -> dict[str, Any]:
        """Make another list the local one, as a whole; return what that changed.

        Raises:
            Refused: it is empty, too long or not for this version, or there is no room for it; the list that is
                live stays so.
        """
        if len(new) == 0 and not allow_empty:
            mend = "to empty the list on purpose, say so: ?allow_empty=true, or --allow-empty"
            fault = Fault("the list", "it has no entry, and would cut everybody on the live one", mend)
            raise Refused(Kind.BAD_LIST, "The list is empty", [fault])
        with self.lock:
            started = time.perf_counter()
            change = Change(new, new.difference(self.list), self.list.without(new))
            return self._publish(change, time.perf_counter() - started, if_match, dry_run)

    def change(
        self, add: Allowlist, remove: Allowlist, *, if_match: str | None = None, dry_run: bool = False
    ) -> dict[str, Any]:
        """Add entries to the local list and remove prefixes, all or nothing; return what that changed.

        Raises:
            Refused: as for ``replace``.
        """
        with self.lock:
            started = time.perf_counter()
            gone = remove.held_by(self.list).without(add)
            change = Change(self.list.with_changes(add, remove), add.difference(self.list), gone)
            return self._publish(change, time.perf_counter() - started, if_match, dry_run)

    def follow(self, new: Allowlist, position: Position) -> None:
        """Make the feed's list, as a whole, what the union has of it.

        Raises:
            Refused: it is too long, or there is no room for it; nothing has changed.
        """
        with self.lock:
            held = self.live.followed
            self._follow(Change(new, new.difference(held), held.without(new)), position)

    def follow_change(self, add: Allowlist, remove: Allowlist, position: Position, count: int) -> None:
        """Add to the feed's list and remove from it; ``count`` is what it then has.

        Raises:
            Refused: it is too long, has another count, or there is no room for it; nothing has changed.
        """
        with self.lock:
            held = self.live.followed
            new = held.with_changes(add, remove)
            demand_count(position, count, new)
            self._follow(Change(new, add.difference(held), remove.held_by(held).without(add)), position)

    def set_policies(self, policies: Mapping[str, Mapping[str, Any]], if_match: str | None = None) -> None:
        """Set the policies of the protocols named; the others stay.

        Raises:
            Refused: a protocol or a policy is not known, or the policies are not those the caller has read.
        """
        wanted = _checked_policies(policies)
        with self.lock:
            self._must_match(self.policy_etag, if_match, "policy")
            kept = {name: (policy.mode, policy.share) for name, policy in wanted.items()}
            self.policy_version = self.store.keep_policies(kept)
            self.datapath.controls.set_policies(wanted)
            log.info("policy", **{name: f"{policy.mode} {policy.share} %" for name, policy in wanted.items()})

    @property
    def policy_etag(self) -> str:
        """The policies' version as an entity tag."""
        return f'"{self.store.epoch.hex()}:policy:{self.policy_version}"'

    def renew_lease(self) -> None:
        """Allow the kernel to drop, where the policies say so, for another lease."""
        self.datapath.controls.renew_lease(self.config.lease)

    def sample(self, rate: int, responders: bool, seconds: float) -> None:
        """Sample one in ``rate`` packets that look like VPN for so long; 0 ends it. Nobody is asked to turn it off."""
        self.datapath.controls.set_sampling(rate, responders)
        self._sampling_until = time.monotonic() + seconds if rate else None

    def sweep(self) -> None:
        """Take in which entries had traffic, and tidy up what is only worth doing now and then."""
        with self.lock:
            self._take_in_marks()
            if self._sampling_until is not None and time.monotonic() > self._sampling_until:
                self.sample(0, False, 0)
            if not self.datapath.is_pinned():
                log.error("pins were removed; pinning again", directory=str(self.config.pins))
                self.datapath.pin_again()
            self.live.keep_snapshots()

    def close(self) -> None:
        """Let go of kernel and disk, and leave both as they are."""
        self.datapath.close()
        self.store.close()

    def _publish(self, change: Change, compared: float, if_match: str | None, dry_run: bool) -> dict[str, Any]:
        self._must_match(self.version.etag, if_match, "list")
        self._demand_room(change.new)
        seconds = {"compare": compared, "kernel": 0.0, "disk": 0.0}
        answer = self._effect(change)
        if dry_run:
            added, gone = (_prefixes(entries, NAMED_BY_DRY_RUN) for entries in (change.added, change.gone))
            answer["would"] = {"add": added, "remove": gone}
        if not dry_run and (len(change.added) or len(change.gone)):
            seconds |= self.live.set_local(change)
        etag = {"epoch": self.version.epoch.hex(), "serial": self.serial, "etag": self.version.etag}
        rounded = {name: round(value, 6) for name, value in seconds.items()}
        return answer | etag | {"live": not dry_run, "seconds": rounded}

    def _follow(self, change: Change, position: Position) -> None:
        self._demand_room(change.new)
        self.live.set_followed(change, position)

    def _take_in_marks(self) -> None:
        live = self.datapath.lists.live
        due = time.monotonic() - self._ends_swept_at > RARE_SWEEP
        with_ends = due or (live is not None and live.used <= FEW_ENDS)
        if with_ends:
            self._ends_swept_at = time.monotonic()
        self.last_seen.note(*self.datapath.lists.sweep(with_ends))
        if due:
            self.last_seen.forget_before(IN_USE)

    def _effect(self, change: Change) -> dict[str, Any]:
        kept = self.live.followed.at(change.gone)  # by the feed, and live for that
        cut = change.gone.without(kept)
        if len(cut):
            self._take_in_marks()  # traffic since the last sweep counts too
        in_use = cut.only(self.last_seen.within(cut, IN_USE))
        return {
            "count": len(change.new),
            "added": len(change.added),
            "removed": len(change.gone),
            "removed_in_use": len(in_use),
            "in_use": _prefixes(in_use, NAMED),
        }

    def _demand_room(self, new: Allowlist) -> None:
        if len(new) > self.config.list.max_entries:
            why = f"{len(new)} entries are more than the {self.config.list.max_entries} allowed here"
            raise Refused(Kind.TOO_LARGE, "The list is too long", [Fault("the list", why, "raise list.max_entries")])

    def _must_match(self, etag: str, if_match: str | None, what: str) -> None:
        if if_match is not None and if_match != etag:
            fault = Fault("If-Match", f"you have read {if_match}, but it is {etag} now", "read it again, and repeat")
            raise Refused(Kind.STALE, f"The {what} has changed since you read it", [fault])

    def _bring_up(self) -> None:
        controls = self.datapath.controls
        self.live.bring_up()
        controls.set_sampling(0, False)
        self._bring_up_policies()
        self.renew_lease()
        if self.datapath.is_new:
            log.info("took over", interfaces=self.datapath.take_over(self.store.programs(_boot())))
        self._note_program()
        self.interfaces.take_up_attached()
        self.interfaces.follow()
        log.info("up", serial=self.serial, count=self.live.union.count)

    def _note_program(self) -> None:
        """Keep which program is ours: should its pins be removed, the next agent knows it by that."""
        try:
            self.store.keep_program(self.datapath.programs.id, _boot())
        except Refused as refused:  # an agent can be restarted on a full disk
            log.warning("program not noted", why=str(refused.faults[0]))

    def _bring_up_policies(self) -> None:
        kept, self.policy_version = self.store.policies()
        controls = self.datapath.controls
        if self.datapath.is_new:
            controls.set_policies(dict.fromkeys(VPN_PROTOCOLS, Policy()))
        elif not kept:  # the disk was lost, or none was ever set: the kernel's are the last that were
            kept = {name: (is_.mode, is_.share) for name, is_ in controls.policies().items() if is_ != Policy()}
            self.policy_version = self.store.keep_policies(kept) if kept else self.policy_version
        controls.set_policies({name: Policy(*policy) for name, policy in kept.items()})


def _prefixes(entries: Allowlist, most: int) -> list[str]:
    return [entry.text for entry in entries.entries(0, most)]


def _boot() -> str:
    """Return the id of this boot (random(4)): a program's id means nothing after the next."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _checked_policies(policies: Mapping[str, Any]) -> dict[str, Policy]:
    faults = [fault for name, policy in policies.items() for fault in _policy_faults(name, policy)]
    if faults or not policies:
        none = Fault("policy", "no protocol is named", f"name some of {', '.join(VPN_PROTOCOLS)}")
        raise Refused(Kind.INVALID, "The policy is not understood", faults or [none])
    return {name: Policy(policy["mode"], policy.get("share", 100)) for name, policy in policies.items()}


def _policy_faults(name: str, policy: Any) -> Iterator[Fault]:
    if name not in VPN_PROTOCOLS:
        yield Fault(name, "this protocol is not known", f"name one of {', '.join(VPN_PROTOCOLS)}")
    if not isinstance(policy, Mapping):
        yield Fault(name, f"{shown(policy)} is no policy", "give mode and share")
        return
    for field in policy.keys() - {"mode", "share"}:
        yield Fault(f"{name}, {shown(field)}", "there is no such field", "give mode and share")
    mode, share = policy.get("mode"), policy.get("share", 100)
    if mode not in MODES:
        yield Fault(f"{name}, mode", f"{shown(mode)} is no mode", f"give one of {', '.join(MODES)}")
    if not isinstance(share, int) or isinstance(share, bool) or not 0 <= share <= 100:
        yield Fault(f"{name}, share", f"{shown(share)} is no share", "give a whole number from 0 to 100")
