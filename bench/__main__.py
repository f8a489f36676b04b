"""``python -m bench [NAME…] [--base COMMIT]``: measure the product on this machine, beside others in the same run."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.figures import record
from bench.figures.record import BASE, TODAY, Record
from bench.packets import cost
from bench.place import place

from bench.run import Run
from bench.sides.side import ROOT, side
from bench.sides.worktree import commit_of, described, worktree

PARTS: dict[str, Callable[[Run], None]] = {
    "packet": cost.measure,
}
