"""Limits that hold nothing, for trials of what is not the guard."""

from control.config.guard import GuardSettings
from control.config.rollout import RolloutSettings

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
    doubtful=True,
)


UNCONFIRMED = RolloutSettings.model_validate({"confirm_first": "0s"})
"""Nothing undoes itself."""


def table(settings: GuardSettings) -> str:
    """Return settings as tables of a configuration, in which nothing undoes itself."""
    values = settings.model_dump(exclude_defaults=True)
    guard = [f"{name} = {str(value).lower()}" for name, value in values.items()]
    return "\n".join(["", "[guard]", *guard, "", "[rollout]", 'confirm_first = "0s"', ""])
