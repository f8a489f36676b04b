"""What came of the fuzzing, for people and for build/fuzz.json."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.fuzz.coverage import Coverage
from tests.fuzz.judging import Finding
from tests.fuzz.payloads import Taken
from tests.fuzz.untaken import why
from tests.fuzz.workers import Outcome

FOUND = Path("build/fuzz")
MOST_LINES = 40
UNKNOWN = "why not, nobody has said: tests/fuzz/untaken.py"


def say(line: str) -> None:
    print(f"fuzz: {line}", flush=True)


def kept(found: Finding) -> str:
    """Keep the frame in a file, and say how to see it again."""
    FOUND.mkdir(parents=True, exist_ok=True)
    file = FOUND / f"{found.kind}-{hashlib.sha256(found.frame).hexdigest()[:8]}.hex"
    file.write_text(f"{found.frame.hex()}\n")
    return f"{found.kind}: {found.what} (.venv/bin/python -m tests.fuzz {file})"


def of_frames(outcome: Outcome) -> Iterator[str]:
    rate = outcome.frames / max(outcome.seconds, 1e-9)
    wrong = f"{len(outcome.findings)} kinds of them are wrong" if outcome.findings else "nothing was wrong"
    yield f"{outcome.frames:,} frames in {outcome.seconds:.0f} s, {rate:,.0f} a second: {wrong}"
    yield "of them were " + ", ".join(f"{what} {share:.1%}" for what, share in _shares(outcome).items())


def of_payloads(taken: Taken) -> Iterator[str]:
    yield f"{taken.payloads:,} random payloads; taken for"
    for name, mean in taken.expected.items():
        yield f"  {name:<18} {taken.seen[name]:>9,}, where chance has {mean:,.{1 if mean > 1 else 4}f}"


def of_coverage(coverage: Coverage) -> Iterator[str]:
    yield f"{coverage.taken} of {coverage.total} branches taken, {coverage.share:.1%}, in {coverage.frames:,} runs"
    for file in coverage.files:
        yield f"  {file.file:<12} {file.taken:>4} of {file.total:>4}"
    for line in coverage.untaken[:MOST_LINES]:
        yield f"  never taken: {line} ({why(line) or UNKNOWN})"
    yield from (f"  compiled for a process it says something else of {frame}" for frame in coverage.unlike[:5])


def of_program(instructions: int, verified: int) -> str:
    return f"the program has {instructions:,} instructions; the verifier walked {verified:,}"


def figures_of_frames(outcome: Outcome) -> dict[str, Any]:
    return {
        "frames": outcome.frames,
        "seconds": round(outcome.seconds, 1),
        "found": [{"kind": found.kind, "what": found.what, "frame": found.frame.hex()} for found in outcome.findings],
        "shares": _shares(outcome),
    }


def figures_of_coverage(coverage: Coverage) -> dict[str, Any]:
    return {
        "taken": coverage.taken,
        "total": coverage.total,
        "share": round(coverage.share, 4),
        "runs": coverage.frames,
        "files": {file.file: {"taken": file.taken, "total": file.total} for file in coverage.files},
        "untaken": {str(line): why(line) for line in coverage.untaken},
    }


def _shares(outcome: Outcome) -> dict[str, float]:
    total = max(outcome.shares.total(), 1)
    return {what: round(count / total, 4) for what, count in outcome.shares.most_common()}
