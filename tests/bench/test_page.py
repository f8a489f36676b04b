"""The page of what it costs says what the committed run has found."""

import re
from xml.etree import ElementTree

import pytest

from bench.figures.figure import NS, RATIO, Figure
from bench.figures.record import COMMITTED, Record, read
from bench.page.__main__ import MARKS, PAGE, files, written
from bench.page.bars import Chart
from bench.page.plots import plots
from bench.page.tables import TABLES, Table

FIGURES = {"dropped_ns_over_empty": Figure(NS, 10, 12.34, 1500), "dropped_ns_over_base": Figure(RATIO, 0.4, 0.456, 0.5)}
RECORD = Record({"processor": "a processor"}, {"base": "c0ffee"}, {}, FIGURES)


def test_every_table_and_plot_has_its_place() -> None:
    page = PAGE.read_text()
    assert sorted(mark[1] for mark in MARKS.findall(page)) == sorted([*TABLES, "machine"])
    drawn = {f"performance/{name}" for name in plots(read(COMMITTED))}
    assert set(re.findall(r"!\[[^]]+\]\(([^)]+)\)", page)) == drawn


def test_page_and_plots_are_those_of_the_committed_run() -> None:
    assert not [path for path, text in files(read(COMMITTED)).items() if path.read_text() != text], (
        "python -m bench.page"
    )


def test_a_table_says_the_median_and_how_far_the_rounds_went() -> None:
    table = Table(("packet", "ns", "of base", "other"), [(("dropped",), [*FIGURES, "nowhere"])])
    assert table.text(FIGURES).splitlines() == [
        "| packet | ns | of base | other |",
        "|---|---|---|---|",
        "| dropped | 12.3 (10.0–1,500) | 0.46 | – |",
    ]


def test_words_between_the_tables_are_left_alone() -> None:
    page = "before\n<!-- figures: machine -->\nold\n<!-- end -->\nbehind\n"
    once = written(page, RECORD)
    assert once.startswith("before\n<!-- figures: machine -->\n\n| | |\n|---|---|\n| processor | a processor")
    assert once.endswith("| base | c0ffee |\n\n<!-- end -->\nbehind\n")
    assert written(once, RECORD) == once


def test_a_table_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        written("<!-- figures: nowhere -->\n<!-- end -->", RECORD)


def test_a_chart_has_a_bar_for_each_value() -> None:
    chart = Chart(
        "a < b", ("today", "base"), {"dropped": {"today": 10.0, "base": 20.0}, "ordinary": {"today": 5.0}}, 1.0
    )
    drawn = ElementTree.fromstring(chart.svg())
    words = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert words == ["a < b", "today", "base", "dropped", "10", "20", "ordinary", "5"]
    bars = [float(rect.attrib["width"]) for rect in drawn.iter("{http://www.w3.org/2000/svg}rect")]
    assert bars[3] == bars[4] / 2 == bars[5] * 2  # after the ground and the legend's two


def test_a_plot_draws_base_from_the_ratio() -> None:
    drawn = plots(RECORD)["packet.svg"]
    assert "12.3" in drawn
    assert "27.1" in drawn
