"""Lists in words: their first prefixes, and how many more there are."""

from control.allowlist.allowlist import Allowlist


def named(entries: Allowlist, most: int) -> str:
    """Return the first prefixes of a list, and how many more there are, in words."""
    first = ", ".join(entry.text for entry in entries.entries(0, most))
    return f"{first} and {len(entries) - most:,} more" if len(entries) > most else first


def first(entries: Allowlist, most: int) -> list[str]:
    """Return the first prefixes of a list."""
    return [entry.text for entry in entries.entries(0, most)]
