"""`.ci/run`: what fails is tried once more, alone; what passes then is named last; what was not tried is no pass."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = "test:\n\t{checks}\n\t.venv/bin/python -m pytest -n 1 --dist loadfile -p no:cacheprovider {options}\n"
PASSES = "def test_passes(): pass\n"
FAILS = "def test_fails(): raise ValueError\n"
FAILS_ONCE = """
import pathlib
def once():
    been = pathlib.Path("been")
    if not been.exists():
        been.touch()
        raise ValueError
"""
FLAKY = f"{FAILS_ONCE}\ndef test_once(): once()\n"
FLAKY_FIXTURE = f"{FAILS_ONCE}\nimport pytest\n@pytest.fixture\ndef f(): once()\ndef test_once(f): pass\n"
FLAKY_AFTER = f"{FAILS_ONCE}\nimport pytest\n@pytest.fixture\ndef f():\n    yield\n    once()\ndef test_once(f): pass\n"
CRASHES = "import os\ndef test_crashes(): os._exit(3)\n"
CRASHES_ONCE = """
import os, pathlib
def test_once():
    if not pathlib.Path("been").exists():
        pathlib.Path("been").touch()
        os._exit(3)
"""
SKIPPED_THEN = f"{FAILS_ONCE}\nimport pytest\ndef test_once():\n    once()\n    pytest.skip()\n"
ODD_LETTERS = f"""{FAILS_ONCE}
import pytest
@pytest.mark.parametrize("x", ["a b", "*@[é]"])
def test_once(x): x == "a b" or once()
"""


def submit(directory: Path, tests: str, checks: str = "true", options: str = "") -> subprocess.CompletedProcess[str]:
    """Run `.ci/run` on a project that has these tests."""
    (directory / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", directory / ".ci")
    (directory / ".venv" / "bin").mkdir(parents=True)
    python = directory / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (directory / "Makefile").write_text(MAKEFILE.format(checks=checks, options=options))
    (directory / "conftest.py").write_text('pytest_plugins = ["tests.outcomes"]\n')
    (directory / "test_it.py").write_text(tests)
    few = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "xdist.plugin"}  # no other takes part, or time
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **few}
    environment.pop("PYTEST_ADDOPTS", None)
    return subprocess.run(
        [directory / ".ci" / "run"], env=environment, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize(
    ("tests", "good", "last"),
    [
        (PASSES, True, []),
        (PASSES + FLAKY, True, ["flaky: test_it.py::test_once"]),
        (FLAKY_FIXTURE, True, ["flaky: test_it.py::test_once"]),
        (FLAKY_AFTER, True, ["flaky: test_it.py::test_once"]),
        (CRASHES_ONCE, True, ["flaky: test_it.py::test_once"]),
        (ODD_LETTERS, True, ["flaky: test_it.py::test_once[*@[\\xe9]]"]),
        (PASSES + FAILS, False, ["failed twice: test_it.py::test_fails"]),
        (FAILS + FLAKY, False, ["failed twice: test_it.py::test_fails", "flaky: test_it.py::test_once"]),
        (SKIPPED_THEN, False, ["failed twice: test_it.py::test_once"]),
    ],
)
def test_what_fails_is_run_once_more(tests: str, good: bool, last: list[str], tmp_path: Path) -> None:
    done = submit(tmp_path, tests)
    assert (done.returncode == 0) is good, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[len(lines) - len(last) :] == last
    assert sum(line.startswith(("flaky: ", "failed twice: ")) for line in lines) == len(last)


def test_a_test_that_ends_the_process_twice_fails(tmp_path: Path) -> None:
    assert submit(tmp_path, PASSES + CRASHES).returncode != 0


@pytest.mark.parametrize(
    ("checks", "tests", "options"),
    [
        ("false", PASSES, ""),
        ("true", "import no_such_module\n", ""),
        ("true", FLAKY, "--no-such-option"),
        ("true", FLAKY + FAILS, "--maxfail 1"),
        ("true", FLAKY + "def test_interrupted(): raise KeyboardInterrupt\n", "-n 0"),
        ("true", "", ""),
    ],
)
def test_what_was_not_tried_is_no_pass(checks: str, tests: str, options: str, tmp_path: Path) -> None:
    done = submit(tmp_path, tests, checks, options)
    assert done.returncode != 0
    assert "once more" not in done.stdout
