"""One side of a benchmark as the benchmark sees it: a driver in a tree, which is told what to do and answers."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

DRIVER = Path(__file__).with_name("driver.py")
ROOT = DRIVER.parents[2]
STOP = 60.0  # s for a driver to clear away what it made


class DriverError(Exception):
    """A driver could not do what it was told; the message is what went wrong there."""


@dataclass
class Side:
    """A commit's product, driven by its own code.

    Attributes:
        name: "today" or "base".
        tree: where its sources lie.
    """

    name: str
    tree: Path
    process: "subprocess.Popen[str]"

    def ask(self, do: str, **given: Any) -> Any:
        """Have the driver do something, and return its result.

        Raises:
            DriverError: it could not, or it has ended.
        """
        assert self.process.stdin and self.process.stdout
        try:
            self.process.stdin.write(json.dumps({"do": do, **given}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise DriverError(f"{self.name}: the driver has ended, when it was to {do}")
        answer: Mapping[str, Any] = json.loads(line)
        if "error" in answer:
            raise DriverError(f"{self.name}: it could not {do}:\n{answer['error']}")
        return answer["result"]


@contextmanager
def side(name: str, tree: Path, log: IO[str]) -> Iterator[Side]:
    """Drive the product of a tree; what its driver made is gone afterwards. What it says besides goes to a log."""
    with TemporaryDirectory(prefix="wicket-bench-compiled-") as compiled, _driven(name, tree, compiled, log) as driven:
        yield driven


@contextmanager
def _driven(name: str, tree: Path, compiled: str, log: IO[str]) -> Iterator[Side]:
    # Modules are compiled once, as where a package is installed, but not into the tree.
    environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONPYCACHEPREFIX": compiled}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    process = subprocess.Popen(
        [sys.executable, "-P", str(DRIVER)],
        cwd=tree,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        process_group=0,  # a Ctrl-C is for us, who tell it to end
    )
    try:
        yield Side(name, tree, process)
    finally:
        assert process.stdin and process.stdout
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(STOP)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait(STOP)
        process.stdout.close()
