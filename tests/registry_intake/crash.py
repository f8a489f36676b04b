"""Kill -9 at random points of a bulk import: `python -m tests.registry_intake.crash --times 200 [--api]`.

Each time a process that does the job is killed at another moment. After that there are as many applications as the job
says that it has entered, in whole portions, the audit's chain is whole, and the next worker enters the others.
"""

import argparse
import contextlib
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from control.registry.audit import chain as audit
from control.registry.intake.reading import PORTION_ROWS
from control.registry.jobs import jobs, worker
from control.registry.parties import providers
from control.registry.parties.providers import ProviderText
from control.registry.store.database import Database, utc_now
from control.registry.store.model import Application, ApplicationEntry, Job, Registrant
from lab.waiting import wait_for
from tests.registry.cast import OFFICER, RULES
from tests.registry.key import key
from tests.registry.sqlite import Sqlite
from tests.registry_intake.association import PROVIDERS, address, csv_of, member

ROWS = 3 * PORTION_ROWS


@dataclass
class Tally:
    """What was found after the kills.

    Attributes:
        nothing, some, everything: kills after which none, some and all of the applications were there.
        states: of the job right after a kill.
    """

    nothing: int = 0
    some: int = 0
    everything: int = 0
    states: dict[str, int] = field(default_factory=dict)


def prepare(url: str) -> str:
    """Order an import in a database with nothing but its tables, and return the job's id."""
    database = Database(url, RULES, key=key())
    try:
        with database.writing(OFFICER) as writing:
            for name in PROVIDERS:
                providers.create(writing, ProviderText(name=name))
            data = csv_of([member(number) for number in range(ROWS)])
            return jobs.order_import(writing, data, "text/csv").id
    finally:
        database.close()


def work(url: str, ahead: timedelta = timedelta(0)) -> None:
    """Do the job; ``ahead`` is how far the clock is ahead, so that nobody waits for a lease to end."""
    database = Database(url, RULES, lambda: utc_now() + ahead, key=key())
    try:
        worker.work(database)
    finally:
        database.close()


class _Stops(Database):
    """A database whose worker kills itself behind its first portion, and so between two."""

    def give_way(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def _work_a_portion(url: str, ahead: timedelta) -> None:
    worker.work(_Stops(url, RULES, lambda: utc_now() + ahead))


def kill_behind_each_portion(url: str, id_: str) -> list[int]:
    """Kill each worker behind its portion, until one has none before it; return how many applications each left."""
    left: list[int] = []
    while not left or left[-1] < ROWS:
        ahead = 2 * jobs.LEASE * len(left)
        process = multiprocessing.get_context("fork").Process(target=_work_a_portion, args=(url, ahead))
        process.start()
        process.join()
        _, count = inspect(url, id_)
        assert count > (left[-1] if left else 0), "a worker got no further"
        left.append(count)
    return left


def kill_at(url: str, seconds: float) -> None:
    """Start the work in a process of its own, and kill that after so many seconds."""
    process = multiprocessing.get_context("fork").Process(target=work, args=(url,))
    process.start()
    process.join(seconds)
    process.kill()
    process.join()


def kill_api_at(url: str, seconds: float) -> None:
    """Start the API, and kill all of its processes so many seconds after one of them has taken the job up."""
    with tempfile.TemporaryDirectory() as directory, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        settings = Path(directory, "wicket.toml")
        places = "".join(f'{name} = "{directory}"\n' for name in ("state", "run", "bpffs"))
        registry = f'[registry]\nenabled = true\nurl = "{url}"\nallow_private = true\nkey = "{key().path}"\n'
        settings.write_text(f'{places}[api]\nlisten = "127.0.0.1:{port}"\n{registry}')
        command = [sys.executable, "-c", "from api.server import main; main()", "--config", str(settings)]
        process = subprocess.Popen(command, process_group=0)
        try:
            _wait_for_a_worker(url)
            time.sleep(seconds)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for_a_worker(url: str) -> None:
    database = Database(url, RULES, key=key())

    def taken_up() -> bool:
        with database.reading() as session:
            return session.scalars(select(Job.state)).one() != "queued"

    with contextlib.closing(database):
        wait_for(taken_up, "the API takes the job up")


def inspect(url: str, id_: str) -> tuple[str, int]:
    """Return the job's state and how many applications there are, which is what the job says.

    Raises:
        AssertionError: the job says something else, one is there twice, or half, or the audit's chain is broken.
    """
    database = Database(url, RULES, key=key())
    try:
        with database.reading() as session:
            counts = {
                session.scalar(select(func.count()).select_from(table)) or 0
                for table in (Application, ApplicationEntry, Registrant)
            }
            entered = session.scalars(select(ApplicationEntry.prefix).order_by(ApplicationEntry.application_id)).all()
            job = session.get_one(Job, id_)
            broken = list(audit.verify(session))
    finally:
        database.close()
    assert not broken, broken
    assert counts == {job.finished}, (counts, job.finished)
    assert list(entered) == [address(number) for number in range(job.finished)]
    assert job.finished % PORTION_ROWS == 0
    assert job.result.get("entered", 0) == job.result.get("registrants", 0) == job.finished
    assert (job.finished == ROWS) == (job.state == "done"), (job.finished, job.state)
    return job.state, job.finished


def crash(new_url: Callable[[], str], times: int, seed: int = 0, kill: Callable[[str, float], None] = kill_at) -> Tally:
    """Kill so many imports, each at a random moment of how long one takes.

    Raises:
        AssertionError: one did not go on where it was.
    """
    chance, tally = random.Random(seed), Tally()
    url = new_url()
    prepare(url)
    began = time.monotonic()
    kill_at(url, 60)
    takes = time.monotonic() - began
    for _ in range(times):
        url = new_url()
        id_ = prepare(url)
        kill(url, chance.uniform(0, 1.5 * takes))
        state, count = inspect(url, id_)
        tally.states[state] = tally.states.get(state, 0) + 1
        tally.nothing, tally.everything = tally.nothing + (count == 0), tally.everything + (count == ROWS)
        tally.some += 0 < count < ROWS
        work(url, ahead=2 * jobs.LEASE)
        assert inspect(url, id_) == ("done", ROWS)
    return tally


def main() -> None:
    """Kill, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--api", action="store_true", help="kill the API that does it, not a process of its own")
    options = parser.parse_args()
    kill = kill_api_at if options.api else kill_at
    with tempfile.TemporaryDirectory() as directory:
        tally = crash(Sqlite(Path(directory)).migrated, options.times, options.seed, kill)
    print(
        f"{options.times} kills: {tally.nothing} left nothing, {tally.some} some, {tally.everything} everything; "
        f"jobs were {tally.states}"
    )


if __name__ == "__main__":
    main()
