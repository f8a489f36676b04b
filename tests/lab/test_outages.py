"""`make outages`: what is known of each scenario, and some of them played."""

import json
import re
from pathlib import Path

from click.testing import CliRunner

from lab.outages.run import SCENARIOS, main

DOCUMENT = Path(__file__).parents[2] / "docs" / "outages.md"
PLAYED = ("registered-fail-with-the-unregistered", "global-in-seconds", "leak-to-the-whole-world")


def test_each_scenario_is_told_of_in_order() -> None:
    told = re.findall(r"^\| `([a-z-]+)` \|", DOCUMENT.read_text(), re.MULTILINE)
    assert told == list(SCENARIOS)
    assert len(told) == 11


def test_nobody_who_is_registered_loses_a_packet(tmp_path: Path) -> None:
    file = tmp_path / "outages.json"
    said = CliRunner().invoke(main, [*PLAYED, "--json", str(file)])
    assert said.exception is None or said.exit_code == 0, (said.output, said.exception)
    scenarios = json.loads(file.read_text())["scenarios"]
    assert [each["name"] for each in scenarios] == list(PLAYED)
    assert all(each["sent"] > 1000 and each["lost"] == 0 and each["told"] for each in scenarios), scenarios
