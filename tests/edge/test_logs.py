"""What the agent's log says of a change: which prefixes, who, by which door; and a policy as nobody misreads it."""

import os
from collections.abc import MutableMapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from api.application import create_app
from api.kit.token import gateway_token
from control.commands.client import AgentSocket
from control.commands.list import ChangeList
from control.commands.policy import Rule, SetPolicy
from control.edge.edge import Edge
from control.host import accounts
from control.rollout.origin import Door
from tests.edge.place import change_list, hosts, listed, served

pytestmark = pytest.mark.usefixtures("copied_program")

ME = accounts.user(os.geteuid())
Line = MutableMapping[str, Any]


def of(lines: list[Line], event: str) -> Line:
    [line] = [line for line in lines if line["event"] == event]
    return line


def test_a_change_names_its_prefixes_who_made_it_and_by_which_door(edge: Edge) -> None:
    with served(edge) as agent, capture_logs() as lines:
        added = listed(["192.0.2.8", "2001:db8:1::/48"]).pack()
        order = ChangeList(add_size=len(added), why="a new customer")
        AgentSocket(agent.path, Door.COMMAND).ask(order, added + listed(["192.0.2.1"]).pack())
    line = of(lines, "list")
    assert line["adds"] == "192.0.2.8, 2001:db8:1::/48"
    assert (line["removes"], line["added"], line["removed"]) == ("192.0.2.1", 2, 1)
    assert (line["door"], line["who"], line["why"]) == ("command", ME, "a new customer")
    assert line["serial"] == edge.list.state.local.serial
    assert ME == "uid 0 (root)"


def test_nobody_can_ask_in_anothers_name(edge: Edge) -> None:
    with served(edge) as agent, capture_logs() as lines:
        AgentSocket(agent.path).ask(SetPolicy(policy={"ah": Rule(mode="monitor", share=1)}, who="uid 1000 (anna)"))
    assert of(lines, "policy")["who"] == f"uid 1000 (anna), {ME}"


def test_of_many_prefixes_the_first_twenty_are_named(edge: Edge) -> None:
    with capture_logs() as lines:
        change_list(edge, hosts(100, first="203.0.113.0"))
    said = of(lines, "list")["adds"]
    assert said.startswith("203.0.113.0, 203.0.113.1, ") and said.endswith("203.0.113.19 and 80 more")
    assert "removes" not in of(lines, "list")


WORDS = [
    (Rule(mode="monitor", share=100), "monitor"),
    (Rule(mode="monitor", share=5), "monitor"),
    (Rule(mode="enforce", share=5), "enforce for 5 % of the flows"),
    (Rule(mode="enforce", share=100), "enforce for 100 % of the flows"),
]


@pytest.mark.parametrize(("rule", "words"), WORDS, ids=[words for _, words in WORDS])
def test_a_policy_is_logged_in_words_that_nobody_reads_as_its_opposite(edge: Edge, rule: Rule, words: str) -> None:
    with served(edge) as agent, capture_logs() as lines:
        AgentSocket(agent.path, Door.COMMAND).ask(SetPolicy(policy={"esp": rule}))
    line = of(lines, "policy")
    assert (line["esp"], line["door"], line["who"]) == (words, "command", ME)


def test_the_api_says_whose_token_it_was(edge: Edge) -> None:
    token = gateway_token(edge.config).read()
    app = create_app(edge.config)
    with served(edge), capture_logs() as lines:
        client = app.test_client()
        headers = {"Authorization": f"Bearer {token}", "If-Match": client.get("/v1/allowlist").headers["ETag"]}
        answer = client.patch("/v1/allowlist", json={"add": [{"prefix": "192.0.2.77"}]}, headers=headers)
        assert answer.status_code == 200, answer.text
    line = of(lines, "list")
    assert (line["adds"], line["door"], line["who"]) == ("192.0.2.77", "api", f"token gateway, {ME}")
