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
        registrant: the registrant whose objects it may see when it has no wider scope.
        provider: the provider whose queue it may see when it has no wider scope.
    """

    id: str
    scopes: frozenset[str] = field(default_factory=frozenset)
    registrant: str | None = None
    provider: str | None = None

    def may_see(self, registrant: str, provider: str | None) -> bool:
        """Return whether it may see what belongs to a registrant and was put before a provider."""
        if self.scopes & {"officer", "operator", "auditor", CLOCK_SCOPE}:
            return True
        if "registrant" in self.scopes and self.registrant == registrant:
            return True
        return "provider" in self.scopes and self.provider is not None and self.provider == provider


CLOCK = Actor("clock", frozenset({CLOCK_SCOPE}))
"""The registry itself, when a date has come."""
