"""What a reader can take in: no folder of too many files, no source that goes on and on."""

import os
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]

MOST_FILES = 25
MOST_LINES = 300

SOURCES = (".py", ".c", ".h", ".sh")
LONG = ("control/registry/store/migrations/versions",)
"""Where a file may be longer: a migration is told at one go, and never touched again."""


def house() -> Iterator[Path]:
    """Yield every file of the repository. Git is not asked: a checkout for another release of Debian has none."""
    ignored = [".git", *((line.strip("/")) for line in (ROOT / ".gitignore").read_text().splitlines())]
    for directory, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not any(fnmatch(name, pattern) for pattern in ignored)]
        yield from (Path(directory, name) for name in files if not any(fnmatch(name, pattern) for pattern in ignored))


def is_source(file: Path) -> bool:
    """Return whether a file is one that people read and write as code: by its name, or by its first line."""
    if file.suffix in SOURCES:
        return True
    with file.open("rb") as content:
        return content.read(2) == b"#!"


def test_no_folder_has_too_many_files() -> None:
    sizes = Counter(file.parent.relative_to(ROOT).as_posix() for file in house())
    assert len(sizes) > 50
    assert not {folder: size for folder, size in sizes.items() if size > MOST_FILES}


def test_no_source_is_too_long() -> None:
    lengths = {
        file.relative_to(ROOT).as_posix(): file.read_bytes().count(b"\n")
        for file in house()
        if not file.is_symlink() and is_source(file)
    }
    assert len(lengths) > 300
    assert not {name: length for name, length in lengths.items() if length > MOST_LINES and not name.startswith(LONG)}
