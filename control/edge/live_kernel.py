"""The live list in the kernel: made live as a whole or entry by entry, or as what the kernel still holds."""

import time

from control.datapath.generations.generation import Generation
from control.datapath.generations.lists import Lists
from control.edge.live_state import LiveState, Near
from control.fault import Refused
from control.rollout.change import NONE
from control.rollout.position import Provenance
from control.rollout.union import Effect


class LiveKernel:
    """The generations, by what is to be live."""

    def __init__(self, generations: Lists) -> None:
        self._generations = generations

    @property
    def held_revisions(self) -> list[int]:
        """The revisions that the kernel still holds whole beside the live one, the newest first."""
        generations = self._generations
        return [held.revision for held in reversed(generations.held) if held is not generations.live and held.is_whole]

    def put(self, state: LiveState) -> None:
        """Make a state live, whatever is.

        Raises:
            Refused: there is no room for it.
        """
        self._generations.go_live(self._generations.stage(state.union.whole(), state.provenance))

    def go_back(self, revision: int, provenance: Provenance) -> float | None:
        """Make what the kernel holds of a revision live by one store; return the seconds it took. None: not held."""
        started = time.perf_counter()
        held = self._generations.revived(revision, NONE, NONE, provenance)
        if held is None:
            return None
        self._generations.go_live(held)
        return time.perf_counter() - started

    def widen(self, before: LiveState, after: LiveState, effect: Effect, near: Near | None = None) -> None:
        """Make what only lets more through live.

        Raises:
            Refused: there is no room for it; what was live is, alone.
        """
        if not effect.is_small:
            self._generations.go_live(self.staged(after, near))
            return
        try:
            self._generations.change(effect.added, effect.removed, after.provenance, after.union.whole)
        except (Refused, OSError):
            self.put(before)
            raise

    def staged(self, after: LiveState, near: Near | None) -> Generation:
        """Return a generation of what is to be live: one that the kernel holds, or a new one.

        Raises:
            Refused: there is no room for it.
        """
        live = self._generations.live
        if live and live.revision == after.revision:  # by ``go_back``
            return live
        if near:
            held = self._generations.revived(near.revision, near.added, near.removed, after.provenance)
            if held:
                return held
        return self._generations.stage(after.union.whole(), after.provenance)
