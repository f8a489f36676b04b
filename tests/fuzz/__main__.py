"""`make fuzz`: the program against an oracle that was written from the protocols' documents.

usage: python -m tests.fuzz [--frames N] [--seconds N] [--payloads N] [--seed N] [FILE]...
"""

import json
import sys
from pathlib import Path
from typing import Any

import click

from bench.place import place
from control.datapath import syscall
from control.datapath.program.pins import temporary
from tests.fuzz import coverage, payloads, seeds, telling, workers
from tests.fuzz.judging import judge
from tests.fuzz.program import Runner
from tests.kernel.situations import SITUATIONS, Edge

FIGURES = Path("build/fuzz.json")
ENFORCED = next(each for each in SITUATIONS if each.refusable == "enforced")
INTERRUPTED = 130


@click.command()
@click.option("--frames", default=10_000_000, show_default=True, help="Frames through program and oracle, at most.")
@click.option("--seconds", default=600.0, show_default=True, help="For how long that is done, at most.")
@click.option("--payloads", "random", default=100_000_000, show_default=True, help="Random payloads in the kernel.")
@click.option("--seed", default=1, show_default=True, help="By which all is drawn: the same again.")
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path))
def main(frames: int, seconds: float, random: int, seed: int, files: tuple[Path, ...]) -> None:
    """Fuzz the program; or run only the frames of FILES, each one in hexadecimal digits.

    The status is 1 when program and oracle disagree, when the program does to a frame what it never may, when random
    payloads are taken for something more often than chance has it, or when too few branches of it were taken.
    """
    figures: dict[str, Any] = {"seed": seed}
    with place() as here, temporary(here.bpffs) as pinned:
        edge = Edge(pinned)
        ENFORCED.prepare(edge)  # so that it drops what it can
        try:
            if files:
                sys.exit(again(Runner(pinned.asked), files))
            figures |= dict(zip(("instructions", "verified"), syscall.program_size(pinned.program), strict=True))
            wrong = fuzz(edge, frames, seconds, random, figures)
        except KeyboardInterrupt:
            wrong = ["interrupted"]
        finally:
            edge.close()
    telling.say(telling.of_program(figures["instructions"], figures["verified"]))
    figures["wrong"] = wrong
    FIGURES.parent.mkdir(exist_ok=True)
    FIGURES.write_text(f"{json.dumps(figures, indent=1)}\n")
    for line in wrong:
        telling.say(f"not as it must be: {line}")
    sys.exit(INTERRUPTED if "interrupted" in wrong else bool(wrong))


def fuzz(edge: Edge, frames: int, seconds: float, random: int, figures: dict[str, Any]) -> list[str]:
    """Do all of it, note the figures, and return what is not as it must be."""
    wrong, seed = [], figures["seed"]
    table, (captured, which) = seeds.table(), seeds.captured()
    telling.say(f"begins with {len(table)} frames of the table and {len(captured):,} of {which}; SEED={seed}")
    program = edge.pinned.directory / "program"
    outcome = workers.run(workers.Job(program, table, captured, frames, seconds, seed), telling.say)
    figures["frames"] = telling.figures_of_frames(outcome)
    for line in telling.of_frames(outcome):
        telling.say(line)
    wrong += [telling.kept(found) for found in outcome.findings]
    if outcome.is_interrupted:
        return [*wrong, "interrupted"]

    taken = payloads.measure(random, seed, telling.say) if random else payloads.NOTHING
    figures["payloads"] = {"payloads": taken.payloads, "seen": taken.seen, "expected": taken.expected}
    for line in telling.of_payloads(taken):
        telling.say(line)
    wrong += [f"chance does not take so many random payloads, or so few, for {name}" for name in taken.implausible]

    found = coverage.measure(edge, table, captured, seed)
    figures["coverage"] = telling.figures_of_coverage(found)
    for line in telling.of_coverage(found):
        telling.say(line)
    if found.share <= coverage.LEAST:
        wrong.append(f"{found.share:.1%} of the branches were taken, and not more than {coverage.LEAST:.0%}")
    if found.unlike:
        wrong.append(f"compiled for a process the program says something else of {len(found.unlike):,} frames")
    return wrong


def again(runner: Runner, files: tuple[Path, ...]) -> int:
    """Judge what was kept."""
    wrong = 0
    for file in files:
        found = judge(runner, bytes.fromhex(file.read_text()))
        telling.say(f"{file}: {found or 'nothing wrong'}")
        wrong += found is not None
    return bool(wrong)


if __name__ == "__main__":
    main()
