"""The table of who may do what: it is in the manual, and it says no in words."""

from pathlib import Path

import pytest

from control.fault import Refused
from control.registry.access import scopes, sight
from control.registry.access.actor import CLOCK, SCOPES, Actor
from control.registry.cases import workflow

MANUAL = (Path(__file__).parents[2] / "docs" / "registry-api.md").read_text()


def table_below(heading: str) -> list[list[str]]:
    """Return the cells of the first table of a section of the manual, without its head."""
    section = MANUAL.split(f"\n### {heading}\n")[1]
    lines = [line for line in section.split("\n#")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_manual_has_the_table() -> None:
    told = [
        [f"`{permission.action}`", permission.words, ", ".join(permission.token_scopes) or "the clock"]
        for permission in scopes.PERMISSIONS
    ]
    assert table_below("Actions") == told, "\n".join(f"| {' | '.join(cells)} |" for cells in told)


def test_the_manual_says_who_sees_which_rows() -> None:
    told = []
    for model, grounds in sight.GROUNDS.items():
        words = {ground.scope: ground.words for ground in grounds}
        told.append([str(model.__tablename__), *(words.get(scope, "") for scope in ("registrant", "provider"))])
    assert table_below("Sight") == told, "\n".join(f"| {' | '.join(cells)} |" for cells in told)


def test_every_action_is_there_once_and_every_step_is_one() -> None:
    actions = [permission.action for permission in scopes.PERMISSIONS]
    assert len(actions) == len(set(actions))
    assert {step.action for step in workflow.STEPS} <= set(actions)


def test_an_auditor_only_reads() -> None:
    reads = {permission.action for permission in scopes.PERMISSIONS if "auditor" in permission.scopes}
    assert all(action.endswith((".read", ".queue", ".follow")) for action in reads - {"export.order", "token.revoke"})


@pytest.mark.parametrize("permission", scopes.PERMISSIONS, ids=lambda permission: permission.action)
def test_who_has_none_of_the_scopes_is_refused_in_words(permission: scopes.Permission) -> None:
    for scope in SCOPES:
        actor = Actor("somebody", frozenset({scope}))
        assert scopes.may(actor, permission.action) == (scope in permission.scopes)
        if scope in permission.scopes:
            scopes.demand(actor, permission.action)
            continue
        with pytest.raises(Refused) as refused:
            scopes.demand(actor, permission.action)
        assert (refused.value.kind, refused.value.title) == ("forbidden", f"You may not {permission.words}")
        assert all(allowed in refused.value.faults[0].mend for allowed in permission.token_scopes)


def test_no_token_can_have_the_clocks_scope() -> None:
    assert scopes.may(CLOCK, "registration.warn")
    assert scopes.token_scopes("registration.warn") == frozenset()
    assert scopes.token_scopes("registration.expire") == {"officer"}


def test_an_action_that_there_is_not_is_a_slip_of_the_program() -> None:
    with pytest.raises(KeyError):
        scopes.token_scopes("registrant.destroy")
