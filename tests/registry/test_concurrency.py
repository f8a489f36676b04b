"""Many writers and readers at once, in threads and in processes: no update is lost, no serial comes out of order."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from sqlalchemy import select

from control.allowlist.allowlist import Allowlist
from control.registry.access.actor import Actor
from control.registry.cases import registrations
from control.registry.intents import intents
from control.registry.parties import registrants
from control.registry.parties.forms import Edit, read_edit
from control.registry.parties.registrants import RegistrantNew, RegistrantText
from control.registry.publication import serials
from control.registry.store.database import Database
from control.registry.store.model import Registrant
from control.rollout.limits import Limit
from tests.registry.cast import OFFICER, RULES, Cast, assemble, register
from tests.registry.conftest import found
from tests.registry.key import key

SECONDS = float(os.environ.get("WICKET_SECONDS", "2"))
"""How long the crowd is at it: 60 for a thorough look."""

WRITERS = READERS = 16

ALL = replace(RULES, alone=Limit(few=WRITERS, most=WRITERS, share=100))
"""One officer alone may take off what all writers have: at first that may be the whole list."""


def edited(contacts: list[dict[str, str]]) -> Edit[RegistrantText]:
    return read_edit(RegistrantText, {"contacts": contacts}, "test")


def write(url: str, cast: Cast, number: int, until: float) -> int:
    """Register an address of one's own, then suspend and resume it, and count up a registrant all share."""
    database = Database(url, ALL, key=key())
    (id_,) = register(database, cast, f"10.0.{number}.1")
    rounds = 0
    while time.time() < until:
        with database.writing(OFFICER) as writing:
            intent = intents.propose(writing, "suspend", {id_: None}, "test").id
            intents.confirm(writing, intent, 1)
        with database.writing(OFFICER) as writing:
            registrations.resume(writing, id_)
            shared = writing.session.get_one(Registrant, cast.rival)
            contacts = [{"name": str(int(shared.contacts[0]["name"]) + 1)}]
            registrants.edit(writing, cast.rival, shared.version, edited(contacts))
        rounds += 1
    database.close()
    return rounds


def follow(url: str, until: float) -> tuple[Allowlist, int]:
    """Follow the list change by change, and hold every one to what came before."""
    database = Database(url)
    mine, serial = Allowlist.empty(), 0
    last_round = False
    while not last_round:
        last_round = time.time() > until
        with database.reading() as session:
            head = serials.head(session)
            while serial < head.serial:
                for delta in serials.deltas(session, head.epoch, serial):
                    assert delta.head.serial == serial + 1
                    mine, serial = mine.with_changes(delta.added, delta.removed), delta.head.serial
                    assert len(mine) == delta.head.count
            assert serials.snapshot(session).entries == mine
    database.close()
    return mine, serial


def test_a_crowd(new_registry_url: Callable[[], str]) -> None:
    url = new_registry_url()
    database = Database(url, ALL, key=key())
    cast = assemble(database)
    with database.writing(OFFICER) as writing:
        registrants.edit(writing, cast.rival, 1, edited([{"name": "0"}]))
    until = time.time() + SECONDS
    with ThreadPoolExecutor(WRITERS + READERS) as crowd:
        followers = [crowd.submit(follow, url, until) for _ in range(READERS)]
        writers = [crowd.submit(write, url, cast, number, until) for number in range(WRITERS)]
        rounds = sum(writer.result() for writer in writers)
        for follower in followers:
            follower.result()
    with database.reading() as session:
        assert session.scalar(select(Registrant.contacts).where(Registrant.id == cast.rival)) == [{"name": str(rounds)}]
        assert serials.head(session).serial == WRITERS + 2 * rounds
    assert found(database) == []
    assert follow(url, 0)[1] == WRITERS + 2 * rounds
    database.close()


def create_some(database: Database, count: int) -> None:
    for number in range(count):
        with database.writing(Actor("officer", frozenset({"officer"}))) as writing:
            registrants.create(writing, RegistrantNew(kind="individual", name=f"{os.getpid()} {number}"))


def test_processes_forked_from_one_that_has_it_open(database: Database) -> None:
    create_some(database, 1)  # the parent has a connection, which no child may use
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=create_some, args=(database, 20)) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * 4
    create_some(database, 1)
    with database.reading() as session:
        assert len(session.scalars(select(Registrant.id)).all()) == 82


def test_a_reader_sees_one_state_whatever_is_written_meanwhile(database: Database) -> None:
    cast = assemble(database)
    register(database, cast, "10.0.0.1")
    with database.reading() as session:
        before = serials.head(session)
        writer = threading.Thread(target=register, args=(database, cast, "10.0.0.2"))
        writer.start()
        writer.join()
        assert serials.head(session) == before
        assert len(serials.snapshot(session).entries) == 1
