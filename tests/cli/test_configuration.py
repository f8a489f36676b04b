"""The configuration as every command reads it: each fault named with its line."""

from pathlib import Path

import pytest

from tests.cli.conftest import Cli

THREE_FAULTS = """\
instance = "Main"

[list]
generations = 80
[api]
lisen = "127.0.0.1:8080"
"""
FAULTS = ["line 1, instance", "line 4, list.generations", "line 6, api.lisen"]


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    file = tmp_path / "faulty.toml"
    file.write_text(THREE_FAULTS)
    return file


@pytest.mark.parametrize(
    "command", [("status",), ("allow", "list"), ("doctor",), ("detach",), ("registry", "jobs", "list")], ids=" ".join
)
def test_three_faults_are_named_with_their_lines(wicket: Cli, faulty: Path, command: tuple[str, ...]) -> None:
    refused = wicket(*command, "--json", config=faulty).refused
    assert refused["kind"] == "bad-configuration"
    assert [fault["where"] for fault in refused["faults"]] == FAULTS
    assert all(fault["why"] and fault["mend"] for fault in refused["faults"])
    said = wicket(*command, config=faulty)
    assert (said.status, said.out) == (1, "")
    assert [line.split(": ")[0].strip() for line in said.err.splitlines()[1:]] == FAULTS


def test_a_file_that_is_not_there_is_said(wicket: Cli, tmp_path: Path) -> None:
    refused = wicket("status", "--json", config=tmp_path / "missing.toml").refused
    assert refused["kind"] == "bad-configuration"
    assert "missing.toml" in refused["faults"][0]["where"]


def test_help_and_version_need_no_configuration(wicket: Cli, faulty: Path) -> None:
    for words in (
        ("--help",),
        ("--version",),
        ("attach", "--help"),
        ("allow", "add", "-h"),
        ("registry", "jobs", "-h"),
    ):
        assert wicket.apart(*words, config=faulty).status == 0


def test_only_the_option_asks_for_json(wicket: Cli, faulty: Path) -> None:
    """An argument may be spelled as an option."""
    assert wicket("attach", "--", "--json", config=faulty).err.startswith("wicket: ")
    assert wicket("attach", "--json", "--", "--help", config=faulty).refused["kind"] == "bad-configuration"
