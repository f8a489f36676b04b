"""Turns: what changes an edge cannot be called by who has none, and a turn ends with its block."""

import threading

import pytest

from control.edge.edge import Edge
from control.edge.turn import Turn, Turns, _Maker
from control.rollout.change import NONE
from control.rollout.origin import NOBODY


def never_called(edge: Edge) -> None:
    """What the type checker has to refuse: were a line of this allowed, its `type: ignore` would be too much."""
    edge.list.replace(NONE, NOBODY)  # type: ignore[arg-type, call-arg]
    edge.list.change(NONE, NONE, NOBODY)  # type: ignore[arg-type, call-arg]
    edge.policies.set({})  # type: ignore[arg-type, call-arg]
    edge.interfaces.attach("eth0", "auto")  # type: ignore[call-arg]
    edge.interfaces.detach(None)  # type: ignore[arg-type, call-arg]
    edge.sampling.start(1, False, 1.0)  # type: ignore[call-arg]
    edge.live.keep_snapshots()  # type: ignore[call-arg]
    edge.usage.take_in_marks()  # type: ignore[call-arg]
    Turn()  # type: ignore[call-arg]


def test_a_turn_ends_with_its_block() -> None:
    turns = Turns()
    with turns.take() as turn:
        turn.demand()
    with pytest.raises(RuntimeError, match="the turn is over"):
        turn.demand()
    with pytest.raises(RuntimeError), turns.take() as second:
        raise RuntimeError("a turn that fails is over as well")
    with pytest.raises(RuntimeError, match="the turn is over"):
        second.demand()


def test_one_at_a_time() -> None:
    turns, inside, most = Turns(), 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(200):
            with turns.take():
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, inside) == (1, 0)


def test_what_changes_something_looks_at_the_turn(edge: Edge) -> None:
    over = Turn(_Maker())
    over._over = True
    before = edge.list.state
    for change in (
        lambda: edge.list.replace(over, NONE, NOBODY, allow_empty=True),
        lambda: edge.policies.set(over, {}),
        lambda: edge.interfaces.detach(over, None),
        lambda: edge.sampling.stop(over),
        lambda: edge.live.keep_snapshots(over),
        lambda: edge.usage.take_in_marks(over),
    ):
        with pytest.raises(RuntimeError, match="the turn is over"):
            change()
    assert edge.list.state is before
