"""What becomes of the files of an agent's state: each is damaged in every way, and the agent starts on what is left."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from lab.faults.faults import Fault
from lab.faults.site import Site

FILES = ("edge.db", "edge.db-wal", "api-token")


def flipped(file: Path, _older: Path) -> None:
    """One bit in every thousand bytes is the other one."""
    content = bytearray(file.read_bytes())
    for place in range(97, len(content), 1000):
        content[place] ^= 1 << place % 8
    file.write_bytes(content)


def cut(file: Path, _older: Path) -> None:
    """The second half is missing."""
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size // 2)


def zeroed(file: Path, _older: Path) -> None:
    """It is as long as it was, and holds zeros."""
    file.write_bytes(bytes(file.stat().st_size))


def lost(file: Path, _older: Path) -> None:
    """It is not there any more."""
    file.unlink()


def older(file: Path, older: Path) -> None:
    """It is as it was when the list was empty and nothing was enforced."""
    if older.exists():
        shutil.copy(older, file)
    else:
        file.unlink()


WAYS: dict[str, Callable[[Path, Path], None]] = {
    "flipped": flipped,
    "cut": cut,
    "zeroed": zeroed,
    "lost": lost,
    "older": older,
}


@contextlib.contextmanager
def damaged(site: Site, file: str, damage: Callable[[Path, Path], None]) -> Iterator[None]:
    """A file is damaged while no agent runs, which is started then."""
    edge = site.edge
    if file == "edge.db-wal":
        edge.end_agent()  # killed, it leaves its log
    else:
        edge.stop_agent()
    path, kept = edge.state_dir / file, site.stage.directory / "kept"
    shutil.copy(path, kept)
    damage(path, site.older / file)
    edge.start_agent()
    try:
        yield
    finally:
        if file == "api-token":
            shutil.copy(kept, path)


DAMAGES: dict[str, Fault] = {
    f"{file}-{way}": partial(damaged, file=file, damage=damage) for file in FILES for way, damage in WAYS.items()
}
"""By the name that docs/failure.md has for it."""
