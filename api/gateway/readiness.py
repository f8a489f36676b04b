"""Whether everything that is served here can be, asked in bounded time whatever hangs.

A load balancer asks often, and what it asks about may hang: an agent, a database. So a thread beside the requests
looks, one at a time in each process, and a request waits for it only so long.
"""

import threading
import time
from collections.abc import Callable

from flask import Flask, current_app

from control.fault import Fault, Kind, Refused

PATIENCE = 2.0
"""Seconds that a request waits."""

EXTENSION = "wicketgate-readiness"


class Readiness:
    """The looks of one process."""

    def __init__(self, look: Callable[[], int]) -> None:
        """``look`` returns the serial, or refuses; it may hang."""
        self._look = look
        self._changed = threading.Condition()
        self._began: float | None = None
        self._ended = float("-inf")
        self._found: int | Refused | None = None

    def serial(self) -> int:
        """Return what a look has found that ends after this question came.

        Raises:
            Refused: as the look refused; "unavailable" where it has not ended in time.
        """
        with self._changed:
            asked = time.monotonic()
            if self._began is None:
                self._began = asked
                application: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
                threading.Thread(target=self._run, args=[application], name="readiness", daemon=True).start()
            if not self._changed.wait_for(lambda: self._ended >= asked, PATIENCE):
                seconds = time.monotonic() - (self._began or asked)
                fault = Fault("what is served here", f"has not answered for {seconds:.0f} s", "see what hangs: its log")
                raise Refused(Kind.UNAVAILABLE, "It is not known whether all is well", [fault])
            found = self._found
        if isinstance(found, int):
            return found
        assert found is not None
        raise Refused(found.kind, found.title, found.faults, done=found.done)

    def _run(self, application: Flask) -> None:
        found: int | Refused
        try:
            with application.app_context():
                found = self._look()
        except Refused as refused:
            found = refused
        except Exception as error:
            found = Refused(Kind.INTERNAL, "The API has an error", [Fault("readiness", str(error), "see the log")])
        with self._changed:
            self._found, self._began, self._ended = found, None, time.monotonic()
            self._changed.notify_all()
