"""A list as it was: changes put together backwards lead to just that."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from control.allowlist.entry import PLAIN
from control.rollout.change import Change
from control.rollout.origin import NOBODY
from control.rollout.past import Past
from tests.rollout.lists import PREFIXES, Model, listed, model_of, models

lists = st.lists(models, min_size=1, max_size=5)


def pasts(models: list[Model]) -> list[Past]:
    """How the last of some lists was at each of the times before it, the latest first, itself included."""
    past = Past()
    found = [past]
    for held, new in reversed(list(pairwise(models))):
        change = Change.to(listed(held), listed(new))
        past = past.before(change.added, change.held.at(change.touched))
        found.append(past)
    return found


@given(lists)
def test_each_list_is_found_again(models: list[Model]) -> None:
    present = listed(models[-1])
    for past, model in zip(pasts(models), reversed(models), strict=True):
        assert model_of(past.change(present, NOBODY).new) == model
        assert model_of(past.at(present, listed(dict.fromkeys(PREFIXES, PLAIN)))) == model
