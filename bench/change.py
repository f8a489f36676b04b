"""One address more or less on a list of a million: how long until it is live, idle and while others read the list."""

import http.client
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import numpy as np

from bench import addresses
from bench.place import gateway
from bench.report import Table, Value
from bench.samples import spread
from control import config as configuration
from control.commands.client import AgentSocket
from control.commands.status import ReadStatus
from lab.gateway import Gateway

MILLION = 1_000_000
TIMES = 1000
WHILE_READ = 300  # times, since each waits for a processor that reading keeps busy

Seconds = dict[str, float]
"""How long the whole took, as ``all``, and each step that the answer tells of."""

BOUND = "the bound: p99 20 ms on an idle machine; compare, kernel and disk are the agent's part, p99 too"


def measure() -> Iterator[Table]:
    """Change the list of an agent and API of our own by PATCH, one address at a time."""
    with gateway() as started:
        started.put(addresses.csv(addresses.some(MILLION, 0)))
        yield Table("a change of one address among a million", _rows(started, TIMES), [BOUND])
        with _reading(started):
            yield Table("the same while the million is read on and on", _rows(started, WHILE_READ))


def _rows(started: Gateway, times: int) -> list[dict[str, Value]]:
    socket = AgentSocket(configuration.load(started.config).socket)
    with closing(_connected(started)) as connection:
        return [
            _row("PATCH, one connection", [_patch(started, connection, number) for number in range(times)]),
            _row("PATCH, a connection each", [_patch_anew(started, number) for number in range(times)]),
            _row("status of the agent", [_timed(lambda: socket.ask(ReadStatus())) for _ in range(times)]),
        ]


def _connected(started: Gateway) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", started.port, timeout=60)


def _patch(started: Gateway, connection: http.client.HTTPConnection, number: int) -> Seconds:
    """Add an address of 127.0.0.0/8, where the list has none, and at the next number remove it again."""
    side, address = ("remove", "add")[number % 2 == 0], f"127.0.{number // 2 >> 8}.{number // 2 & 255}"
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {started.token}"}
    began = time.perf_counter()
    connection.request("PATCH", "/v1/allowlist", json.dumps({side: [address]}), headers)
    answer = json.loads(connection.getresponse().read())
    took = time.perf_counter() - began
    if answer.get("added", 0) + answer.get("removed", 0) != 1:
        raise RuntimeError(f"not what was asked for: {answer}")
    return {"all": took, **answer["seconds"]}


def _patch_anew(started: Gateway, number: int) -> Seconds:
    began = time.perf_counter()
    with closing(_connected(started)) as connection:
        parts = _patch(started, connection, number)
    return parts | {"all": time.perf_counter() - began}


def _timed(work: Callable[[], object]) -> Seconds:
    began = time.perf_counter()
    work()
    return {"all": time.perf_counter() - began}


def _row(what: str, measured: list[Seconds]) -> dict[str, Value]:
    parts: dict[str, Value] = {}
    for name in ("compare", "kernel", "disk"):
        each = [seconds[name] for seconds in measured if name in seconds]
        parts[name] = round(float(np.percentile(each, 99)) * 1000, 2) if each else None
    return {"what": what, "times": len(measured), **spread([seconds["all"] for seconds in measured]), **parts}


@contextmanager
def _reading(started: Gateway) -> Iterator[None]:
    """Read the whole list by HTTP without a pause, in processes of their own, so that they do not slow us down."""
    stop = threading.Event()
    command = ["curl", "--silent", "--output", "/dev/null", f"http://127.0.0.1:{started.port}/v1/allowlist"]

    def read() -> None:
        while not stop.is_set():
            subprocess.run(command, check=True)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield
    finally:
        stop.set()
        reader.join()
