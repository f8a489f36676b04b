"""Who acts: known by a token, or the registry's own clock."""

from collections.abc import Sequence
from dataclasses import dataclass, field

SCOPES = ("registrant", "provider", "officer", "operator", "auditor", "public")
"""What a token can be for."""

CLOCK_SCOPE = "clock"
"""What time does by itself; no token has this scope."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks for something.

    Attributes:
        id: the person or body, not the token: two tokens of one officer are still two eyes only.
        scopes: names of SCOPES.
        registrant: the registrant that it is, with that scope; see ``sight`` for what it may see then.
        provider: the provider that it is, with that scope.
        makers: who made the token by which it is known, and who made theirs: each of them could act by it too.
    """

    id: str
    scopes: frozenset[str] = field(default_factory=frozenset)
    registrant: str | None = None
    provider: str | None = None
    makers: tuple[str, ...] = ()

    @property
    def behind(self) -> list[str]:
        """Who is behind what it does: itself, and then its makers."""
        return [self.id, *self.makers]


def same_person(one: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether two who are ``behind`` something may be one person: the same, or one made the other's token."""
    return bool(one and other) and (one[0] in other or other[0] in one)


CLOCK = Actor("clock", frozenset({CLOCK_SCOPE}))
"""The registry itself, when a date has come."""
