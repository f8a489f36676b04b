"""What tightens can be made so that it undoes itself unless it is confirmed in time (RFC 6241, section 8.4)."""

from typing import Any

import pytest

from control.commands.list import ChangeList
from control.edge.commands.answering import answer
from control.edge.commands.list import change as change_list
from control.edge.edge import Edge
from control.fault import Fault, Kind, Refused
from control.host import clock
from control.rollout.change import NONE
from lab.limits import UNCONFIRMED, UNLIMITED
from tests.careful.guarded import guarded, push, ten
from tests.edge.place import Place, lease_left, listed, policies_of
from tests.feed.following import is_whole

ENFORCED = {"esp": {"mode": "enforce", "share": 100}}


@pytest.fixture
def place(place: Place) -> Place:
    return Place(guarded(place.config, UNLIMITED))


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets time pass."""
    now = [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: now[0])

    def pass_by(edge: Edge, seconds: float) -> None:
        now[0] += seconds
        edge.beat()

    return pass_by


def ask(edge: Edge, verb: str, **arguments: Any) -> Any:
    return answer(edge, {"verb": verb, **arguments}, b"")[0]


def remove(edge: Edge, numbers: list[int], within: float) -> Any:
    gone = ten().difference(ten(*numbers))
    return change_list(edge, ChangeList(add_size=len(NONE.pack()), confirm_within=within), NONE.pack() + gone.pack())


def is_enforced(edge: Edge) -> bool:
    return policies_of(edge)["esp"].dropped_share == 100


def test_the_first_enforcement_undoes_itself_by_default(place: Place, later: Any) -> None:
    with place.edge() as edge:
        token = ask(edge, "set_policy", policy=ENFORCED).token
        assert token and is_enforced(edge)
        later(edge, 599)
        assert is_enforced(edge)
        later(edge, 2)
        assert not is_enforced(edge)
        assert not edge.confirmations.states
        assert "nobody confirmed it in time" in edge.confirmations.undone[0]


def test_another_session_confirms_it(place: Place, later: Any) -> None:
    with place.edge() as edge:
        token = ask(edge, "set_policy", policy=ENFORCED, confirm_within=60).token
        assert edge.confirmations.states[0].left_s == 60
        assert ask(edge, "confirm", token=token, who="somebody else").token == token
        later(edge, 1000)
        assert is_enforced(edge)
        assert ask(edge, "set_policy", policy={"esp": {"mode": "enforce", "share": 100}}).token is None
        with pytest.raises(Refused) as refused:
            ask(edge, "confirm")
        assert refused.value.kind == Kind.NOT_FOUND


def test_it_is_cancelled_at_once(place: Place) -> None:
    with place.edge() as edge:
        push(edge, ten())
        token = remove(edge, [1, 2, 3], 60).token
        ask(edge, "confirm_cancel", token=token)
        assert edge.list.state.union.local == ten()


def test_what_a_list_cut_comes_back_and_what_was_added_since_stays(place: Place, later: Any) -> None:
    with place.edge() as edge:
        push(edge, ten())
        assert remove(edge, [1, 2, 3], 60).token
        push(edge, ten(1, 2, 3).with_changes(listed(["198.51.100.1"]), NONE))
        later(edge, 61)
        assert edge.list.state.union.local == ten().with_changes(listed(["198.51.100.1"]), NONE)
        assert is_whole(edge)


def test_what_cuts_nobody_needs_no_confirmation(place: Place) -> None:
    with place.edge() as edge:
        push(edge, ten())
        add = listed(["198.51.100.1"]).pack()
        assert change_list(edge, ChangeList(add_size=len(add), confirm_within=60), add + NONE.pack()).token is None
        assert ask(edge, "set_policy", policy={"esp": {"mode": "monitor", "share": 100}}).token is None
        assert not edge.confirmations.states


def test_of_several_each_has_its_token(place: Place, later: Any) -> None:
    with place.edge() as edge:
        push(edge, ten())
        first, second = remove(edge, [1], 60).token, remove(edge, [2], 120).token
        with pytest.raises(Refused) as refused:
            ask(edge, "confirm")
        assert refused.value.kind == Kind.CONFLICT
        ask(edge, "confirm", token=second)
        later(edge, 200)
        assert edge.list.state.union.local == ten(2)
        assert first


def test_an_agent_that_died_meanwhile_undoes_it_when_it_starts(place: Place) -> None:
    with place.edge() as edge:
        push(edge, ten())
        assert ask(edge, "set_policy", policy=ENFORCED).token
        assert remove(edge, [1], 60).token
    with place.edge() as edge:
        assert edge.list.state.union.local == ten()
        assert not is_enforced(edge)
        assert len(edge.confirmations.undone) == 2
    with place.edge() as edge:
        assert not edge.confirmations.undone


def test_while_the_agent_is_dead_the_lease_ends_with_the_time(place: Place) -> None:
    with place.edge() as edge:
        assert lease_left(edge) > 3000
        token = ask(edge, "set_policy", policy=ENFORCED, confirm_within=30).token
        assert 0 < lease_left(edge) <= 30
        edge.lease.renew()
        assert lease_left(edge) <= 30
        ask(edge, "confirm", token=token)
        edge.lease.renew()
        assert lease_left(edge) > 3000


def test_without_a_disk_that_takes_it_nothing_is_tightened(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise Refused(Kind.NO_ROOM, "The disk is full", [Fault("disk", "it is full", "free space")])

    with place.edge() as edge:
        monkeypatch.setattr(edge.store.waiting, "keep", full)
        with pytest.raises(Refused):
            ask(edge, "set_policy", policy=ENFORCED, confirm_within=30)
        assert not is_enforced(edge)
        assert not edge.confirmations.states


def test_the_first_step_of_a_plan_is_to_be_confirmed(place: Place, later: Any) -> None:
    with place.edge() as edge:
        plans = ask(edge, "rollout_start", protocols=["esp"])
        assert plans.token
        assert policies_of(edge)["esp"].dropped_share == 1
        later(edge, 601)
        assert policies_of(edge)["esp"].dropped_share == 0
        assert edge.plans.states[0].stage == "paused"


def test_nothing_is_confirmed_where_that_is_so_configured(place: Place) -> None:
    config = place.config.model_copy(update={"rollout": UNCONFIRMED})
    with Place(config).edge() as edge:
        assert ask(edge, "set_policy", policy=ENFORCED).token is None
