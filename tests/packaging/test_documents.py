"""The pages about building name what there is: every script of packaging/, every file of the lock, every target."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
PACKAGES, DEVELOPMENT = ((ROOT / "docs" / f"{name}.md").read_text() for name in ("packages", "development"))
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)
DOCUMENTS = README + "".join(page.read_text() for page in (ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("script", sorted(file.name for file in PACKAGING.glob("*.sh")))
def test_every_script_is_told(script: str) -> None:
    assert (f"| `{script}` |" in PACKAGES) != (f"| `{script}` |" in DEVELOPMENT)


def test_every_file_of_the_lock_is_told() -> None:
    told = set(re.findall(r"^\| `(\w+\.txt)`", DEVELOPMENT, re.MULTILINE))
    assert told == {file.name for file in (PACKAGING / "requirements").glob("*")}


def test_every_target_that_a_page_names_is_there_and_says_what_it_does() -> None:
    assert set(re.findall(r"(?:`|^|&& )make ([a-z-]+)", DOCUMENTS, re.MULTILINE)) <= set(TARGETS)
    for target in TARGETS:
        assert re.search(rf"^{target}:.* ## \w", MAKEFILE, re.MULTILINE), target
        assert re.search(rf"^\.PHONY:.* {target}\b", MAKEFILE, re.MULTILINE), target


def test_the_readme_says_which_releases_are_held_and_how_to_try_the_other() -> None:
    assert "Debian 12 (bookworm) and Debian 13 (trixie) are held. `make test-on RELEASE=trixie`" in README
