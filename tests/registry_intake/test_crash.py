"""An import that is killed at any moment has happened as a whole or not at all."""

from collections.abc import Callable
from pathlib import Path

from tests.registry.sqlite import Sqlite
from tests.registry_intake.crash import crash, kill_api_at


def test_a_killed_import_is_all_or_nothing(new_registry_url: Callable[[], str]) -> None:
    tally = crash(new_registry_url, times=6)
    assert tally.nothing + tally.everything == 6


def test_an_import_whose_api_is_killed_is_all_or_nothing(tmp_path: Path) -> None:
    tally = crash(Sqlite(tmp_path).migrated, times=2, kill=kill_api_at)
    assert tally.nothing + tally.everything == 2
