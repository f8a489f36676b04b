"""The tree of another commit, beside ours, for as long as it is measured."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.sides.side import ROOT
from lab.command import run


def commit_of(name: str) -> str:
    """Return the hash of a commit by any name that git takes.

    Raises:
        RuntimeError: there is no such commit, or no git.
    """
    return _git("rev-parse", "--verify", f"{name}^{{commit}}").strip()


def described() -> str:
    """Return which commit our own tree is, and whether it has been changed since; "" where git knows nothing of it."""
    try:
        return _git("describe", "--always", "--dirty", "--abbrev=12").strip()
    except (RuntimeError, OSError):
        return ""


@contextmanager
def worktree(commit: str) -> Iterator[Path]:
    """Check a commit out into a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="wicket-base-") as directory:
        tree = Path(directory) / "tree"
        try:
            _git("worktree", "add", "--detach", str(tree), commit)
            yield tree
        finally:
            shutil.rmtree(tree, ignore_errors=True)
            _git("worktree", "prune")


def _git(*words: str) -> str:
    return run("git", "-C", str(ROOT), *words)
