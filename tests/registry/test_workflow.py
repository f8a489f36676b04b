"""The table of states and steps: what it promises, and that the manual draws it."""

import re
from pathlib import Path

import pytest

from control.fault import Refused
from control.registry.cases import workflow
from control.registry.store.model.registrations import HELD

MANUAL = Path(__file__).parents[2] / "docs" / "workflow.md"


def test_the_manual_draws_the_table() -> None:
    drawn = re.findall(r"```mermaid\n(.*?)\n```", MANUAL.read_text(), re.DOTALL)
    assert drawn == [workflow.diagram(subject) for subject in workflow.INITIAL]


def test_whatever_leaves_the_live_list_is_an_intent_first() -> None:
    for step in workflow.STEPS:
        if step.subject == "registration" and step.target is not None and step.target not in workflow.LIVE:
            assert step.removes, step.name


def test_every_state_is_reached_and_every_step_has_somebody() -> None:
    for subject, first in workflow.INITIAL.items():
        targets = {step.target for step in workflow.STEPS if step.subject == subject} | {first}
        assert set(workflow.states(subject)) <= targets
    assert all(step.scopes and step.sources for step in workflow.STEPS)


def test_an_illegal_step_names_the_legal_ones() -> None:
    with pytest.raises(Refused) as refused:
        workflow.demand_legal(workflow.step("application", "approve"), {"app_1": "submitted", "app_2": "refused"})
    assert refused.value.kind == "conflict"
    assert [fault.mend for fault in refused.value.faults] == [
        "legal steps are confirm, return, refuse, withdraw",
        "no step is legal any more",
    ]


def test_the_databases_index_is_about_the_held_states() -> None:
    assert set(re.findall(r"'(\w+)'", HELD.text)) == set(workflow.HELD)
