"""One edge: its list, its policies and its interfaces, kept in the kernel and on disk."""

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from control.allowlist.allowlist import Allowlist
from control.config import Config
from control.datapath.controls import Policy
from control.datapath.datapath import Datapath
from control.datapath.lists import IN_PLACE
from control.edge.interfaces import Interfaces
from control.edge.lastseen import LastSeen
from control.fault import Fault, Refused, shown
from control.feed.local import LocalList, Version
from control.vocabulary import MODES, VPN_PROTOCOLS

log = structlog.get_logger()

CHANGES_BEFORE_SNAPSHOT = 1000  # what a start would have to replay at most
IN_USE = 24 * 3600.0  # s: an entry with traffic in the last day is in use
NAMED = 20  # prefixes in use that an answer names
FEW_ENDS = 100_000  # above which sweeping the hash map is done every so often only
RARE_SWEEP = 60.0  # s


@dataclass(frozen=True, slots=True)
class Change:
    """A list that is to be live, and what that changes.

    Attributes:
        new: the whole list afterwards.
        added: entries that it has and the present one has not, or has with other terms.
        gone: entries of the present one whose prefix it has not.
    """

    new: Allowlist
    added: Allowlist
    gone: Allowlist


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
        self.list, self.serial, self.policy_version = Allowlist.empty(), 0, 0
        try:
            self._bring_up()
        except BaseException:
            self.close()
            raise

    @property
    def version(self) -> Version:
        """The list's epoch and serial."""
        return Version(self.store.epoch, self.serial)

    def replace(
        self, new: Allowlist, *, if_match: str | None = None, dry_run: bool = False, allow_empty: bool = False
    ) -> dict[str, Any]:
        """Make another list the live one, as a whole; return what that changed.

        Raises:
            Refused: it is empty, too long or not for this version, or there is no room for it; the list that is
                live stays so.
        """
        if len(new) == 0 and not allow_empty:
            mend = "to empty the list on purpose, say so: ?allow_empty=true, or --allow-empty"
            fault = Fault("the list", "it has no entry, and would cut everybody on the live one", mend)
            raise Refused("bad-list", "The list is empty", [fault])
        with self.lock:
            started = time.perf_counter()
            change = Change(new, new.difference(self.list), self.list.without(new))
            return self._publish(change, time.perf_counter() - started, if_match, dry_run)

    def change(
        self, add: Allowlist, remove: Allowlist, *, if_match: str | None = None, dry_run: bool = False
    ) -> dict[str, Any]:
        """Add entries and remove prefixes, all or nothing; return what that changed.

        Raises:
            Refused: as for ``replace``.
        """
        with self.lock:
            started = time.perf_counter()
            gone = remove.held_by(self.list).without(add)
            change = Change(self.list.with_changes(add, remove), add.difference(self.list), gone)
            return self._publish(change, time.perf_counter() - started, if_match, dry_run)

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
            if self.store.changes_since_snapshot() >= CHANGES_BEFORE_SNAPSHOT:
                self.store.keep_snapshot(self.serial, self.list)

    def close(self) -> None:
        """Let go of kernel and disk, and leave both as they are."""
        self.datapath.close()
        self.store.close()

    def _publish(self, change: Change, compared: float, if_match: str | None, dry_run: bool) -> dict[str, Any]:
        self._must_match(self.version.etag, if_match, "list")
        if len(change.new) > self.config.list.max_entries:
            why = f"{len(change.new)} entries are more than the {self.config.list.max_entries} allowed here"
            raise Refused("too-large", "The list is too long", [Fault("the list", why, "raise list.max_entries")])
        seconds = {"compare": compared, "kernel": 0.0, "disk": 0.0}
        answer = self._effect(change)
        if not dry_run and (len(change.added) or len(change.gone)):
            seconds |= self._make_live(change)
        etag = {"epoch": self.version.epoch.hex(), "serial": self.serial, "etag": self.version.etag}
        rounded = {name: round(value, 6) for name, value in seconds.items()}
        return answer | etag | {"live": not dry_run, "seconds": rounded}

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
        if len(change.gone):
            self._take_in_marks()  # traffic since the last sweep counts too
        in_use = change.gone.only(self.last_seen.within(change.gone, IN_USE))
        return {
            "count": len(change.new),
            "added": len(change.added),
            "removed": len(change.gone),
            "removed_in_use": len(in_use),
            "in_use": [entry.text for entry in in_use.entries(0, NAMED)],
        }

    def _make_live(self, change: Change) -> dict[str, float]:
        serial = self.serial + 1
        in_place = len(change.added) + len(change.gone) <= IN_PLACE
        seconds = self._change_in_place(change, serial) if in_place else self._swap(change.new, serial)
        self.list, self.serial = change.new, serial
        sizes = {"count": len(change.new), "added": len(change.added), "removed": len(change.gone)}
        log.info("list", serial=serial, **sizes)
        return seconds

    def _swap(self, new: Allowlist, serial: int) -> dict[str, float]:
        """Build beside what is live, keep on disk, go live: what can fail comes first."""
        lists, started = self.datapath.lists, time.perf_counter()
        staged = lists.stage(new, serial)
        built = time.perf_counter()
        try:
            self.store.keep_snapshot(serial, new)
        except Refused:
            lists.discard(staged)
            raise
        kept = time.perf_counter()
        lists.go_live(staged)
        lists.retire()
        return {"kernel": built - started + time.perf_counter() - kept, "disk": kept - built}

    def _change_in_place(self, change: Change, serial: int) -> dict[str, float]:
        """Keep on disk, then change what is live; taken back when the kernel refuses."""
        lists, started = self.datapath.lists, time.perf_counter()
        self.store.keep_change(serial, change.added, change.gone)
        kept = time.perf_counter()
        try:
            lists.change(change.added, change.gone, serial, lambda: change.new)
        except (Refused, OSError):
            # A serial never goes back: the old content is published again under the next one.
            self.serial = serial + 1
            self.store.keep_snapshot(self.serial, self.list)
            lists.go_live(lists.stage(self.list, self.serial))
            raise
        return {"kernel": time.perf_counter() - kept, "disk": kept - started}

    def _must_match(self, etag: str, if_match: str | None, what: str) -> None:
        if if_match is not None and if_match != etag:
            fault = Fault("If-Match", f"you have read {if_match}, but it is {etag} now", "read it again, and repeat")
            raise Refused("stale", f"The {what} has changed since you read it", [fault])

    def _bring_up(self) -> None:
        self.list, self.serial, faults = self.store.load()
        for fault in faults:
            log.error("damaged", where=fault.where, why=fault.why, mend=fault.mend)
        lists, controls = self.datapath.lists, self.datapath.controls
        if self.serial == 0 and lists.live is not None:
            self.list = lists.live.read()  # the disk was lost: what is live is the last good list
        if self.serial == 0 or self.serial < self.store.last_serial():
            self.serial = max(self.store.last_serial(), lists.live.serial if lists.live else 0) + 1
            self.store.keep_snapshot(self.serial, self.list)
        live = lists.live
        is_ours = live is not None and controls.epoch() == self.store.epoch and live.serial == self.serial
        if live is None or not is_ours or not live.holds(self.list):
            lists.go_live(lists.stage(self.list, self.serial))
            lists.retire()
        controls.set_epoch(self.store.epoch)
        controls.set_sampling(0, False)
        self._bring_up_policies()
        self.renew_lease()
        if self.datapath.is_new:
            log.info("took over", interfaces=self.datapath.take_over())
        self.interfaces.take_up_attached()
        self.interfaces.follow()
        log.info("up", serial=self.serial, count=len(self.list))

    def _bring_up_policies(self) -> None:
        kept, self.policy_version = self.store.policies()
        controls = self.datapath.controls
        if self.datapath.is_new:
            controls.set_policies(dict.fromkeys(VPN_PROTOCOLS, Policy()))
        elif not kept:  # the disk was lost, or none was ever set: the kernel's are the last that were
            kept = {name: (is_.mode, is_.share) for name, is_ in controls.policies().items() if is_ != Policy()}
            self.policy_version = self.store.keep_policies(kept) if kept else self.policy_version
        controls.set_policies({name: Policy(*policy) for name, policy in kept.items()})


def _checked_policies(policies: Mapping[str, Any]) -> dict[str, Policy]:
    faults = [fault for name, policy in policies.items() for fault in _policy_faults(name, policy)]
    if faults or not policies:
        none = Fault("policy", "no protocol is named", f"name some of {', '.join(VPN_PROTOCOLS)}")
        raise Refused("invalid", "The policy is not understood", faults or [none])
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
