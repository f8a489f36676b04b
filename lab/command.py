"""A program of this machine, run to its end."""

from __future__ import annotations

import subprocess


def run(*argv: str, text: str | None = None, seconds: float = 60) -> str:
    """Run a program to its end; its output, or RuntimeError with what it said."""
    done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)} failed ({done.returncode}): {done.stderr or done.stdout}")
    return done.stdout
