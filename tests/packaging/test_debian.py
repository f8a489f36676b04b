"""What the packages are made of: their files, dependencies, conffiles, scripts and overrides."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from control.config import Config, load
from control.vocabulary import BPF_DIRECTORY

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
DEBIAN = PACKAGING / "debian"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = ("wicketgate-edge", "wicketgate-api")
SCRIPTS = sorted(file for kind in ("postinst", "prerm", "postrm") for file in DEBIAN.glob(f"*.{kind}"))
CONTROL = (DEBIAN / "control").read_text()


def stanza(package: str) -> str:
    return CONTROL.split(f"\nPackage: {package}\n")[1].split("\n\n")[0]


def dependencies(package: str) -> set[str]:
    found = re.search(r"^Depends:(.*(?:\n .*)*)", stanza(package), re.MULTILINE)
    assert found
    return {each.split()[0] for each in found[1].split(",")}


@pytest.mark.parametrize(
    ("file", "differs"),
    [
        ("wicket.toml", {}),
        ("api.toml", {"state": Path("/var/lib/wicketgate-api")}),
    ],
)
def test_a_conffile_sets_nothing_but_what_it_must(file: str, differs: dict[str, object]) -> None:
    beside = str(PACKAGING / "conffiles" / "bypass")
    assert load(PACKAGING / "conffiles" / file) == Config().model_copy(update={"bypass_file": beside, **differs})


@pytest.mark.parametrize("file", ["wicket.toml", "api.toml"])
def test_what_a_conffile_shows_in_comments_can_be_used(file: str, tmp_path: Path) -> None:
    lines = (PACKAGING / "conffiles" / file).read_text().splitlines()
    (tmp_path / file).write_text("\n".join(line.removeprefix("#") for line in lines if not line.startswith("# ")))
    assert load(tmp_path / file) != load(PACKAGING / "conffiles" / file)


@pytest.mark.parametrize(
    ("package", "needs", "not_needed"),
    [
        ("wicketgate-edge", {"python3-bpfcc", "linux-libc-dev", "iproute2"}, set()),
        ("wicketgate-api", set(), {"python3-bpfcc", "linux-libc-dev"}),
    ],
)
def test_a_package_depends_on_what_it_runs_with(package: str, needs: set[str], not_needed: set[str]) -> None:
    assert needs | {"${shlibs:Depends}", "${misc:Depends}", "${python:Depends}"} <= dependencies(package)
    assert not not_needed & dependencies(package)


def test_the_interpreter_is_the_one_that_the_environment_was_made_for() -> None:
    command = ["make", "--dry-run", "--file", str(DEBIAN / "rules"), "override_dh_gencontrol"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    major, minor = sys.version_info[:2]  # Debian's own, as the environment of the tests is
    assert f"python:Depends=python3 (>= {major}.{minor}), python3 (<< {major}.{minor + 1})" in said


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_named_for_a_package_is_there(package: str) -> None:
    install = (DEBIAN / f"{package}.install").read_text().split()[0]
    assert (ROOT / install).is_file()
    rules = (DEBIAN / "rules").read_text()
    copied = re.findall(r"cp (packaging/\S+)", rules)
    assert copied and all((ROOT / file).is_file() for file in copied)


@pytest.mark.parametrize(("package", "unit"), [("edge", "wicketd.service"), ("api", "wicket-api.service")])
def test_a_unit_is_shipped_that_starts_what_the_package_has(package: str, unit: str) -> None:
    name = unit.removesuffix(".service")
    text = (PACKAGING / "systemd" / unit).read_text()
    assert f"\nExecStart=/opt/wicketgate/{package}/bin/{name} --config /etc/wicketgate/" in text
    assert f"--package=wicketgate-{package} --name={name}\n" in (DEBIAN / "rules").read_text()
    assert name in PROJECT["project"]["scripts"]


@pytest.mark.parametrize("package", PACKAGES)
def test_alternatives_have_their_directories_on_any_system(package: str) -> None:
    links = re.findall(r"^(?:Link:)? (/\S+)", (DEBIAN / f"{package}.alternatives").read_text(), re.MULTILINE)
    script, owned = (DEBIAN / f"{package}.postinst").read_text(), (DEBIAN / f"{package}.dirs").read_text()
    assert len(links) == 6
    for link in links:
        directory = str(Path(link).parent)
        assert directory[1:] in owned.split()
        assert directory == "/usr/bin" or f"{directory} " in script.replace("\n", " \n")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_override_has_a_reason(package: str) -> None:
    for block in (DEBIAN / f"{package}.lintian-overrides").read_text().strip().split("\n\n"):
        lines = block.splitlines()
        assert lines[0].startswith("# ") and len(lines[0]) > 40, block
        assert all(line.startswith(("# ", f"{package}: ")) for line in lines), block


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_maintainer_script_is_one_and_stops_at_what_fails(script: Path) -> None:
    text = script.read_text()
    assert text.startswith("#!/bin/sh\n") and "\nset -e\n" in text and "\n#DEBHELPER#\n" in text
    subprocess.run(["sh", "-n"], input=text, text=True, check=True, timeout=10)


def test_an_upgrade_does_not_detach() -> None:
    before, after = (DEBIAN / "wicketgate-edge.prerm").read_text().split('\nif [ "$1" = remove ]; then\n')
    assert "detach" not in before.split("#DEBHELPER#")[1]
    assert "$wicket detach" in after


def test_the_wheel_has_every_source_of_the_kernel_program() -> None:
    globs = PROJECT["tool"]["setuptools"]["package-data"]["bpf"]
    assert "bpf" in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    shipped = {file for glob in globs for file in BPF_DIRECTORY.glob(glob)}
    assert shipped == {file for file in BPF_DIRECTORY.iterdir() if file.is_file()}
