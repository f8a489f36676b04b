"""How long work says how far it has got."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Told how many rows of how many are done."""


def no_progress(done: int, total: int) -> None:
    """Tell no one."""
