"""Places at the agent's socket: who gets one, who has to go for it, and how long a connection may take."""

import json
import socket
import threading
from contextlib import ExitStack
from typing import NamedTuple

import pytest

from control.commands.client import AgentSocket
from control.commands.list import ReadList
from control.commands.packets import ReadCounters
from control.commands.policy import Rule, SetPolicy
from control.edge.commands import server
from control.edge.commands.peer import Peer
from control.edge.commands.places import Place, Places
from control.edge.commands.server import AgentServer
from control.edge.edge import Edge
from control.fault import Kind, Refused
from lab.waiting import wait_for
from tests.edge.place import hosts, replace_list, served

pytestmark = pytest.mark.usefixtures("copied_program")

ROOT, ANNA = Peer(0, frozenset([0])), Peer(1000, frozenset([1000]))
SILENT, TALKING = True, False


class Case(NamedTuple):
    """One row: two places for everybody, one more for root.

    Attributes:
        there: who has a place, the longest first, and whether they are silent.
        newcomer: comes.
        leaves: which of those there has to go; None: nobody.
        is_in: whether the newcomer gets a place.
    """

    name: str
    there: list[tuple[Peer, bool]]
    newcomer: Peer
    leaves: int | None
    is_in: bool


TABLE = [
    Case("an empty house", [], ANNA, None, True),
    Case("room", [(ANNA, SILENT)], ANNA, None, True),
    Case("full of the silent", [(ANNA, SILENT), (ANNA, SILENT)], ANNA, 0, True),
    Case("the one that talks stays", [(ANNA, TALKING), (ANNA, SILENT)], ANNA, 1, True),
    Case("full of those that ask", [(ANNA, TALKING), (ANNA, TALKING)], ANNA, None, False),
    Case("root has a place of its own", [(ANNA, TALKING), (ANNA, TALKING)], ROOT, None, True),
    Case("root needs nobody's place", [(ANNA, SILENT), (ANNA, TALKING)], ROOT, None, True),
    Case("root takes a silent one's", [(ANNA, SILENT), (ANNA, TALKING), (ROOT, TALKING)], ROOT, 0, True),
    Case("root goes last", [(ROOT, SILENT), (ANNA, SILENT), (ROOT, TALKING)], ROOT, 1, True),
    Case("silent root goes too", [(ROOT, SILENT), (ROOT, SILENT), (ROOT, SILENT)], ANNA, 0, True),
    Case("root's place is not for others", [(ANNA, TALKING), (ANNA, TALKING), (ROOT, SILENT)], ANNA, None, False),
    Case("all of them root's, and asking", [(ROOT, TALKING)] * 3, ROOT, None, False),
]


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case.name)
def test_who_gets_a_place(case: Case) -> None:
    places = Places(most=2, kept=1)
    with ExitStack() as opened:

        def connected() -> socket.socket:
            ours, theirs = socket.socketpair()
            opened.enter_context(ours)
            opened.enter_context(theirs)
            return ours

        there: list[Place] = []
        for peer, is_silent in case.there:
            place = places.take(connected(), peer)
            assert place is not None
            if not is_silent:
                assert places.note_asking(place)
            there.append(place)

        def serve(place: Place) -> None:
            place.connection.recv(1)  # nothing, when it is turned out
            if place.is_turned_out:
                places.give_back(place)

        threads = [threading.Thread(target=serve, args=(place,), daemon=True) for place in there if place.is_silent]
        for thread in threads:
            thread.start()
        assert (places.take(connected(), case.newcomer) is not None) == case.is_in
        turned_out = [number for number, place in enumerate(there) if place.is_turned_out]
        assert turned_out == ([] if case.leaves is None else [case.leaves])
        for place in there:
            if not place.is_turned_out:
                place.connection.shutdown(socket.SHUT_RD)
        for thread in threads:
            thread.join(30)


def test_who_has_asked_is_not_turned_out_before_it_is_read() -> None:
    places = Places(most=1, kept=0)
    (ours, theirs), (others, end) = socket.socketpair(), socket.socketpair()
    with ours, theirs, others, end:
        place = places.take(ours, ANNA)
        theirs.send(b"{")
        assert places.take(others, ANNA) is None and place is not None and not place.is_turned_out


def is_empty(agent: AgentServer) -> bool:
    return not agent.places._taken


def connected(agent: AgentServer) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(30)
    connection.connect(str(agent.path))
    return connection


def said(connection: socket.socket) -> Refused:
    """The refusal that the agent sent, before it closed."""
    with connection.makefile("rb") as stream:
        return Refused.from_dict(json.loads(stream.readline())["refused"])


STRAYS = {
    "nothing": (b"", "no request came within"),
    "half a head": (b'{"verb": "stat', "no request came within"),
    "half a body": (b'{"verb": "replace", "body": 100}\n12345', "the body does not come"),
}


@pytest.mark.parametrize("name", STRAYS)
def test_what_does_not_come_is_not_waited_for(edge: Edge, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(server, "MOVE_SECONDS", 0.3)
    sent, why = STRAYS[name]
    with served(edge) as agent, connected(agent) as connection:
        connection.sendall(sent)
        refused = said(connection)
        assert (refused.kind, refused.done) == (Kind.BAD_REQUEST, False) and why in str(refused)
        wait_for(lambda: is_empty(agent), "its place is free")


@pytest.mark.parametrize("sent", [b"reboot\n", b"[1]\n", b'{"body": -1}\n', b'{"body": "x"}\n', b"[" * 100_000 + b"\n"])
def test_what_is_no_message_is_refused(edge: Edge, sent: bytes) -> None:
    with served(edge) as agent, connected(agent) as connection:
        connection.sendall(sent)
        refused = said(connection)
        assert (refused.kind, refused.faults[0].where) == (Kind.BAD_REQUEST, "the message")


def test_who_does_not_read_its_answer_is_dropped(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MOVE_SECONDS", 0.3)
    monkeypatch.setattr(server, "SLOWEST", 1e9)
    replace_list(edge, hosts(100_000))
    with served(edge) as agent, connected(agent) as connection:
        connection.sendall(b'{"verb": "list"}\n')
        assert AgentSocket(agent.path).ask(ReadCounters()).counters == [], "it is in nobody's way"
        wait_for(lambda: is_empty(agent), "it has no place any more")
        assert len(AgentSocket(agent.path).fetch(ReadList())[1]) >= 400_000, "who reads has all of it"


def test_when_all_ask_the_next_is_told(edge: Edge) -> None:
    order = SetPolicy(policy={"esp": Rule(mode="enforce", share=7)})
    with served(edge) as agent, ExitStack() as open_ones:
        agent.places = Places(most=2, kept=1)  # for us, who are root: three
        with edge.turn():
            waiting = [open_ones.enter_context(connected(agent)) for _ in range(3)]
            for connection in waiting:
                connection.sendall(json.dumps(order.head()).encode() + b"\n")
            wait_for(lambda: sum(not place.is_silent for place in agent.places._taken) == 3, "all of them ask")
            with pytest.raises(Refused) as caught:
                AgentSocket(agent.path).ask(ReadCounters())
            assert (caught.value.kind, caught.value.done) == (Kind.BUSY, False)
            assert "ask again in a moment" in caught.value.faults[0].mend
        for connection in waiting:
            with connection.makefile("rb") as stream:
                assert json.loads(stream.readline())["result"]["policy"]["esp"]["share"] == 7
        wait_for(lambda: is_empty(agent), "they are gone")
        assert AgentSocket(agent.path).ask(ReadCounters()).counters == []
