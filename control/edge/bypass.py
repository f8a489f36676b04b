"""The brake of an edge: while it is pulled nothing is dropped, whatever the policies say.

It is pulled by command, or by the presence of a file, and let go of in the same way only. No start, no upgrade and no
restart of the machine does that.
"""

from pathlib import Path

import structlog

from control.commands.bypass import BypassState
from control.datapath.controls import Brake, Controls
from control.edge.state.stops import Stops
from control.edge.turn import Turn
from control.fault import Fault, Kind, Refused

log = structlog.get_logger()


class Bypass:
    """Whether the edge drops nothing, and by whose will."""

    def __init__(self, controls: Controls, stops: Stops, file: Path | None) -> None:
        """``file`` is the one whose presence pulls the brake; none where there is none to look for."""
        self._controls, self._stops, self._file = controls, stops, file

    def bring_up(self, turn: Turn) -> None:
        """Pull the brake where it was pulled before; what the kernel says of it stays."""
        turn.demand()
        by_command = self._controls.brake.by_command or self._stops.is_bypassed
        self._controls.pull(Brake(by_command, _is_there(self._file)))
        if self._controls.brake:
            log.warning("bypass", on=True, by=self.state.by)

    def watch(self) -> None:
        """Follow the file: pull the brake when it appears, let go when it is gone. It waits for nobody's turn."""
        held, there = self._controls.brake, _is_there(self._file)
        if held.by_file != there:
            self._controls.pull(Brake(held.by_command, there))
            log.warning("bypass", on=bool(self._controls.brake), by=self.state.by, file=str(self._file))

    def set(self, turn: Turn, on: bool) -> BypassState:
        """Pull the brake by command, or let it go.

        Raises:
            Refused: it is to be let go, and the file is there, or a note of it cannot be removed; it stays pulled.
        """
        turn.demand()
        faults: list[Fault] = []
        if on:
            self._controls.pull(Brake(True, self._controls.brake.by_file))
            faults = self._stops.stop_dropping()
        else:
            let_go(self._stops, self._file)
            self._controls.pull(Brake(False, False))
        log.warning("bypass", on=on, by=self.state.by)
        return self.state.model_copy(update={"not_kept": str(faults[0]) if faults else None})

    @property
    def state(self) -> BypassState:
        """Whether it is pulled, as the kernel has it."""
        return state_of(self._controls.brake)


def state_of(brake: Brake) -> BypassState:
    """Return what the kernel says as whoever asks is told."""
    by = [name for name, is_on in (("command", brake.by_command), ("file", brake.by_file)) if is_on]
    return BypassState(on=bool(brake), by=by)


def let_go(stops: Stops, file: Path | None) -> None:
    """Forget that the brake was pulled by command.

    Raises:
        Refused: the file is there that pulls it too, or a note cannot be removed: it would be pulled again.
    """
    if _is_there(file):
        fault = Fault(str(file), "the file is there, which pulls the brake too", "remove it; then let the brake go")
        raise Refused(Kind.CONFLICT, "The brake is pulled by a file", [fault])
    if faults := stops.drop_again():
        raise Refused(Kind.NO_ROOM, "The brake cannot be let go for good", faults)


def _is_there(file: Path | None) -> bool:
    return file is not None and file.exists()
