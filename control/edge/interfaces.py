"""The interfaces that an edge guards: attached as asked, followed when they vanish, come back or are renamed.

What is wanted is a name. What is guarded is a link, known by its index and by the program that it carries, whatever it
is called: a link that carries our program is never lost sight of because it or another was given another name.
"""

from collections.abc import Callable, Mapping

import structlog

from control.commands.interfaces import Attached, InterfaceState
from control.datapath.interfaces import attaching, links
from control.datapath.interfaces.attaching import Programs
from control.datapath.interfaces.links import Link
from control.datapath.interfaces.watch import LinkTable
from control.edge.state.stops import Stops
from control.edge.state.store import Store
from control.edge.turn import Turn
from control.fault import Fault, Kind, Refused

log = structlog.get_logger()

TAKEN_OFF = "our program was taken off by somebody; `wicket attach` puts it back"
UNWANTED = "it carries our program though nobody asked for it"


class Interfaces:
    """Which interfaces are to be guarded, and how each stands."""

    def __init__(
        self,
        table: LinkTable,
        store: Store,
        stops: Stops,
        configured: Mapping[str, str],
        programs: Callable[[], Programs],
    ) -> None:
        """``configured`` are those of the configuration, as name → mode; an operator's own are in the store."""
        self._table, self._store, self._stops = table, store, stops
        self._configured, self._programs = dict(configured), programs
        self._index: dict[str, int] = {}
        self._trouble: dict[str, str] = {}
        self._wanted: dict[str, str] = {}

    @property
    def wanted(self) -> dict[str, str]:
        """Name → mode of all interfaces to be guarded."""
        detached = self._stops.detached
        wanted = self._configured | self._store.interfaces()
        return {name: mode for name, mode in wanted.items() if name not in detached}

    def concerns(self, link: Link) -> bool:
        """Return whether a change of a link may be one to follow; asked of each, by the hundred, from any thread."""
        return bool(link.program) or link.index in self._index.values() or any(map(link.is_called, self._wanted))

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
        self._note_guarded(name, link)
        self._wanted = self.wanted
        log.info("attached", interface=name, requested=mode, mode=link.mode)
        state = self._state(name, mode, link)
        return Attached(**state.model_dump(), warnings=[str(fault) for fault in warnings])

    def foresee(self, name: str, mode: str) -> Attached:
        """Return how an interface would stand that were attached; nothing is.

        Raises:
            Refused: "interface": it is not there, or cannot be guarded in that mode.
        """
        link, warnings = attaching.foresee(name, mode)
        return Attached(**self._state(name, mode, link).model_dump(), warnings=[str(fault) for fault in warnings])

    def is_guarded(self, name: str) -> bool:
        """Return whether an interface carries our program."""
        link = self._find(name)
        return link is not None and self._carries(link)

    def detach(self, turn: Turn, name: str | None) -> list[str]:
        """Stop guarding one interface, or all of them; return the links that were guarded.

        Each link that carries our program is cleared, wanted or not, and each is tried although another failed.

        Raises:
            Refused: an interface is not there and was not guarded, carries somebody else's program, or could not be
                cleared; the others are.
        """
        turn.demand()
        detached: list[str] = []
        faults: list[Fault] = []
        kinds: list[Kind] = []
        for called in [name] if name is not None else self._all_names():
            link = self._find(called)
            try:
                if attaching.detach(called, self._programs()):
                    detached.append(called)
                    if link:
                        self._table.refresh(link.index)
            except Refused as refused:
                if name is not None and called not in self.wanted:
                    raise
                if refused.kind != Kind.INTERFACE:  # that it is not there is no trouble
                    faults, kinds = [*faults, *refused.faults], [*kinds, refused.kind]
            for known in self._names_of(called):
                self._forget(known)
        if name is None:
            self._stops.attach_by_name()
        self._wanted = self.wanted
        log.info("detached", interfaces=detached)
        if faults:
            done = Fault(
                "done", f"detached: {', '.join(detached) or 'nothing'}", "see what carries the others: ip link"
            )
            raise Refused(kinds[0], "Not every interface could be detached", [*faults, done])
        return detached

    def take_up_attached(self, turn: Turn) -> None:
        """Keep guarding links that carry our program though nothing leads to them: the disk was lost, or names were."""
        turn.demand()
        wanted, carriers = self.wanted, self._carriers()
        lost = {link.name: "auto" for link in carriers if not any(map(link.is_called, wanted))}
        for name in lost.keys() & self._stops.detached:  # it was out of reach when that was said
            attaching.detach(name, self._programs())
            del lost[name]
        if lost:
            log.warning("guarded, but not on disk", interfaces=list(lost))
            self._keep(self._store.interfaces() | lost)
            self._index |= {link.name: link.index for link in carriers if link.name in lost}

    def take_up_detached(self, turn: Turn) -> None:
        """Take note, by name, of what was detached while no agent could say which interfaces there are."""
        turn.demand()
        if self._stops.is_all_detached:
            for name in self.wanted:
                self._forget(name)
            self._stops.attach_by_name()

    def follow(self, turn: Turn) -> None:
        """Attach to what has come or come back, and take up what was renamed.

        Where the program was taken off an interface that stayed, somebody meant it: it is left off, and said.
        """
        self.take_up_detached(turn)
        self._take_up_renamed()
        self.take_up_attached(turn)
        self._wanted = self.wanted
        for name, mode in self._wanted.items():
            link = self._find(name)
            if link is None:
                self._say(name, "the interface is not there")
            elif self._carries(link):
                self._index[name] = link.index
                self._trouble.pop(name, None)
            elif self._index.get(name) != link.index:
                self._attach_again(name, mode)
            else:
                self._say(name, TAKEN_OFF)

    def states(self) -> list[InterfaceState]:
        """Return how each interface stands that is to be guarded, or carries our program; waits for nobody."""
        wanted = self.wanted
        found = {name: self._find(name) for name in wanted}
        known = {link.index for link in found.values() if link}
        others = [link for link in self._carriers() if link.index not in known]
        return [
            *(self._state(name, mode, found[name]) for name, mode in wanted.items()),
            *(self._state(link.name, "", link, UNWANTED) for link in others),
        ]

    def _state(self, name: str, requested: str, link: Link | None, trouble: str | None = None) -> InterfaceState:
        attached = link is not None and self._carries(link)
        blind = links.blind_spot(link) if link is not None and attached else None
        if trouble is None:
            trouble = str(blind) if blind else None if attached else self._trouble.get(name)
        return InterfaceState(
            name=name,
            requested=requested,
            present=link is not None,
            attached=attached,
            mode=link.mode if link is not None and attached else None,
            trouble=trouble,
        )

    def _all_names(self) -> list[str]:
        """Return the names of what is wanted, and of every link that carries our program under another."""
        wanted = self.wanted
        return [*wanted, *(link.name for link in self._carriers() if not any(map(link.is_called, wanted)))]

    def _names_of(self, called: str) -> list[str]:
        """Return a name, and the wanted ones that lead to the same link."""
        link = self._find(called)
        return [called, *(name for name in self.wanted if link and link.is_called(name) and name != called)]

    def _carriers(self) -> list[Link]:
        ours = self._programs().id
        return [link for link in self._table.links().values() if link.program == ours]

    def _carries(self, link: Link) -> bool:
        return link.program == self._programs().id

    def _find(self, name: str) -> Link | None:
        return next((link for link in list(self._table.links().values()) if link.is_called(name)), None)

    def _attach_again(self, name: str, mode: str) -> None:
        try:
            link, warnings = attaching.attach(name, mode, self._programs())
        except Refused as refused:
            self._say(name, str(refused.faults[0]))
            return
        self._note_guarded(name, link)
        log.info("attached", interface=name, requested=mode, mode=link.mode, warnings=[str(w) for w in warnings])

    def _note_guarded(self, name: str, link: Link) -> None:
        self._index[name] = link.index
        self._trouble.pop(name, None)
        self._table.refresh(link.index)

    def _take_up_renamed(self) -> None:
        """Let what is kept follow the links that it is about: all at once, since they may have swapped their names."""
        present, wanted = self._table.links(), self.wanted
        renamed: dict[str, str] = {}
        for name, index in list(self._index.items()):
            link = present.get(index)
            if link is None or not self._carries(link):
                if link is None and self._find(name) is None:
                    self._index.pop(name)  # it is gone: when it comes back, it is a new one
            elif name in wanted and not link.is_called(name):
                renamed[name] = link.name
        if not renamed:
            return
        for name, now in renamed.items():
            log.warning("renamed", interface=name, now=now)
        self._index = {renamed.get(name, name): index for name, index in self._index.items()}
        modes = {renamed.get(name, name): mode for name, mode in wanted.items()}
        if modes != wanted:
            for name in renamed.keys() - modes.keys():
                self._configured.pop(name, None)
            self._keep(
                {name: mode for name, mode in modes.items() if name not in self._configured or name in renamed.values()}
            )
        for name in {*renamed, *renamed.values()}:
            self._trouble.pop(name, None)

    def _keep(self, interfaces: Mapping[str, str]) -> None:
        try:
            self._store.keep_interfaces(interfaces)
        except Refused as refused:  # a full disk: they are guarded all the same
            log.error("interfaces are not kept", why=str(refused.faults[0]))

    def _forget(self, name: str) -> None:
        """Have an interface not guarded any more, by no start either."""
        faults = self._stops.detach(name) if name in self._configured else []
        kept = {n: m for n, m in self._store.interfaces().items() if n != name}
        try:
            self._store.keep_interfaces(kept)
        except Refused:
            faults = self._stops.detach(name)
        for fault in faults:
            log.error("not kept", interface=name, why=str(fault))
        self._index.pop(name, None)
        self._trouble.pop(name, None)

    def _say(self, name: str, trouble: str) -> None:
        if self._trouble.get(name) != trouble:
            log.warning("not guarded", interface=name, why=trouble)
        self._trouble[name] = trouble
