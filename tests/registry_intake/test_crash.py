"""An import that is killed at any moment is in the registry up to a portion, and goes on behind it."""

from collections.abc import Callable
from pathlib import Path

from control.registry.intake.reading import PORTION_ROWS
from tests.registry.sqlite import Sqlite
from tests.registry_intake.crash import ROWS, crash, kill_api_at, kill_behind_each_portion, prepare


def test_a_killed_import_goes_on_where_it_was(new_registry_url: Callable[[], str]) -> None:
    tally = crash(new_registry_url, times=6)
    assert tally.nothing + tally.some + tally.everything == 6


def test_an_import_may_be_killed_between_every_two_portions(new_registry_url: Callable[[], str]) -> None:
    url = new_registry_url()
    left = kill_behind_each_portion(url, prepare(url))
    assert left == list(range(PORTION_ROWS, ROWS + 1, PORTION_ROWS))


def test_an_import_whose_api_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    tally = crash(Sqlite(tmp_path).migrated, times=2, kill=kill_api_at)
    assert tally.nothing + tally.some + tally.everything == 2
