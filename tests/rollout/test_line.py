"""What an edge follows: a line's digest follows its changes, and another line cuts nobody."""

from hypothesis import given

from control.allowlist.digest import SIZE, Digest
from control.allowlist.entry import Terms
from control.rollout.change import NONE, Change
from control.rollout.line import Line
from control.rollout.position import Position
from control.vocabulary import VPN_PROTOCOLS
from tests.rollout.lists import PREFIXES, Model, allowed, listed, model_of, models

SAID = [Terms(), *[Terms((protocol,)) for protocol in VPN_PROTOCOLS], Terms(ports=((10, 10),))]
"""Terms of which each allows something else."""

HERE, THERE = Position("aa" * 16, 7), Position("bb" * 16, 3)


@given(models, models, models)
def test_the_digest_follows_what_comes_and_goes(one: Model, another: Model, third: Model) -> None:
    line = Line.at(HERE, listed(one))
    for model in (another, third):
        line = line.after(HERE.next, Change.to(line.entries, listed(model)))
        assert line.digest == Digest.of(listed(model))
        assert Digest.from_bytes(bytes(line.digest)) == line.digest
        assert len(bytes(line.digest)) == SIZE
    is_same = {prefix: allowed(terms) for prefix, terms in one.items()} == {
        prefix: allowed(terms) for prefix, terms in third.items()
    }
    assert is_same or line.digest != Digest.of(listed(one))


@given(models, models, models)
def test_another_line_cuts_nobody_and_lets_its_own_through(had: Model, new: Model, local: Model) -> None:
    line = Line.another(THERE, listed(new), listed(had), listed(local))
    live = model_of(line.live)
    assert line.entries == listed(new)
    for prefix in PREFIXES:
        before, said, mine = (allowed(model.get(prefix)) for model in (had, new, local))
        assert allowed(live.get(prefix)) | mine >= before | said
        if not before:
            assert allowed(live.get(prefix)) == said, "what nobody had is as the feed says"


@given(models, models, models)
def test_what_is_held_stays_until_the_feed_says_something_of_it(had: Model, new: Model, later: Model) -> None:
    line = Line.another(THERE, listed(new), listed(had), NONE)
    after = line.after(THERE.next, Change.to(line.entries, listed(later)))
    touched = {prefix for prefix in PREFIXES if new.get(prefix) != later.get(prefix)}
    for prefix in PREFIXES:
        if prefix in touched:
            assert model_of(after.live).get(prefix) == later.get(prefix)
        else:
            assert model_of(after.live).get(prefix) == model_of(line.live).get(prefix)
    released = after.released()
    assert (released.live, released.digest) == (listed(later), after.digest)


def test_every_entry_has_its_part_in_the_digest() -> None:
    every = [Digest.of(listed({prefix: terms})) for prefix in PREFIXES for terms in SAID]
    assert len({str(digest) for digest in every}) == len(every)
    assert str(Digest.of(NONE)) == "0" * 64 == str(Digest())
