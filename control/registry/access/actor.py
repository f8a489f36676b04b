"""Who acts: known by a token, or the registry's own clock."""

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
    """

    id: str
    scopes: frozenset[str] = field(default_factory=frozenset)
    registrant: str | None = None
    provider: str | None = None


CLOCK = Actor("clock", frozenset({CLOCK_SCOPE}))
"""The registry itself, when a date has come."""
