"""A whole list by the feed: from the commit in a registry of the benchmark's own until it is live at an edge.

The rows are written as the registry keeps them, and not by its services, which would take applications for a million
addresses one by one.
"""

import sqlite3
import time
from pathlib import Path

from bench import addresses
from bench.changes.gateways import Gateway, NotAsAskedError, gateways
from bench.changes.lists import MILLION
from bench.figures.figure import S
from bench.figures.record import TODAY
from bench.run import Run
from control.allowlist import mapped
from control.registry.access.actor import Actor
from control.registry.publication import edges
from control.registry.store.database import Database
from control.registry.store.keys import KeyFile

NAME = "edge-of-the-benchmark"
SIZES = {"20k": (20_000, 3), "1m": (MILLION, 2)}  # entries, and how often
OF_FEED = 20  # seeds from here on
PATIENCE = 120.0  # s
LOOK = 0.01  # s


def measure(run: Run) -> None:
    """Have an edge of today's follow a registry whose list is replaced: an earlier one keeps other tables."""
    run.record.repetitions |= {f"replace_{name}_feed": rounds for name, (_, rounds) in SIZES.items()}
    file = run.here.directory / "registry.db"
    key = KeyFile(run.here.directory / "registry-key")
    key.made()
    database = Database(f"sqlite:///{file}", key=key)
    try:
        database.upgrade()
        with database.writing(Actor("benchmark", frozenset({"operator"}))) as writing:
            edges.create(writing, NAME, None)
    finally:
        database.close()
    more = f'\n[feed]\nurl = "sqlite:///{file}"\nname = "{NAME}"\n'
    with gateways(run, 2 * MILLION, (TODAY,), more) as opened:
        serial = 0
        for name, (size, rounds) in SIZES.items():
            took = []
            for number in range(rounds):
                run.tell(f"replace_{name}_feed_s, {number + 1} of {rounds}")
                serial += 1
                _publish(file, serial, addresses.some(size, OF_FEED + number))
                took.append(_seconds_until_live(opened[TODAY], serial))
            run.record.add(f"replace_{name}_feed_s", S, took)


def _publish(file: Path, serial: int, live: addresses.Addresses) -> None:
    """Put addresses on the registry's list in place of all others, by one serial."""
    length = mapped.HOST
    firsts = [bytes(10) + b"\xff\xff" + four.tobytes() for four in live.astype(">u4")]
    with sqlite3.connect(file, isolation_level=None) as registry:
        registry.execute("BEGIN IMMEDIATE")
        left = registry.execute("UPDATE listing SET left_serial = ? WHERE left_serial IS NULL", (serial,)).rowcount
        registry.executemany(
            "INSERT INTO listing (registration_id, joined_serial, first, length, protocols, ports)"
            " VALUES (?, ?, ?, ?, '', '')",
            ((f"{serial}-{number}", serial, first, length) for number, first in enumerate(firsts)),
        )
        registry.execute(
            "INSERT INTO publication (serial, at, added, removed, count) VALUES (?, datetime('now'), ?, ?, ?)",
            (serial, len(live), left, len(live)),
        )
        registry.execute("UPDATE ledger SET serial = ?, count = ?", (serial, len(live)))
        registry.execute("COMMIT")
    registry.close()


def _seconds_until_live(gateway: Gateway, serial: int) -> float:
    began = time.perf_counter()
    while time.perf_counter() - began < PATIENCE:
        feed = gateway.ask("GET", "/v1/status")["feed"]
        if feed and feed["serial"] == serial:
            return time.perf_counter() - began
        time.sleep(LOOK)
    raise NotAsAskedError(f"the feed's serial {serial} is not live: {feed}")
