"""A directory and a bpffs of a benchmark's own, and the real gateway in it."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.gateway import Gateway, running


@dataclass(frozen=True, slots=True)
class Place:
    """Where a benchmark may write.

    Attributes:
        directory: an ordinary one.
        bpffs: one for pins.
    """

    directory: Path
    bpffs: Path


@contextmanager
def place() -> Iterator[Place]:
    """Give a place that is gone afterwards, and what was pinned there with it."""
    with tempfile.TemporaryDirectory(prefix="wicket-bench-") as name:
        bpffs = Path(name) / "bpffs"
        bpffs.mkdir()
        subprocess.run(["mount", "-t", "bpf", "bpf", str(bpffs)], check=True)
        try:
            yield Place(Path(name), bpffs)
        finally:
            subprocess.run(["umount", str(bpffs)], check=True)


@contextmanager
def gateway() -> Iterator[Gateway]:
    """Run agent and API, with nobody registered; what they pin goes with the bpffs."""
    with place() as here, running(here.directory, here.bpffs) as started:
        yield started
