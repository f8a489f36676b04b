"""Limits that hold nothing, for trials of what is not the guard."""

from control.config.guard import GuardSettings

MOST = 100_000_000  # entries

UNLIMITED = GuardSettings(
    share=100,
    share_a_day=100,
    share_in_use=100,
    share_in_use_a_day=100,
    entries=MOST,
    entries_a_day=MOST,
    in_use=MOST,
    in_use_a_day=MOST,
)


def table(settings: GuardSettings) -> str:
    """Return settings as the table of a configuration."""
    values = settings.model_dump(exclude_defaults=True)
    return "\n".join(["", "[guard]", *(f"{name} = {value}" for name, value in values.items()), ""])
