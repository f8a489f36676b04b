"""What the machine lacks, as the agent sees it: with its rights, which whoever asks need not have."""

import threading

from control import doctor
from control.commands.doctor import Examine, Examined, Finding
from control.edge.commands import status
from control.edge.edge import Edge
from control.fault import Fault, Kind, Refused

_one_at_a_time = threading.Lock()
"""Examining takes a compiler, some 150 MB and a second or two: once is enough."""


def examine(edge: Edge, _request: Examine, _body: bytes) -> Examined:
    """Look at everything that an edge needs."""
    if not _one_at_a_time.acquire(blocking=False):
        fault = Fault("the agent", "it is examining the machine for somebody else", "ask again in some seconds")
        raise Refused(Kind.BUSY, "The doctor is busy", [fault])
    try:
        return Examined(findings=list(doctor.examine(edge.config, lambda: _itself(edge))))
    finally:
        _one_at_a_time.release()


def _itself(edge: Edge) -> Finding:
    return doctor.running(status.read(edge))
