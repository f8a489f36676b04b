"""docs/machines.md held against the topology, the rows, the Makefile, the scripts and their variables."""

import re
import subprocess
from pathlib import Path

import pytest

from lab.machines.run import SUBJECTS
from lab.machines.topology import FILE
from tests.machines.test_network import VARIANTS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "machines.md").read_text()
SCRIPTS = [
    path
    for path in sorted([*(ROOT / "vagrant").rglob("*"), ROOT / ".ci" / "machines"])
    if path.is_file() and (path.suffix == ".sh" or path.read_bytes().startswith(b"#!/usr/bin/env bash"))
]


def rows(heading: str) -> list[str]:
    """The first cells of the table under a heading, without their quotes, in order; headings of columns left out."""
    section = re.split(r"^## ", DOCUMENT.partition(f"\n## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


def test_every_role_and_variant_has_its_row() -> None:
    assert sorted(rows("The machines")) == sorted([*VARIANTS["full"], *VARIANTS])
    for variant, roles in VARIANTS.items():
        line = next(line for line in DOCUMENT.splitlines() if line.startswith(f"| `{variant}` |"))
        assert {machine for machine in roles.values() if f"`{machine}`" not in line} == set()
        assert f"{len(set(roles.values()))} × " in line


def test_every_subject_has_its_row_in_the_order_in_which_they_run() -> None:
    assert rows("The rows") == list(SUBJECTS)


def test_every_variable_is_told_and_no_other() -> None:
    text = "".join(path.read_text() for path in [*SCRIPTS, ROOT / "Makefile", ROOT / "vagrant" / "Vagrantfile"])
    assert set(re.findall(r"WICKET_[A-Z_]*[A-Z]", DOCUMENT)) == set(re.findall(r"WICKET_[A-Z_]*[A-Z]", text))


def test_every_target_is_told() -> None:
    targets = re.findall(r"^(vagrant-[a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets
    assert [target for target in targets if f"make {target}" not in DOCUMENT] == []


@pytest.mark.parametrize("path", re.findall(r"`((?:vagrant|lab|\.ci)/[^` ]+)`", DOCUMENT))
def test_what_is_named_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_script_can_be_read_by_bash(path: Path) -> None:
    done = subprocess.run(["bash", "-n", path], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", [ROOT / "vagrant/apt-packages.txt", ROOT / "vagrant/box/packages.txt"])
def test_a_list_of_packages_names_each_once(path: Path) -> None:
    names = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    assert [name for name in names if not re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", name)] == []  # deb-control(5), Package
    assert sorted(set(names)) == sorted(names)


def test_every_address_is_in_the_topology_alone() -> None:
    said = set(re.findall(r"[0-9]+\.[0-9]+\.[0-9]+\.|[0-9a-f]+:[0-9a-f]+:[0-9a-f]+::", FILE.read_text()))
    others = [ROOT / "vagrant" / "Vagrantfile", *SCRIPTS, *(ROOT / "vagrant" / "provision").glob("*.py")]
    assert said
    assert [path.name for path in others if any(address in path.read_text() for address in said)] == []
