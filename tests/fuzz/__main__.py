"""`make fuzz`: the program against an oracle that was written from the protocols' documents.

usage: python -m tests.fuzz [--frames N] [--seconds N] [--seed N] [FILE]...
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import click

from bench.place import place
from control.datapath.program.pins import temporary
from tests.fuzz import seeds, workers
from tests.fuzz.judging import Finding, judge
from tests.fuzz.program import Runner
from tests.kernel.situations import SITUATIONS, Edge

BUILD = Path("build")
FOUND, FIGURES = BUILD / "fuzz", BUILD / "fuzz.json"
ENFORCED = next(each for each in SITUATIONS if each.refusable == "enforced")


def tell(line: str) -> None:
    print(f"fuzz: {line}", flush=True)


@click.command()
@click.option("--frames", default=10_000_000, show_default=True, help="Frames through program and oracle, at most.")
@click.option("--seconds", default=600.0, show_default=True, help="For how long, at most.")
@click.option("--seed", default=1, show_default=True, help="By which all is drawn: the same again.")
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path))
def main(frames: int, seconds: float, seed: int, files: tuple[Path, ...]) -> None:
    """Run frames through the program and the oracle; or only those of FILES, each a frame in hexadecimal digits.

    The status is 1 when the two disagree, or the program does to a frame what it never may.
    """
    with place() as here, temporary(here.bpffs) as pinned:
        edge = Edge(pinned)
        try:
            ENFORCED.prepare(edge)  # so that it drops what it can
            if files:
                sys.exit(again(Runner(pinned.program), files))
            table, (captured, which) = seeds.table(), seeds.captured()
            tell(f"begins with {len(table)} frames of the table and {len(captured):,} of {which}; SEED={seed}")
            job = workers.Job(pinned.program, table, captured, frames, seconds, seed)
            outcome = workers.run(job, tell)
        finally:
            edge.close()
    for found in outcome.findings:
        tell(f"{found.kind}, again by `python -m tests.fuzz {keep(found)}`: {found.what}")
    tell(summary(outcome))
    write({"frames": figures(outcome)})
    sys.exit(130 if outcome.is_interrupted else bool(outcome.findings))


def again(runner: Runner, files: tuple[Path, ...]) -> int:
    """Judge what was kept."""
    wrong = 0
    for file in files:
        found = judge(runner, bytes.fromhex(file.read_text()))
        tell(f"{file}: {found or 'nothing wrong'}")
        wrong += found is not None
    return bool(wrong)


def keep(found: Finding) -> Path:
    FOUND.mkdir(parents=True, exist_ok=True)
    file = FOUND / f"{found.kind}-{hashlib.sha256(found.frame).hexdigest()[:8]}.hex"
    file.write_text(f"{found.frame.hex()}\n")
    return file


def summary(outcome: workers.Outcome) -> str:
    rate = outcome.frames / max(outcome.seconds, 1e-9)
    shares = ", ".join(f"{share:.1%} {what}" for what, share in _shares(outcome).items())
    wrong = f"{len(outcome.findings)} kinds of them are wrong" if outcome.findings else "nothing was wrong"
    return f"{outcome.frames:,} frames in {outcome.seconds:.0f} s, {rate:,.0f} a second: {wrong}. Of them: {shares}"


def _shares(outcome: workers.Outcome) -> dict[str, float]:
    return {what: count / outcome.shares.total() for what, count in outcome.shares.most_common()}


def figures(outcome: workers.Outcome) -> dict[str, Any]:
    return {
        "frames": outcome.frames,
        "seconds": round(outcome.seconds, 1),
        "wrong": [{"kind": found.kind, "what": found.what, "frame": found.frame.hex()} for found in outcome.findings],
        "shares": _shares(outcome),
    }


def write(parts: dict[str, Any]) -> None:
    BUILD.mkdir(exist_ok=True)
    FIGURES.write_text(f"{json.dumps(parts, indent=1)}\n")


if __name__ == "__main__":
    main()
