"""A short selection of `make faults`, and that docs/failure.md says of each row what it shows."""

import re
from pathlib import Path

from lab.faults.row import measure
from lab.faults.rows import ENTRIES_MOVING, ROWS
from lab.faults.site import site

FAILURE = Path(__file__).resolve().parents[2] / "docs" / "failure.md"
SHORT = (
    "agent-hung/policy",
    "agent-gone/detach",
    "disk-full/bypass",
    "lock-held/bypass",
    "edge.db-older/bypass",
    "pin-of-another-map/policy",
    "configuration-wrong/bypass",
    "registry-put-back/bypass",
)
LONGEST = 20.0
"""Seconds for the brake on a machine that is as busy as one can be; `make faults` holds it to one."""


def lines() -> list[str]:
    """The lines of the tables, without their heads."""
    rows = [line for line in FAILURE.read_text().splitlines() if line.startswith("| ")]
    return [line for line in rows if not line.endswith("| row |")]


def test_each_line_names_its_row_and_each_row_has_a_line() -> None:
    named = [re.fullmatch(r".*\| `([a-z.-]+)` \|", line) for line in lines()]
    assert all(named), [line for line, name in zip(lines(), named, strict=True) if not name]
    names = [name[1] for name in named if name]
    assert sorted(names) == sorted({row.name for row in ROWS} | {ENTRIES_MOVING})


def test_what_goes_wrong_costs_nobody_a_packet_and_the_brake_brakes() -> None:
    chosen = [row for row in ROWS if f"{row.name}/{row.brake}" in SHORT]
    assert len(chosen) == len(SHORT)
    with site() as here:
        for outcome in (measure(here, row) for row in chosen):
            assert (outcome.lost, outcome.brake_s < LONGEST) == (0, True), outcome
            assert outcome.sent and outcome.told
