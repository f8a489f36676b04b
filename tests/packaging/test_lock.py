"""The lock: it meets the bounds of pyproject.toml, what it names is what there is; another hash is refused."""

import hashlib
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "packaging" / "requirements"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
BOUNDS = {
    "build": PROJECT["build-system"]["requires"],
    "shipped": [*PROJECT["project"]["dependencies"], *EXTRAS["postgresql"]],
    "test": [*PROJECT["project"]["dependencies"], *EXTRAS["postgresql"], *EXTRAS["test"]],
}


def pins(name: str) -> dict[str, list[tuple[Requirement, int]]]:
    """Return what a file of the lock names, by canonical name: each with the number of its hashes."""
    found: dict[str, list[tuple[Requirement, int]]] = {}
    text = re.sub(r"^ *#.*\n", "", (REQUIREMENTS / f"{name}.txt").read_text(), flags=re.MULTILINE)
    for entry in text.replace("\\\n", " ").splitlines():
        wanted, *hashes = entry.split(" --hash=sha256:")
        pin = Requirement(wanted)
        found.setdefault(canonicalize_name(pin.name), []).append((pin, len(hashes)))
    return found


def here(name: str) -> dict[str, str]:
    """Return the versions that a file of the lock names for this Python."""
    return {
        each: str(pin.specifier).removeprefix("==")
        for each, choices in pins(name).items()
        for pin, _ in choices
        if pin.marker is None or pin.marker.evaluate()
    }


def test_there_is_a_bound_for_every_file() -> None:
    assert {file.stem for file in REQUIREMENTS.glob("*")} == set(BOUNDS)


@pytest.mark.parametrize("name", BOUNDS)
def test_every_pin_is_one_version_with_hashes(name: str) -> None:
    for choices in pins(name).values():
        assert len(choices) == 1, f"one version for all Pythons: {choices}"
        for pin, hashes in choices:
            assert hashes and re.fullmatch(r"==[^,*]+", str(pin.specifier)), pin


@pytest.mark.parametrize("name", BOUNDS)
def test_the_lock_meets_the_bounds(name: str) -> None:
    named = here(name)
    for bound in map(Requirement, BOUNDS[name]):
        version = named[canonicalize_name(bound.name)]
        assert bound.specifier.contains(version), f"{bound}, but {version}: make lock"


def test_tests_run_with_what_is_shipped() -> None:
    assert here("shipped").items() <= here("test").items()


def test_this_environment_holds_what_the_lock_names_and_nothing_else() -> None:
    held: dict[str, str] = {
        canonicalize_name(each.metadata["Name"]): each.version for each in distributions(path=_packages())
    }
    own = {"pip": held["pip"], "wicketgate": PROJECT["project"]["version"]}  # pip is Debian's
    assert held == here("build") | here("test") | own


def test_of_debian_only_bcc_is_seen() -> None:
    assert not any("dist-packages" in each for each in sys.path)
    (packages,) = map(Path, _packages())
    assert [each.name for each in packages.iterdir() if each.is_symlink()] == ["bcc"]


def _packages() -> list[str]:
    return [each for each in sys.path if each.endswith("site-packages")]


CASES = {
    "right": (["one==1 --hash=sha256:{one}"], ""),
    "another content": (["one==1 --hash=sha256:{other}"], "THESE PACKAGES DO NOT MATCH THE HASHES"),
    "without a hash": (["one==1"], "Hashes are required in --require-hashes mode"),
    "what it needs is not named": (["two==1 --hash=sha256:{two}"], "all requirements must have their versions pinned"),
    "a source": (["three==1 --hash=sha256:{other}"], "No matching distribution found for three==1"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_just_what_the_lock_names_is_refused(case: str, tmp_path: Path) -> None:
    lines, fault = CASES[case]
    hashes = {name: _wheel(tmp_path, name, needs) for name, needs in (("one", ()), ("two", ("one",)))}
    (tmp_path / "three-1.tar.gz").write_bytes(b"")
    (tmp_path / "lock.txt").write_text("\n".join(lines).format(other="0" * 64, **hashes) + "\n")
    into = tmp_path / "into"
    command = f". packaging/into-environment.sh; install_locked {tmp_path}/lock.txt {sys.executable} -m pip"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_TARGET": str(into)}
    done = subprocess.run(
        ["bash", "-euc", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert fault in done.stderr
    assert (done.returncode == 0, (into / "one.py").exists()) == (not fault, not fault), done.stderr


def _wheel(directory: Path, name: str, needs: Sequence[str]) -> str:
    """Make a wheel with one module; return its sha256."""
    file = directory / f"{name}-1-py3-none-any.whl"
    information = f"{name}-1.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n" + "".join(f"Requires-Dist: {n}\n" for n in needs)
    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{information}/METADATA", metadata)
        wheel.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{information}/RECORD", "")
    return hashlib.sha256(file.read_bytes()).hexdigest()
