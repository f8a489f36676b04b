"""An import that is killed at any moment has happened as a whole or not at all."""

from collections.abc import Callable

from tests.registry_intake.crash import crash


def test_a_killed_import_is_all_or_nothing(new_url: Callable[[], str]) -> None:
    tally = crash(new_url, times=6)
    assert tally.nothing + tally.everything == 6
