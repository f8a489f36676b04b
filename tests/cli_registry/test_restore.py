"""What restoring a backup does to the edges is said before it is done, and nothing is done unasked."""

from collections.abc import Callable
from pathlib import Path

import pytest

from control.allowlist import formats
from control.cli.registry import foretelling
from control.commands.status import FeedState
from control.registry.publication import edges, serials
from control.registry.store.database import Database
from tests.cli_registry.conftest import Wicket
from tests.registry.cast import OFFICER, OPERATOR, RULES, assemble, register
from tests.registry.key import key


@pytest.fixture
def older(wicket: Wicket, tmp_path: Path) -> Path:
    """A backup of two live entries, of which one has been taken off since; another has come, as a list and a backup."""
    database = Database(wicket.url, RULES, key=key())
    cast = assemble(database)
    (gone,) = register(database, cast, "10.0.0.1")
    register(database, cast, "10.0.0.2")
    with database.reading() as session:
        head = serials.head(session)
    with database.writing(OPERATOR) as writing:
        edges.acknowledge(writing, "edge-a", head.epoch, [(head.serial, writing.now)])
    wicket("backup", str(tmp_path / "older"))
    with database.writing(OFFICER) as writing:
        writing.delist([gone])
    register(database, cast, "10.0.1.0/24")
    wicket("backup", str(tmp_path / "newer"))
    with database.reading() as session:
        (tmp_path / "list.json").write_bytes(formats.write(serials.snapshot(session).entries))
    database.close()
    return tmp_path / "older"


@pytest.fixture
def empty(new_url: Callable[[], str], tmp_path: Path) -> Wicket:
    return Wicket(tmp_path / "empty", new_url())


def test_what_a_backup_has_is_said_and_nothing_is_done(empty: Wicket, older: Path) -> None:
    told = empty("restore", str(older), "--dry-run")
    assert (told["entries"], told["edges"], told["agent"], told["against"]) == (
        2,
        {"edge-a": told["serial"]},
        None,
        None,
    )
    assert told["age_s"] >= 0
    empty("upgrade")
    assert empty("registrants", "list") == []


@pytest.mark.parametrize("what", ["newer", "list.json", "database"])
def test_what_edges_would_hold_and_have_anew_is_said(wicket: Wicket, empty: Wicket, older: Path, what: str) -> None:
    against = wicket.url if what == "database" else str(older.parent / what)
    told = empty("restore", str(older), "--dry-run", "--against", against)["against"]
    assert told["what"] == ("the database" if what == "database" else against)
    assert (told["entries"], told["lacks"], told["lacks_first"]) == (2, 1, "10.0.1.0/24")
    assert (told["brings"], told["brings_first"], told["narrower"]) == (1, "10.0.0.1", 0)


def test_people_are_told_in_words(empty: Wicket, older: Path) -> None:
    done = empty.run("restore", str(older), "--dry-run", "--against", str(older.parent / "newer"))
    words = " ".join(done.stdout.split())
    assert "2 entries, serial" in words
    assert "1 known to it: 1 had acknowledged that serial" in words
    assert "1 of its 2 entries, and has 0 narrower: edges hold these" in words
    assert "will be revoked" in words


def test_nothing_is_restored_unasked(empty: Wicket, older: Path) -> None:
    """A script says --yes; with --json or without a terminal nobody is asked."""
    refused = empty("restore", str(older), status=1)
    assert (refused["kind"], refused["faults"][0]["where"]) == ("invalid", "--yes")
    assert "--dry-run" in refused["faults"][0]["mend"]
    done = empty.run("restore", str(older))
    assert done.exit_code == 1
    assert "2 entries, serial" in done.stdout  # it is said all the same
    empty("upgrade")
    assert empty("registrants", "list") == []


@pytest.mark.parametrize(("answer", "status"), [(b"y\n", 0), (b"n\n", 1)])
def test_somebody_at_a_terminal_is_asked(
    empty: Wicket, older: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes, status: int
) -> None:
    demand_sure = foretelling.demand_sure
    monkeypatch.setattr(foretelling, "demand_sure", lambda is_sure, _: demand_sure(is_sure, True))
    assert empty.run("restore", str(older), data=answer).exit_code == status
    empty("upgrade")
    assert bool(empty("registrants", "list")) == (status == 0)


def test_this_machines_edge_is_held_against_it(empty: Wicket, older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backup = empty("restore", str(older), "--dry-run")

    class Agent:
        def ask(self, _: object) -> object:
            feed = FeedState(epoch=backup["epoch"], serial=backup["serial"] + 2, count=2, held=0, contact=None)
            return type("Status", (), {"feed": feed})

    monkeypatch.setattr(foretelling, "agent", lambda *_: Agent())
    told = empty("restore", str(older), "--dry-run")["agent"]
    assert (told["behind"], told["entries"], told["held"]) == (2, 2, 0)


def test_what_is_no_list_is_refused(empty: Wicket, older: Path) -> None:
    for what, kind in (
        (str(older.parent / "none"), "unreadable"),
        (f"sqlite:///{older.parent}/none.db", "unreadable"),
        ("mysql://nobody@host/x", "invalid"),
    ):
        assert empty("restore", str(older), "--dry-run", "--against", what, status=1)["kind"] == kind
    assert not (older.parent / "none.db").exists()
    (older.parent / "cut").write_bytes(older.read_bytes()[:200])
    assert empty("restore", str(older.parent / "cut"), "--yes", status=1)["kind"] == "unreadable"
