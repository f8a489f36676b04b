"""One writer stopped in the middle stops nobody: others read on, and are refused, or answered, in time."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess

import pytest

from control.fault import Refused
from control.registry.audit import chain as audit
from control.registry.parties import registrants
from control.registry.parties.registrants import RegistrantNew
from control.registry.publication import serials
from control.registry.store.database import Database
from control.registry.store.engines import Patience
from control.registry.store.model import Registrant
from lab.waiting import wait_for
from tests.registry.cast import OFFICER, RULES, assemble, register
from tests.registry.key import key

QUICK = Patience(lock=0.5, statement=5, idle=2)


def write_and_stop(url: str) -> None:
    """Enter a registrant, and stop before the commit, as Ctrl-Z would."""
    database = Database(url, RULES, key=key(), patience=QUICK)
    try:
        with database.writing(OFFICER) as writing:
            registrants.create(writing, RegistrantNew(kind="individual", name="of the stopped"))
            os.kill(os.getpid(), signal.SIGSTOP)
    except Refused:
        os._exit(3)
    os._exit(0)


@contextmanager
def stopped(url: str) -> Iterator[BaseProcess]:
    """Have a writer stopped in its transaction."""
    process = multiprocessing.get_context("fork").Process(target=write_and_stop, args=(url,))
    process.start()
    try:
        assert process.pid is not None
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        yield process
    finally:
        process.kill()
        process.join()


def enter(database: Database, name: str) -> bool:
    try:
        with database.writing(OFFICER) as writing:
            registrants.create(writing, RegistrantNew(kind="individual", name=name))
    except Refused as refused:
        assert refused.kind == "unavailable", refused
        return False
    return True


def names(database: Database) -> set[str]:
    with database.reading() as session:
        return {each.name for each in session.query(Registrant)}


def test_others_read_on_and_are_refused_in_time(new_registry_url: Callable[[], str]) -> None:
    url = new_registry_url()
    database = Database(url, RULES, key=key(), patience=QUICK)
    register(database, assemble(database), "10.0.0.1")
    with stopped(url) as process:
        assert not enter(database, "meanwhile")
        with database.reading() as session:
            assert serials.head(session).count == 1
        if database.is_sqlite:  # the lock is the process's: let it go on, and nothing is lost
            assert process.pid is not None
            os.kill(process.pid, signal.SIGCONT)
            process.join()
            assert process.exitcode == 0
            assert "of the stopped" in names(database)
        else:  # the server has rolled it back by then: others go on, and the stopped one is told
            wait_for(lambda: enter(database, "later"), "the server lets others write")
            assert process.pid is not None
            os.kill(process.pid, signal.SIGCONT)
            process.join()
            assert process.exitcode == 3
            assert "of the stopped" not in names(database)
    assert enter(database, "at last")
    with database.reading() as session:
        assert list(audit.verify(session)) == []
    database.close()


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
def test_it_is_said_who_has_the_lock(new_registry_url: Callable[[], str]) -> None:
    url = new_registry_url()
    database = Database(url, RULES, key=key(), patience=QUICK)
    with stopped(url) as process, pytest.raises(Refused) as refused, database.writing(OFFICER):
        pass
    assert f"process {process.pid}" in str(refused.value)
    database.close()
