"""A command that a mend names is there, takes what it is said with, and of the registry's does what it is named for."""

from collections.abc import Callable
from pathlib import Path

import click
import pytest

from control.cli import main
from control.registry.store.contents import FORMAT
from tests.cli_registry.conftest import Wicket
from tests.cli_registry.named import PLACE, Named, command_of, in_text, named_commands

FOUND = sorted(each for each in named_commands() if " ".join(("wicket", *each.words)) != FORMAT)
REGISTRY = "registry"


def upgrade(empty: Wicket, tmp_path: Path) -> None:
    """Of the mend: it makes tables and key, or brings them to this version."""
    (fault,) = empty("persons", "list", status=1)["faults"]
    assert fault["mend"] == "run `wicket registry upgrade`"
    empty("upgrade")
    assert empty("persons", "list") == []


def status(empty: Wicket, tmp_path: Path) -> None:
    """Of the help: it says how the registry stands."""
    empty("upgrade")
    assert empty("status")["serial"] == 0


def backup(empty: Wicket, tmp_path: Path) -> None:
    """Of the mend: it writes what can be restored."""
    empty("upgrade")
    empty("backup", str(tmp_path / "file"))
    assert empty("restore", str(tmp_path / "file"), "--dry-run")["entries"] == 0


def make_token(empty: Wicket, tmp_path: Path) -> None:
    """Of the mend: a new one is as good as the old one was."""
    empty("upgrade")
    id_ = empty("officers", "add", "Officer")["id"]
    made = empty("tokens", "create", "new", "--scope", "officer", "--holder", id_)
    assert made["token"]
    assert [token["id"] for token in empty("tokens", "list", "--holder", id_)] == [made["id"]]


def listed(*add: str) -> Callable[[Wicket, Path], None]:
    """Return what tries that a list shows the id of what was added."""

    def run(empty: Wicket, tmp_path: Path) -> None:
        empty("upgrade")
        officer = empty("officers", "add", "Officer")["id"]
        id_ = empty(*add, who=officer)["id"]
        assert id_ in {row["id"] for row in empty(add[0], "list")}

    return run


def keep_heads(empty: Wicket, tmp_path: Path) -> None:
    """Of the mend and the help: what is printed is what the audit is held against."""
    empty("upgrade")
    empty("officers", "add", "Officer")
    empty("audit", "anchor")
    (tmp_path / "heads").write_text(empty.run("audit", "heads").stdout)
    assert empty("audit", "verify", "--heads", str(tmp_path / "heads"))["whole"]


def ask_edge(empty: Wicket, tmp_path: Path) -> None:
    """Of the help: an edge that is not known is told how to be made known (tests/feed has one that is asked)."""
    empty("upgrade")
    (fault,) = empty("audit", "verify", "--edge", "north", status=1)["faults"]
    assert "registry.witnesses" in fault["mend"]


def enter_edge(empty: Wicket, tmp_path: Path) -> None:
    """Of the mends: an edge is entered, and bound to a login."""
    empty("upgrade")
    id_ = empty("edges", "add", "north")["id"]
    assert empty("edges", "bind", id_, "north")["login"] == "north"
    assert [edge["name"] for edge in empty("edges", "list")] == ["north"]


def make_logins(empty: Wicket, tmp_path: Path) -> None:
    """Of the mend: it makes the logins of PostgreSQL (tests/registry_roles does), and SQLite has none."""
    empty("upgrade")
    if empty.url.startswith("sqlite"):
        assert "PostgreSQL" in empty.run("roles", "--print").stderr
    else:
        assert "GRANT" in empty("roles", "--print")["sql"]


ROWS: dict[tuple[str, ...], Callable[[Wicket, Path], None]] = {
    ("upgrade",): upgrade,
    ("status",): status,
    ("backup",): backup,
    ("tokens", "create"): make_token,
    ("tokens", "list", "--holder", PLACE): make_token,
    ("audit", "heads"): keep_heads,
    ("audit", "verify", "--heads", "FILE"): keep_heads,
    ("audit", "verify", "--edge", "NAME"): ask_edge,
    ("edges", "add", "NAME"): enter_edge,
    ("edges", "bind", "ID"): enter_edge,
    ("edges", "list"): enter_edge,
    ("roles",): make_logins,
    ("persons", "list"): listed("persons", "add", "Auditor", "--role", "auditor"),
    ("registrants", "list"): listed("registrants", "add", "organisation", "Any"),
    ("providers", "list"): listed("providers", "add", "Northern Net"),
}
"""How each command of the registry that a text names is run; a new one needs a row, and a row needs to be named."""

GROUP: tuple[str, ...] = ()
"""`wicket registry` alone names all of them."""


@pytest.mark.parametrize("named", FOUND, ids=lambda named: f"{named.where} {' '.join(named.words)!r}")
def test_a_command_that_is_named_is_there(named: Named) -> None:
    command_of(main, named.words)


def test_every_command_of_the_registry_that_is_named_has_a_row() -> None:
    registry = {named.words[1:] for named in FOUND if named.words[0] == REGISTRY}
    assert registry - {GROUP} == set(ROWS)


@pytest.mark.parametrize("words", ROWS, ids=" ".join)
def test_a_command_of_the_registry_does_what_it_is_named_for(
    words: tuple[str, ...], new_url: Callable[[], str], tmp_path: Path
) -> None:
    ROWS[words](Wicket(tmp_path / "empty", new_url()), tmp_path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("run `wicket registry renew`", "no such command"),
        ("run wicket registry persons lists, and so on", "no such command"),
        ("see `wicket registry tokens list --of x`", "No such option"),
        ("see wicket --file x status; or wait", "No such option"),
        ("see wicket registry upgrade now", "takes no now"),
    ],
)
def test_a_command_that_is_none_is_found(text: str, why: str) -> None:
    (words,) = in_text(text)
    with pytest.raises(click.UsageError, match=why):
        command_of(main, words)


def test_enough_is_found() -> None:
    """Of every way to write one: in backticks, bare, filled in, in an f-string."""
    found = {each.words for each in FOUND}
    assert {("registry", "upgrade"), ("held", "list"), ("detach", PLACE), ("rollout", "undo", PLACE)} <= found
    assert len(FOUND) > 40
