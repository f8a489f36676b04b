"""What ``wicket replay`` says of each flow: the shipped command, on the program of this checkout."""

import json
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.accuracy.corpus import FlowName
from lab.gateway import WICKET

FILES_AT_A_TIME = 400
"""Each start of the command loads the program, a second or two; the words of one command must stay below 2 MiB."""

CONFIG = """\
instance = "accuracy"
state = "{directory}/state"
run = "{directory}/run"
bpffs = "{bpffs}"
"""
"""An instance that is nowhere: the command then loads the program of this checkout, whatever runs on the machine."""


class ReplayError(Exception):
    """The command failed; the message is its own."""


def called(captures: Sequence[Path], directory: Path, bpffs: Path) -> dict[FlowName, str]:
    """Return what the command calls each flow of captures, the folders of which are their sets.

    Args:
        directory: an empty one, for the instance.
        bpffs: one in which the program is pinned for the time being.

    Raises:
        ReplayError: it failed.
    """
    config = directory / "wicket.toml"
    config.write_text(CONFIG.format(directory=directory, bpffs=bpffs))
    found: dict[FlowName, str] = {}
    for start in range(0, len(captures), FILES_AT_A_TIME):
        batch = captures[start : start + FILES_AT_A_TIME]
        command: list[str | Path] = [WICKET, "--config", config, "replay", "--json", *batch]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1) or (done.returncode and not _is_about_files(done.stderr)):
            raise ReplayError(f"wicket replay ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
        found.update(_flows(done.stdout.splitlines()))
    return found


def _flows(lines: Iterable[str]) -> Iterator[tuple[FlowName, str]]:
    """Yield the flows among the records; those of other kinds have no ends."""
    for row in map(json.loads, lines):
        if "addr_a" in row and "protocol" in row:
            origin, file = Path(row["file"]).parts[-2:]
            ends = row["addr_a"], row["port_a"], row["addr_b"], row["port_b"]
            yield FlowName(origin, file, row["ip_proto"], *ends), row["protocol"]


def _is_about_files(stderr: str) -> bool:
    """Return whether all that a command says, a JSON object a line, is what it could not read of its files.

    Damaged captures are in the corpus on purpose; a flow that is missed for it is counted as missed.
    """
    return all(isinstance(said := _json(line), dict) and "file" in said for line in stderr.splitlines())


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
