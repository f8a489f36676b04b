"""Every kind of session, registered and not, under monitor and under enforce: up, or refused, as it must be."""

from __future__ import annotations

from dataclasses import dataclass

from lab.machines.gateway import DROPPED, Counts
from lab.machines.lab import Lab
from lab.machines.sessions.kinds import KINDS, Kind, site
from lab.machines.sessions.session import Session
from lab.machines.table import Failed

UP_SECONDS = 20  # several times what the slowest kind takes when emulated
REFUSED_SECONDS = 8  # longer than the slowest kind has ever taken
REGISTERED = "registered"  # the reason under which the packets of a registered end are counted


@dataclass(frozen=True)
class Trial:
    """One session that was tried: whether it came up, or what kept it from being tried at all."""

    up: bool
    trouble: str = ""

    @property
    def words(self) -> str:
        """How it went, for the table."""
        return self.trouble or ("up" if self.up else "not up")


def sessions(lab: Lab) -> None:
    """All kinds; the servers of those that are registered are on the local list."""
    listed = [site(lab, index, kind.version).peers.server for index, kind in _indices()]
    try:
        for mode in ("monitor", "enforce"):
            lab.gateway.guard(list_=listed, enforce=mode == "enforce")
            counts = lab.gateway.counts()
            for index, kind in _indices():
                counts = _pair(lab, kind, index, mode, counts)
        _esp_alone(lab)
    finally:
        lab.gateway.release()


def _indices() -> list[tuple[int, Kind]]:
    """Of each kind, the index of the registered session; the unregistered one has the next."""
    return [(2 * number, kind) for number, kind in enumerate(KINDS)]


def _pair(lab: Lab, kind: Kind, index: int, mode: str, before: Counts) -> Counts:
    """Try the registered and then the unregistered session of a kind; the counters after both."""
    enforced = mode == "enforce"
    registered = kind.make(site(lab, index, kind.version))
    unregistered = kind.make(site(lab, index + 1, kind.version))
    with lab.table.row("sessions", f"{kind.name}, {mode}, registered", "up, none dropped") as row:
        trial = attempt(lab, registered, UP_SECONDS)
        row.see(trial.words, trial.up)
    what = "not up, some dropped; of the registered some passed" if enforced else "up, none dropped; both counted"
    with lab.table.row("sessions", f"{kind.name}, {mode}, unregistered", what) as row:
        trial = attempt(lab, unregistered, REFUSED_SECONDS if enforced else UP_SECONDS)
        after = lab.gateway.counts()
        passed, others, dropped = tally(after - before, registered.protocols)
        right = not trial.up and dropped > 0 if enforced else trial.up and dropped == 0 and others > 0
        row.see(f"{trial.words}; {passed} registered, {others} others passed, {dropped} dropped", right and passed > 0)
    return after


def _esp_alone(lab: Lab) -> None:
    """ESP names itself by its protocol number, so it can be refused where IKE is not."""
    index, kind = next((index, kind) for index, kind in _indices() if kind.name.startswith("ESP,"))
    expected = "not up, some ESP dropped, IKE passed"
    with lab.table.row("sessions", f"{kind.name}, esp alone enforced, unregistered", expected) as row:
        lab.gateway.policy("monitor")
        lab.gateway.policy("enforce", "esp")
        before = lab.gateway.counts()
        trial = attempt(lab, kind.make(site(lab, index + 1, kind.version)), REFUSED_SECONDS)
        counted = lab.gateway.counts() - before
        _, _, esp = tally(counted, ("esp",))
        _, ike_passed, ike_dropped = tally(counted, ("ike",))
        seen = f"{trial.words}; {esp} ESP dropped, {ike_passed} IKE passed, {ike_dropped} IKE dropped"
        row.see(seen, not trial.up and not trial.trouble and esp > 0 and ike_passed > 0 and ike_dropped == 0)


def attempt(lab: Lab, session: Session, seconds: int) -> Trial:
    """Start a session, see whether it comes up within so many seconds, and stop it."""
    try:
        session.start()
        up = session.is_up(seconds)
        if not up:
            lab.table.log.write(f"not up: {session.explain()}")
        return Trial(up)
    except Failed as failure:
        return Trial(False, f"{failure}; {session.explain()[-200:]}")
    finally:
        session.stop()


def tally(counted: Counts, protocols: tuple[str, ...]) -> tuple[int, int, int]:
    """Of these protocols' packets: those of a registered end, others that passed, those dropped."""
    mine = {reason: 0 for _, reason in counted}
    for (protocol, reason), packets in counted.items():
        if protocol in protocols:
            mine[reason] += packets
    registered, dropped = mine.pop(REGISTERED, 0), mine.pop(DROPPED, 0)
    return registered, sum(mine.values()), dropped
