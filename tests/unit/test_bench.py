"""The benchmarks can be named, and what they measure can be printed; how fast anything is, is nothing for a test."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from bench import __main__ as bench
from bench import addresses, report
from bench.report import Table

TABLE = Table("a table", [{"who": "wicketgate", "ns": 12, "share": 0.5, "s": None}], ["a note"])


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which benchmarks ran, each replaced by one that knows its result."""
    ran: list[str] = []

    def known(name: str) -> bench.Benchmark:
        def measure() -> list[Table]:
            ran.append(name)
            return [TABLE]

        return lambda: iter(measure())

    monkeypatch.setattr(bench, "BENCHMARKS", {name: known(name) for name in bench.BENCHMARKS})
    return ran


def test_all_run_unless_some_are_named(measured: list[str]) -> None:
    assert CliRunner().invoke(bench.main, []).exit_code == 0
    assert measured == ["list", "change", "packet", "flood", "agent", "strangers"]
    measured.clear()
    assert CliRunner().invoke(bench.main, ["packet", "list"]).exit_code == 0
    assert measured == ["packet", "list"]


def test_an_unknown_one_is_named(measured: list[str]) -> None:
    done = CliRunner().invoke(bench.main, ["lisst"])
    assert done.exit_code == 2
    assert "lisst" in done.stderr
    assert not measured


def test_json_has_an_object_a_row(measured: list[str]) -> None:
    done = CliRunner().invoke(bench.main, ["--json", "flood"])
    machine, row = (json.loads(line) for line in done.stdout.splitlines())
    assert machine["table"] == "machine"
    assert row == {"bench": "flood", "table": "a table", "who": "wicketgate", "ns": 12, "share": 0.5, "s": None}


def test_a_table_shows_values_and_notes(measured: list[str]) -> None:
    shown = CliRunner().invoke(bench.main, ["list"]).stdout
    assert "wicketgate" in shown
    assert "a note" in shown


def test_addresses_are_distinct_and_the_same_in_each_run() -> None:
    drawn = addresses.some(10_000, 3)
    assert len(np.unique(drawn)) == len(drawn) == 10_000
    assert np.array_equal(drawn, addresses.some(10_000, 3))
    assert addresses.csv(np.array([0x01020304], np.uint32)) == b"address\n1.2.3.4\n"


def test_the_machine_is_described() -> None:
    (row,) = report.machine().rows
    assert row["kernel"] and row["cores"]
