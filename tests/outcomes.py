"""Part of pytest here: `--outcomes FILE` writes what became of every test, for `.ci/run`, which tries again.

A line is `passed`, `failed` or `skipped`, a tab, and the name of the test. The file is written at the end of a run in
which all tests could be collected and have been run, and in no other: without it there is nothing to try again.
"""

from pathlib import Path

import pytest


class Outcomes:
    """What has become of each test so far; one that fails in any phase has failed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._of: dict[str, str] = {}
        self._collected = True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._collected &= not report.failed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed or (report.when == "call" and self._of.get(report.nodeid) != "failed"):
            self._of[report.nodeid] = report.outcome
        elif report.skipped:
            self._of.setdefault(report.nodeid, report.outcome)

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if self._collected and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            self._file.write_text("".join(f"{outcome}\t{name}\n" for name, outcome in self._of.items()))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--outcomes", type=Path, metavar="FILE", help="write what became of every test into FILE")


def pytest_configure(config: pytest.Config) -> None:
    file: Path | None = config.getoption("--outcomes")
    if file is not None and not hasattr(config, "workerinput"):  # xdist's workers report to the one who began them
        config.pluginmanager.register(Outcomes(file), "outcomes")
