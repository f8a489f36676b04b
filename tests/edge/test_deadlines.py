"""An order that nobody waits for any more is not carried out, and who gave up knows what is not known."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from control import config as configuration
from control.commands.bypass import SetBypass
from control.commands.catalogue import REQUESTS
from control.commands.client import AgentSocket
from control.commands.confirm import CancelChange, ConfirmChange
from control.commands.held import DropHeld, ReleaseHeld
from control.commands.history import RollBack
from control.commands.interfaces import Attach, Detach
from control.commands.list import ChangeList, ReplaceList
from control.commands.packets import ReadCounters, SamplePackets
from control.commands.policy import PolicyState, ReadPolicy, Rule, SetPolicy
from control.commands.request import Order
from control.commands.rollout import MovePlan, PausePlan, ResumePlan, StartPlan, UndoPlan
from control.commands.status import ReadStatus, Status
from control.datapath import datapath
from control.edge.commands.answering import answer
from control.edge.edge import Edge
from control.fault import Kind, Refused
from control.host import clock
from lab.gateway import AGENT, configure, wait_for_start
from lab.stage.namespace import Namespace
from lab.waiting import wait_for
from tests.edge.place import FEW, is_live, listed

PACKED, EMPTY = listed(["203.0.113.9"]).pack(), listed([]).pack()

ORDERS: Mapping[str, tuple[Order[Any], bytes]] = {
    "attach": (Attach(interface="eth1"), b""),
    "change": (ChangeList(add_size=len(PACKED)), PACKED + EMPTY),
    "detach": (Detach(interface="eth0"), b""),
    "confirm": (ConfirmChange(), b""),
    "confirm_cancel": (CancelChange(token="0123abcd"), b""),
    "held_drop": (DropHeld(id="1"), b""),
    "release": (ReleaseHeld(id="1"), b""),
    "rollback": (RollBack(revision=1), b""),
    "rollout_move": (MovePlan(protocols=["esp"], date=1.0), b""),
    "rollout_pause": (PausePlan(protocols=["esp"]), b""),
    "rollout_resume": (ResumePlan(protocols=["esp"]), b""),
    "rollout_start": (StartPlan(protocols=["esp"]), b""),
    "rollout_undo": (UndoPlan(protocols=["esp"]), b""),
    "replace": (ReplaceList(), PACKED),
    "sample": (SamplePackets(rate=1), b""),
    "set_bypass": (SetBypass(on=True), b""),
    "set_policy": (SetPolicy(policy={"esp": Rule(mode="enforce", share=100)}), b""),
}


def test_every_order_is_here() -> None:
    assert {verb for verb, request in REQUESTS.items() if issubclass(request, Order)} == set(ORDERS)


@pytest.mark.usefixtures("copied_program")
def test_an_order_that_comes_too_late_is_not_carried_out(edge: Edge) -> None:
    before = edge.policies.etag
    for order, body in ORDERS.values():
        head = order.model_copy(update={"until": clock.now() - 0.001}).head()
        with pytest.raises(Refused, match="too late") as caught:
            answer(edge, head, body)
        assert (caught.value.kind, caught.value.done) == (Kind.UNAVAILABLE, False)
    assert is_live(edge, listed(FEW)) and edge.policies.etag == before and not edge.interfaces.wanted


@pytest.mark.usefixtures("copied_program")
def test_an_order_waits_for_its_turn_as_long_as_is_waited_for_it(edge: Edge) -> None:
    order, body = ORDERS["replace"]
    with edge.turn(), pytest.raises(Refused, match="too late"):
        answer(edge, order.model_copy(update={"until": clock.now() + 0.3}).head(), body)
    answer(edge, order.model_copy(update={"until": clock.now() + 60}).head(), body)
    assert is_live(edge, listed(["203.0.113.9"]))


class Hung:
    """A running agent that can be stopped, as one that hangs."""

    def __init__(self, config: Path, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.agent = AgentSocket(configuration.load(config).socket)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def has_taken_all(self) -> bool:
        """Whether it has dealt with all that was asked before: no connection is open, or waits."""
        lines = Path(f"/proc/{self.process.pid}/net/unix").read_text().splitlines()
        return [line.split()[7:] for line in lines].count([str(self.agent.path)]) == 1  # the one that listens

    def state(self) -> tuple[Any, ...]:
        status: Status = self.agent.ask(ReadStatus())
        return (
            status.etag,
            status.bypass.on,
            self.agent.ask(ReadPolicy()),
            [(each.name, each.attached) for each in status.interfaces],
        )


@pytest.fixture(scope="module")
def hung(tmp_path_factory: pytest.TempPathFactory, bpffs: Path) -> Iterator[Hung]:
    namespace = Namespace(f"wk-hung-{os.urandom(4).hex()}")
    namespace.create()
    config = configure(tmp_path_factory.mktemp("hung"), bpffs, port=8080)
    process = subprocess.Popen([*namespace.enter(), AGENT, "--config", str(config)])
    try:
        namespace.ip_batch(["link add eth0 type veth peer name eth1", "link set eth0 up", "link set eth1 up"])
        hung = Hung(config, process)
        wait_for_start([process], hung.agent.path.exists, "the agent listens")
        hung.agent.ask(Attach(interface="eth0"))
        yield hung
    finally:
        process.kill()
        process.wait()
        namespace.inside(lambda: datapath.remove(configuration.load(config).pins))
        namespace.remove()


def test_what_was_given_up_is_not_done_when_a_hung_agent_goes_on(hung: Hung) -> None:
    before = hung.state()
    given_up: list[Refused] = []

    def give_up(order: Order[Any], body: bytes) -> None:
        try:
            hung.agent.ask(order, body, timeout=0.5)
        except Refused as refused:
            given_up.append(refused)

    with hung.stopped():
        asking = [threading.Thread(target=give_up, args=each) for each in ORDERS.values()]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join(60)
    assert {(refused.kind, refused.done) for refused in given_up} == {(Kind.UNAVAILABLE, None)}
    assert len(given_up) == len(ORDERS)
    assert all("not known whether it was done" in str(refused) for refused in given_up)
    wait_for(hung.has_taken_all, "the agent has looked at all that lay in its socket")
    assert hung.state() == before


def test_who_waits_is_served_when_a_hung_agent_goes_on(hung: Hung) -> None:
    done: list[PolicyState] = []

    def ask() -> None:
        hung.agent.ask(SetPolicy(policy={"ah": Rule(mode="enforce", share=3)}))
        done.append(hung.agent.ask(ReadPolicy()))

    with hung.stopped():
        asking = threading.Thread(target=ask)
        asking.start()
        assert not done
    asking.join(60)
    assert done[0].policy["ah"] == Rule(mode="enforce", share=3)


@contextmanager
def listening(path: Path, serve: Callable[[socket.socket], None], backlog: int = 8) -> Iterator[AgentSocket]:
    """Something that listens where an agent should."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(backlog)
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield AgentSocket(path, timeout=0.5)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(60)


def refused(ask: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as caught:
        ask()
    assert caught.value.to_dict()["done"] is caught.value.done
    return Refused.from_dict(json.loads(json.dumps(caught.value.to_dict())))


ORDER = ORDERS["set_policy"][0]


def test_an_agent_that_takes_no_connection_has_done_nothing(tmp_path: Path) -> None:
    path = tmp_path / "agent.sock"
    with listening(path, lambda _: None, backlog=0) as agent, socket.socket(socket.AF_UNIX) as first:
        first.connect(str(path))  # the one for whom there is a place
        began = time.monotonic()
        said = refused(lambda: agent.ask(ORDER))
        assert (said.kind, said.title, said.done) == (Kind.UNAVAILABLE, "The agent hangs", False)
        assert time.monotonic() - began >= 0.5, "it waits for a place"


def test_an_agent_that_ends_after_a_request_may_have_done_it(tmp_path: Path) -> None:
    def read_and_close(listener: socket.socket) -> None:
        for _ in range(2):
            connection, _address = listener.accept()
            with connection:
                connection.recv(1 << 16)

    with listening(tmp_path / "agent.sock", read_and_close) as agent:
        assert refused(lambda: agent.ask(ORDER)).done is None
        assert refused(lambda: agent.ask(ReadCounters())).done is False, "reading does nothing"


def test_an_agent_that_does_not_take_all_of_a_request_has_not_done_it(tmp_path: Path) -> None:
    with listening(tmp_path / "agent.sock", lambda listener: None) as agent:
        said = refused(lambda: agent.ask(ReplaceList(), bytes(8 << 20)))
        assert said.done is False and "has not taken the whole request" in str(said)


def test_where_nobody_listens_nothing_was_done(tmp_path: Path) -> None:
    said = refused(lambda: AgentSocket(tmp_path / "agent.sock").ask(ORDER))
    assert (said.title, said.done) == ("The agent is not running", False) and "nothing was done" in str(said)
