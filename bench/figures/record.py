"""All figures of a run, with the machine they were measured on: build/bench.json."""

import json
import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.figures.figure import NS, RATIO, Figure, differences, over_base, ratios
from bench.sides.side import ROOT
from lab.command import run

FILE = ROOT / "build" / "bench.json"
COMMITTED = ROOT / "docs" / "performance" / "bench.json"
TODAY, BASE, EMPTY = "today", "base", "empty"

Rounds = Mapping[str, Sequence[float]]
"""Measurements of each round, by who was measured: today, base, empty, or a peer."""


@dataclass
class Record:
    """What was measured.

    Attributes:
        machine: what it was measured on.
        versions: of the product, the base and the peers.
        repetitions: how many rounds each part took.
        figures: by name.
    """

    machine: dict[str, Any]
    versions: dict[str, str]
    repetitions: dict[str, int] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)

    def add(self, name: str, unit: str, samples: Sequence[float]) -> None:
        """Take a figure up; without a sample there is none."""
        if samples:
            self.figures[name] = Figure.of(unit, samples)

    def plain(self, name: str, unit: str, rounds: Rounds) -> None:
        """Take up what today measured, and its ratio to base where that was measured too."""
        self.add(name, unit, rounds[TODAY])
        if BASE in rounds:
            self.add(over_base(name), RATIO, ratios(rounds[TODAY], rounds[BASE]))

    def above_empty(self, name: str, costs: Rounds) -> None:
        """Take up what a run costs above an empty program in the same round, ``NAME_ns_over_empty``, and of base's."""
        above = {who: differences(cost, costs[EMPTY]) for who, cost in costs.items() if who != EMPTY}
        self.plain(f"{name}_ns_over_empty", NS, above)

    def share_of_empty(self, name: str, rates: Rounds) -> None:
        """Take up the share of an empty program's rate, ``NAME_over_empty``, of base's, and over each peer's rate."""
        shares = {who: ratios(rate, rates[EMPTY]) for who, rate in rates.items() if who != EMPTY}
        self.plain(f"{name}_over_empty", RATIO, shares)
        for peer in shares.keys() - {TODAY, BASE}:
            self.add(f"{name}_over_{peer}", RATIO, ratios(rates[TODAY], rates[peer]))
            self.add(f"{name}_{peer}_over_empty", RATIO, shares[peer])

    def write(self, file: Path = FILE) -> None:
        """Write it down."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(self), indent=1) + "\n")


def read(file: Path = FILE) -> Record:
    """Return what a run wrote.

    Raises:
        FileNotFoundError: no run did.
    """
    held = json.loads(file.read_text())
    figures = {name: Figure(**figure) for name, figure in held.pop("figures").items()}
    return Record(**held, figures=figures)


def machine() -> dict[str, Any]:
    """Return what this machine is, and how busy it is just now."""
    cpuinfo = Path("/proc/cpuinfo").read_text()
    model = next((line.split(":")[1].strip() for line in cpuinfo.splitlines() if line.startswith("model name")), "?")
    return {
        "processor": model,
        "processors": os.cpu_count(),
        "caches": _caches(),
        "kernel": platform.release(),
        "load": round(os.getloadavg()[0], 2),
    }


def _caches() -> dict[str, str]:
    """Return the size of each level of a processor's caches, as the kernel writes it."""
    levels = {}
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        if (index / "type").read_text().strip() != "Instruction":
            levels[f"L{(index / 'level').read_text().strip()}"] = (index / "size").read_text().strip()
    return levels


def versions() -> dict[str, str]:
    """Return the versions of Python and of the peers that are installed."""
    asked = {"nft": "nft --version", "ipset": "ipset --version", "iptables": "iptables --version"}
    installed = {name: run(*words.split()).splitlines()[0] for name, words in asked.items() if shutil.which(name)}
    return {"python": platform.python_version(), **installed}
