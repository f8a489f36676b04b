"""The interfaces that an edge guards: attached as asked, followed when they vanish, come back or are renamed."""

from collections.abc import Callable, Mapping

import structlog

from control.commands.interfaces import Attached, InterfaceState
from control.datapath.interfaces import attaching, links
from control.datapath.interfaces.attaching import Programs
from control.datapath.interfaces.links import Link
from control.edge.state.stops import Stops
from control.edge.state.store import Store
from control.edge.turn import Turn
from control.fault import Fault, Kind, Refused

log = structlog.get_logger()


class Interfaces:
    """Which interfaces are to be guarded, and how each stands."""

    def __init__(
        self, store: Store, stops: Stops, configured: Mapping[str, str], programs: Callable[[], Programs]
    ) -> None:
        """``configured`` are those of the configuration, as name → mode; an operator's own are in the store."""
        self._store, self._stops = store, stops
        self._configured, self._programs = dict(configured), programs
        self._index: dict[str, int] = {}
        self._trouble: dict[str, str] = {}

    @property
    def wanted(self) -> dict[str, str]:
        """Name → mode of all interfaces to be guarded."""
        detached = self._stops.detached
        wanted = self._configured | self._store.interfaces()
        return {name: mode for name, mode in wanted.items() if name not in detached}

    def attach(self, turn: Turn, name: str, mode: str) -> Attached:
        """Guard an interface from now on, in "auto", "native" or "generic" mode; return how it stands.

        Raises:
            Refused: it cannot be, see attaching.attach, or not be kept on disk; nothing has changed.
        """
        turn.demand()
        if faults := self._stops.attach(name):
            raise Refused(Kind.NO_ROOM, "The interface stays detached", faults)
        link, warnings = attaching.attach(name, mode, self._programs())
        try:
            self._store.keep_interfaces(self._store.interfaces() | {name: mode})
        except Refused:
            if name not in self.wanted:
                attaching.detach(name, self._programs())
            raise
        self._index[name] = link.index
        self._trouble.pop(name, None)
        log.info("attached", interface=name, requested=mode, mode=link.mode)
        state = _state(name, mode, link, self._programs().id)
        return Attached(**state.model_dump(), warnings=[str(fault) for fault in warnings])

    def detach(self, turn: Turn, name: str | None) -> list[str]:
        """Stop guarding one interface, or all of them; return those that were guarded.

        Raises:
            Refused: the interface carries somebody else's program, or is not there and was not guarded.
        """
        turn.demand()
        if name is not None and name not in self.wanted:
            links.find(name)  # says so when there is none of that name
        detached, present = [], links.all_links()
        for guarded in [name] if name is not None else list(self.wanted):
            if guarded in present and attaching.detach(guarded, self._programs()):
                detached.append(guarded)
            self._stop(guarded)
            self._index.pop(guarded, None)
            self._trouble.pop(guarded, None)
        if name is None:
            self._stops.attach_by_name()
        log.info("detached", interfaces=detached)
        return detached

    def take_up_attached(self, turn: Turn) -> None:
        """Keep guarding interfaces that carry our program though nothing on disk says so: the disk was lost."""
        turn.demand()
        ours = self._programs().id
        wanted = self.wanted
        lost = {name: "auto" for name, link in links.all_links().items() if link.program == ours and name not in wanted}
        if lost:
            log.warning("guarded, but not on disk", interfaces=list(lost))
            self._store.keep_interfaces(self._store.interfaces() | lost)

    def take_up_detached(self, turn: Turn) -> None:
        """Take note, by name, of what was detached while no agent could say which interfaces there are."""
        turn.demand()
        if self._stops.is_all_detached:
            for name in self.wanted:
                self._stop(name)
            self._stops.attach_by_name()

    def _stop(self, name: str) -> None:
        """Have an interface not guarded any more, by no start either."""
        faults = self._stops.detach(name) if name in self._configured else []
        for fault in faults:
            log.error("not kept", interface=name, why=str(fault))
        kept = {n: m for n, m in self._store.interfaces().items() if n != name}
        try:
            self._store.keep_interfaces(kept)
        except Refused:
            if name not in self._configured and self._stops.detach(name):
                raise

    def follow(self, turn: Turn) -> None:
        """Attach to what has come or come back, and take up what was renamed.

        Where the program was taken off an interface that stayed, somebody meant it: it is left off, and said.
        """
        self.take_up_detached(turn)
        present = links.all_links()
        self._take_up_renamed(present)
        for name, mode in self.wanted.items():
            link = present.get(name)
            if link is None:
                self._say(name, "the interface is not there")
            elif self._index.get(name) != link.index:
                self._attach_again(name, mode)
            elif link.program != self._programs().id:
                self._say(name, "our program was taken off by somebody; `wicket attach` puts it back")

    def states(self) -> list[InterfaceState]:
        """Return how each guarded interface stands: what was asked for beside what is."""
        present, ours = links.all_links(), self._programs().id
        states = [_state(name, mode, present.get(name), ours) for name, mode in self.wanted.items()]
        # A link may just have been attached to, its trouble not yet forgotten.
        return [
            state if state.attached else state.model_copy(update={"trouble": self._trouble.get(state.name)})
            for state in states
        ]

    def _attach_again(self, name: str, mode: str) -> None:
        try:
            link, warnings = attaching.attach(name, mode, self._programs())
        except Refused as refused:
            self._say(name, str(refused.faults[0]))
            return
        self._index[name] = link.index
        self._trouble.pop(name, None)
        log.info("attached", interface=name, requested=mode, mode=link.mode, warnings=[str(w) for w in warnings])

    def _take_up_renamed(self, present: Mapping[str, Link]) -> None:
        by_index = {link.index: link for link in present.values()}
        for name in [name for name in self.wanted if name not in present]:
            link = by_index.get(self._index.get(name, -1))
            if link is None or link.program != self._programs().id:
                self._index.pop(name, None)  # it is gone: when it comes back, it is a new one
                continue
            log.warning("renamed", interface=name, now=link.name)
            mode = self.wanted[name]
            self._configured.pop(name, None)
            kept = {n: m for n, m in self._store.interfaces().items() if n != name}
            self._store.keep_interfaces(kept | {link.name: mode})
            self._index[link.name] = self._index.pop(name)
            self._trouble.pop(name, None)

    def _say(self, name: str, trouble: str) -> None:
        if self._trouble.get(name) != trouble:
            log.warning("not guarded", interface=name, why=trouble)
        self._trouble[name] = trouble


def _state(name: str, requested: str, link: Link | None, ours: int) -> InterfaceState:
    attached = link is not None and link.program == ours
    return InterfaceState(
        name=name,
        requested=requested,
        present=link is not None,
        attached=attached,
        mode=link.mode if link is not None and attached else None,
    )


def doubt_about(name: str) -> Fault | None:
    """Return the worst that speaks against guarding an interface of that name, for the doctor; none if nothing does."""
    try:
        wrong, doubtful = links.preflight(links.find(name), "auto")
    except Refused as refused:
        return refused.faults[0]
    return next(iter([*wrong, *doubtful]), None)
