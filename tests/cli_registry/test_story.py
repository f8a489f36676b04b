"""The story of an association: 6,000 applications from a file with slips to live entries."""

import time
from pathlib import Path

import pytest

from tests.cli_registry.conftest import Wicket
from tests.registry_intake.association import PROVIDERS, SLIPS, Row, address, csv_of, member

MEMBERS = 6_000
SLIPPED = 60
SECONDS = 18


def with_slips(rows: list[Row]) -> dict[tuple[int, str], tuple[str, str]]:
    """Slip in every hundredth row, and return why and mend by row and column."""
    expected = {}
    for count in range(SLIPPED):
        number = count * MEMBERS // SLIPPED + 50
        column, slip, why, mend = SLIPS[count % len(SLIPS)]
        wrong = slip(rows[number])
        if "already" in why:  # each repeats another row's prefix, or there would be one fault for all
            wrong, why = address(number - 1), f"{address(number - 1)} is in row {number + 1} already"
        rows[number][column] = wrong
        expected[number + 2, column] = why, mend
    return expected


@pytest.mark.timeout(600)
@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)  # the stricter: it takes fewer values a statement
def test_an_association_registers_its_members(wicket: Wicket, tmp_path: Path) -> None:
    officer, other = (wicket("officers", "add", name)["id"] for name in ("Officer", "Other"))
    for name in PROVIDERS:
        wicket("providers", "add", name)
    rows = [member(number) for number in range(MEMBERS)]
    (tmp_path / "good.csv").write_bytes(csv_of(rows))
    expected = with_slips(rows)
    (tmp_path / "bad.csv").write_bytes(csv_of(rows))
    began = time.process_time()

    dry_run = wicket("import", str(tmp_path / "bad.csv"), "--dry-run", who=officer, status=1)
    found = {(each["row"], each["column"]): (each["why"], each["mend"]) for each in dry_run["faults"]}
    assert found.keys() == expected.keys()
    for place, (why, mend) in expected.items():
        assert why in found[place][0]
        assert mend in found[place][1]
    assert wicket("applications", "list") == []

    mended = wicket("import", str(tmp_path / "good.csv"), who=officer)
    assert (mended["state"], mended["result"]["applications"]) == ("done", MEMBERS)
    for name in PROVIDERS:
        assert wicket("applications", "confirm", "--all", who=name)["applications"] == MEMBERS // len(PROVIDERS)
    approved = wicket("applications", "approve", "--all", who=other)
    assert approved == {"applications": MEMBERS, "live_serial": 1}
    live = wicket("registrations", "live")
    assert (live["serial"], live["count"]) == (1, MEMBERS)
    took = time.process_time() - began
    assert wicket("audit", "verify")["whole"]
    print(f"{took:.1f} s of machine time")
    assert took < SECONDS
