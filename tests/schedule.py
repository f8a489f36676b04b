"""How several processes share the tests: a file is one's, and so is the whole lab.

The longest files begin first, so that none is left at the end. Two files of the lab at a time ask more of a machine
than it can answer, and what is lost then says nothing of the gateway.
"""

from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

LAB = "tests/lab/"
TESTS = Path(__file__).parent
LONGEST = (
    "lab/test_promise.py",
    "lab/test_run.py",
    "lab/test_outage.py",
    "lab/test_links.py",
    "lab/test_stage.py",
    "lab/test_matrix.py",
    "edge/test_crash.py",
    "cli_registry/test_story.py",
    "registry/test_workflow_machine.py",
    "registry_intake/test_crash.py",
    "packaging/test_units.py",
    "packaging/test_submission.py",
    "corpus/test_corpus.py",
    "kernel/test_table.py",
    "kernel/test_fuzz.py",
    "kernel/test_differential.py",
    "kernel/test_network.py",
    "feed/test_following.py",
    "feed/test_agent.py",
    "services/test_agent.py",
    "edge/test_pins.py",
    "services/test_api.py",
    "cli/test_inspect.py",
)
"""What takes 15 seconds and more; the others follow in the order of their names."""

PLACES = {TESTS / name: place for place, name in enumerate(LONGEST)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, each as it is.

    Raises:
        pytest.UsageError: one of them has gone, or has another name now.
    """
    if gone := [str(path) for path in PLACES if not path.exists()]:
        raise pytest.UsageError(f"no such file: {', '.join(gone)}; put tests/schedule.py right")
    items.sort(key=lambda item: PLACES.get(item.path, len(PLACES)))


class LabAtOnce(LoadFileScheduling):  # type: ignore[misc] # xdist says no types
    """Gives out files, and those of the lab as if they were one."""

    def _split_scope(self, nodeid: str) -> str:
        return LAB if nodeid.startswith(LAB) else str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LabAtOnce | None:
    """Share by files where that was asked for."""
    return LabAtOnce(config, log) if config.getoption("dist") == "loadfile" else None
