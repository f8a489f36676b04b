"""Rows as JSON: what the API answers, and what the command line prints with --json.

A row is shown as it is stored. Nothing is held to today's rules: what an older version took is shown all the same.
"""

from collections.abc import Sequence
from typing import Any

from pydantic_core import to_jsonable_python

KEPT = ("id", "version", "created_at", "changed_at")
"""What every object has that can change; its version is also the answer's ETag."""


def record(row: object, names: Sequence[str]) -> dict[str, Any]:
    """Return columns of a row in JSON types, after those that every object has; times as RFC 3339 in UTC."""
    return {name: to_jsonable_python(getattr(row, name)) for name in (*KEPT, *names)}
