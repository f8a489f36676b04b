"""Edges of the tests' own, as those of tests/edge."""

from tests.edge.conftest import place, wire

__all__ = ["place", "wire"]
