"""The registry's databases."""

from tests.registry.conftest import clock, database, empty

__all__ = ["clock", "database", "empty"]
