"""What a run finds is written and compared with the committed run."""

import json
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bench import __main__ as bench
from bench import addresses, check
from bench.figures import record
from bench.figures.comparing import compare
from bench.figures.figure import NS, RATIO, Figure, differences, over_base, ratios
from bench.figures.record import Record
from bench.packets.frames import NOBODY4, NOBODY6, every_length
from bench.run import Run
from control.allowlist.mapped import Address
from lab.packets import CLIENT4, CLIENT6


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which parts ran, each replaced by one that knows its result."""
    ran: list[str] = []

    def known(name: str) -> bench.Part:
        def measure(run: Run) -> None:
            ran.append(name)
            run.tell("a figure")
            run.record.add(f"{name}_s", "s", [1.0, 2.0, 4.0])

        return measure

    monkeypatch.setattr(bench, "PARTS", {name: known(name) for name in bench.PARTS})
    return ran


def test_all_run_unless_some_are_named(measured: list[str], tmp_path: Path) -> None:
    file = str(tmp_path / "bench.json")
    assert CliRunner().invoke(bench.main, ["--json", file]).exit_code == 0
    assert measured == list(bench.PARTS)
    measured.clear()
    assert CliRunner().invoke(bench.main, ["--json", file, "flood", "packet"]).exit_code == 0
    assert measured == ["flood", "packet"]


def test_an_unknown_one_is_named(measured: list[str]) -> None:
    done = CliRunner().invoke(bench.main, ["floood"])
    assert done.exit_code == 2
    assert "floood" in done.stderr
    assert not measured


def test_what_was_found_is_shown_and_written(measured: list[str], tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    shown = CliRunner().invoke(bench.main, ["--json", str(file), "flood"]).stdout
    assert "flood_s" in shown
    written = json.loads(file.read_text())
    assert written.keys() == {"machine", "versions", "repetitions", "figures"}
    assert written["figures"] == {"flood_s": {"unit": "s", "min": 1.0, "median": 2.0, "max": 4.0}}
    assert record.read(file).figures == {"flood_s": Figure("s", 1.0, 2.0, 4.0)}


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("ordinary_ns_over_empty", "ordinary_ns_over_base"),
        ("dropped_lengths_ns_over_empty", "dropped_lengths_ns_over_base"),
        ("drop_cold_1m_over_empty", "drop_cold_1m_over_base"),
        ("registered_cold_1m_over_empty", "registered_cold_1m_over_base"),
        ("replace_1m_s", "replace_1m_over_base"),
        ("change_p99_ms_idle", "change_p99_idle_over_base"),
        ("agent_rss_mb", "agent_rss_over_base"),
        ("start_pinned_s", "start_pinned_over_base"),
        ("kernel_10m_mb", "kernel_10m_over_base"),
    ],
)
def test_what_a_ratio_to_base_is_called(name: str, called: str) -> None:
    assert over_base(name) == called


def empty() -> Record:
    return Record({}, {})


def test_costs_are_told_above_an_empty_program_of_the_same_round() -> None:
    found = empty()
    found.above_empty("dropped", {"empty": [20, 30, 40], "today": [30, 45, 50], "base": [40, 60, 60]})
    assert found.figures == {
        "dropped_ns_over_empty": Figure(NS, 10, 10, 15),
        "dropped_ns_over_base": Figure(RATIO, 0.5, 0.5, 0.5),
    }


def test_rates_are_told_as_shares_of_an_empty_program_and_over_each_peer() -> None:
    found = empty()
    found.share_of_empty("drop", {"empty": [10, 10, 20], "today": [5, 6, 8], "base": [2.5, 4, 8], "nft": [1, 2, 4]})
    assert found.figures == {
        "drop_over_empty": Figure(RATIO, 0.4, 0.5, 0.6),
        "drop_over_base": Figure(RATIO, 1.0, 1.5, 2.0),
        "drop_over_nft": Figure(RATIO, 2.0, 3.0, 5.0),
        "drop_nft_over_empty": Figure(RATIO, 0.1, 0.2, 0.2),
    }


def test_without_a_base_there_are_no_ratios_to_it() -> None:
    found = empty()
    found.plain("replace_1m_s", "s", {"today": [1, 2]})
    assert list(found.figures) == ["replace_1m_s"]


def test_a_round_in_which_nothing_was_measured_gives_no_ratio() -> None:
    assert ratios([1, 2], [0, 4]) == [0.5]
    assert differences([1, 5], [2, 3]) == [0.0, 2]
    found = empty()
    found.add("ordinary_ns_over_base", RATIO, ratios([1.0], [0.0]))
    assert not found.figures


def run_of(medians: Mapping[str, float], base: str = "b") -> Record:
    """A run with these ratios, and a cost in nanoseconds."""
    figures = {name: Figure(RATIO, value, value, value) for name, value in medians.items()}
    return Record({}, {"base": base}, {}, figures | {"dropped_ns_over_empty": Figure(NS, 10, 10, 10)})


@pytest.mark.parametrize(
    ("name", "before", "now", "lost"),
    [
        ("dropped_ns_over_base", 0.5, 0.57, False),
        ("dropped_ns_over_base", 0.5, 0.58, True),
        ("dropped_ns_over_base", 0.5, 0.1, False),
        ("drop_warm_over_empty", 0.6, 0.52, False),
        ("drop_warm_over_empty", 0.6, 0.5, True),
        ("drop_warm_over_empty", 0.6, 0.9, False),
        ("drop_warm_over_nft", 3.0, 2.5, True),
        ("replace_1m_over_base", 0.5, 0.6, True),
    ],
)
def test_what_counts_as_lost(name: str, before: float, now: float, lost: bool) -> None:
    (compared,) = compare(run_of({name: before}), run_of({name: now}))
    assert compared.is_lost == lost


def test_a_share_of_an_empty_programs_rate_is_the_better_the_more_it_is_of_bases() -> None:
    before = run_of({"drop_warm_over_empty": 0.5, "drop_warm_over_base": 1.5})
    lost = [each.name for each in compare(before, run_of({"drop_warm_over_empty": 0.5, "drop_warm_over_base": 1.2}))]
    assert [each.name for each in compare(before, before) if each.is_lost] == []
    assert lost == ["drop_warm_over_empty", "drop_warm_over_base"]
    compared = compare(before, run_of({"drop_warm_over_empty": 0.5, "drop_warm_over_base": 1.2}))
    assert [each.name for each in compared if each.is_lost] == ["drop_warm_over_base"]


def test_another_base_is_not_compared() -> None:
    before = run_of({"dropped_ns_over_base": 0.5, "drop_warm_over_empty": 0.6})
    other = run_of({"dropped_ns_over_base": 5.0, "drop_warm_over_empty": 0.6}, base="c")
    assert {each.name: each.now for each in compare(before, other)} == {
        "dropped_ns_over_base": None,
        "drop_warm_over_empty": 0.6,
    }


def checked(tmp_path: Path, before: Record, now: Record, *words: str) -> tuple[int, str]:
    files = tmp_path / "before.json", tmp_path / "now.json"
    for file, written in zip(files, (before, now), strict=True):
        written.write(file)
    done = CliRunner().invoke(check.main, ["--before", str(files[0]), "--now", str(files[1]), *words])
    return done.exit_code, done.output


def test_the_check_names_what_is_lost(tmp_path: Path) -> None:
    before = run_of({"drop_warm_over_nft": 3.0, "replace_1m_over_base": 0.5})
    status, said = checked(tmp_path, before, run_of({"drop_warm_over_nft": 1.0, "replace_1m_over_base": 0.5}))
    assert status == 1
    assert "lost over 15%: drop_warm_over_nft (67%)" in said
    assert checked(tmp_path, before, before)[0] == 0


def test_the_check_says_what_it_could_not_compare(tmp_path: Path) -> None:
    before = run_of({"drop_warm_over_nft": 3.0, "drop_warm_over_empty": 0.6})
    status, said = checked(tmp_path, before, run_of({"drop_warm_over_empty": 0.6}))
    assert status == 0
    assert "or another base: drop_warm_over_nft" in said
    assert checked(tmp_path, before, run_of({}))[0] == 1


def test_a_run_can_be_accepted(tmp_path: Path) -> None:
    before, now = run_of({"drop_warm_over_nft": 3.0}), run_of({"drop_warm_over_nft": 1.0})
    assert checked(tmp_path, before, now, "--accept")[0] == 0
    assert record.read(tmp_path / "before.json").figures == now.figures


@pytest.mark.parametrize("ends", [(CLIENT4, NOBODY4), (CLIENT6, NOBODY6)])
def test_a_prefix_of_each_length_that_holds_neither_end(ends: tuple[Address, Address]) -> None:
    prefixes = [ip_network(prefix) for prefix in every_length(ends)]
    assert [prefix.prefixlen for prefix in prefixes] == list(range(1, ends[0].max_prefixlen + 1))
    assert not [prefix for prefix in prefixes if any(end in prefix for end in ends)]


def test_addresses_are_distinct_and_the_same_in_each_run() -> None:
    drawn = addresses.some(10_000, 3)
    assert len(np.unique(drawn)) == len(drawn) == 10_000
    assert np.array_equal(drawn, addresses.some(10_000, 3))
    assert addresses.csv(np.array([0x01020304], np.uint32)) == b"address\n1.2.3.4\n"


def test_the_machine_is_described() -> None:
    found = record.machine()
    assert found["kernel"] and found["processors"]
