"""A whole list by one PUT, as an operator would push it: how long until it is live, and where the time goes."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import addresses, peers
from bench.place import gateway
from bench.report import Table, Value
from lab.gateway import Gateway

MILLION = 1_000_000
SIZES = (100_000, MILLION)
ROUNDS = 3  # of each size, each with other addresses: the first meets an empty list
NOTES = ("wall: curl -T list.csv until its answer, when the list is live and on disk", "the bound: 8 s, kernel 0.5 s")


def measure() -> Iterator[Table]:
    """Push lists to an agent and API of our own, then load the same addresses into the peers."""
    with gateway() as started, TemporaryDirectory(prefix="wicket-bench-") as directory:
        rows = [
            _pushed(started, Path(directory) / "list.csv", size, round_) for size in SIZES for round_ in range(ROUNDS)
        ]
    notes = [
        "wall: curl -T list.csv until its answer, when the list is live and on disk",
        "the bound: 8 s, kernel 0.5 s",
    ]
    yield Table("a list by one PUT, s", rows, notes)
    yield Table("the same million elsewhere, s", peers.filled(addresses.some(MILLION, 1)), peers.NOTES)


def _pushed(started: Gateway, file: Path, size: int, round_: int) -> dict[str, Value]:
    file.write_bytes(addresses.csv(addresses.some(size, round_)))
    url = f"http://127.0.0.1:{started.port}/v1/allowlist"
    command = ["curl", "--silent", "--show-error", "--fail-with-body", "-T", str(file)]
    began = time.perf_counter()
    done = subprocess.run(
        [*command, "-H", f"Authorization: Bearer {started.token}", url], capture_output=True, check=True
    )
    wall, answer = time.perf_counter() - began, json.loads(done.stdout)
    if not (answer["live"] and answer["count"] == size):
        raise RuntimeError(f"not what was pushed: {answer}")
    seconds = {name: round(value, 3) for name, value in answer["seconds"].items()}
    return {"entries": size, "added": answer["added"], "removed": answer["removed"], "wall": round(wall, 3), **seconds}
