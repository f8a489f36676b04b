"""How much may be cut unseen: a limit that is weakened fails here."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.config.guard import GuardSettings
from control.edge.guard import limits_of
from control.rollout.limits import Extent

DEFAULT = limits_of(GuardSettings())
MILLION = 1_000_000


@pytest.mark.parametrize(
    ("extent", "settings"),
    [
        # entries, in use, of how many, in use of these, before today, in use of these
        (Extent(0, 0, 10, 10), []),
        (Extent(1, 1, 1, 1), []),
        (Extent(1, 0, 2, 0), []),
        (Extent(2, 0, 2, 0), ["guard.share"]),
        (Extent(2, 0, 10, 0), []),
        (Extent(3, 0, 10, 0), ["guard.share"]),
        (Extent(3, 0, 60, 0), []),
        (Extent(1, 1, 10, 2), []),
        (Extent(2, 2, 10, 3), ["guard.share_in_use"]),
        (Extent(2, 2, 10, 2), ["guard.share_in_use"]),
        (Extent(50, 0, 1000, 0), []),
        (Extent(51, 0, 1000, 0), ["guard.share"]),
        (Extent(20_000, 0, MILLION, 0), []),
        (Extent(20_001, 0, MILLION, 0), ["guard.entries"]),
        (Extent(300_000, 0, MILLION, 0), ["guard.entries", "guard.share"]),
        (Extent(1000, 100, MILLION, 100_000), []),
        (Extent(1000, 101, MILLION, 100_000), ["guard.in_use"]),
        (Extent(1000, 21, MILLION, 1000), ["guard.share_in_use"]),
        (Extent(2, 0, 10, 0, entries_before=3), []),
        (Extent(2, 0, 10, 0, entries_before=4), ["guard.share_a_day"]),
        (Extent(10_000, 0, MILLION, 0, entries_before=40_000), []),
        (Extent(10_000, 0, MILLION, 0, entries_before=40_001), ["guard.entries_a_day"]),
        (Extent(1, 1, 10, 5, in_use_before=2), []),
        (Extent(1, 1, 10, 5, in_use_before=3), ["guard.share_in_use_a_day"]),
        (Extent(1, 0, 10, 5, in_use_before=30), []),
        (Extent(10, 10, MILLION, 100_000, in_use_before=291), ["guard.in_use_a_day"]),
        (Extent(1, 0, 10, 0, protected=("192.0.2.1",)), ["192.0.2.1 is protected"]),
    ],
)
def test_what_is_too_much(extent: Extent, settings: Sequence[str]) -> None:
    why = DEFAULT.exceeded(extent)
    assert len(why) == len(settings)
    assert all(name in words for name, words in zip(settings, why, strict=True))


sizes = st.integers(0, MILLION)


@given(sizes, sizes, sizes, sizes)
def test_who_cuts_more_is_not_let_off(entries: int, more: int, rest: int, before: int) -> None:
    """What is held stays so when it cuts more of the same list, and when more was cut before."""
    live = entries + more + rest
    if DEFAULT.exceeded(Extent(entries, 0, live, 0, before)) and entries:
        assert DEFAULT.exceeded(Extent(entries + more, 0, live, 0, before))
