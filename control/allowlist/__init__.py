"""The list of registered ends: one entry, the list as columns, and the formats that it comes in."""

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import DEFAULT_BOUNDS, PLAIN, Bounds, Entry, Prefix, Terms

__all__ = ["DEFAULT_BOUNDS", "PLAIN", "Allowlist", "Bounds", "Entry", "Prefix", "Terms"]
