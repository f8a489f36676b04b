"""Building a list and filling the kernel with it, without an agent: how long, and how much memory ten million take."""

import os
from pathlib import Path

from bench.figures.figure import MB, S
from bench.run import Run, programs
from control.datapath import syscall

ROUNDS = 5
MILLION = 1_000_000
SIZES = {"20k": 20_000, "1m": MILLION}


def measure(run: Run) -> None:
    """Build, fill, and make live, in turns; then weigh ten million."""
    run.record.repetitions["fill"] = ROUNDS
    with programs(run) as loaded:
        for name, size in SIZES.items():
            took: dict[str, list[float]] = {who: [] for who in loaded}
            for number in range(ROUNDS):
                run.tell(f"fill_{name}_s, {number + 1} of {ROUNDS}")
                for who, program in loaded.items():
                    told = program.side.ask("hold", size=size, seed=number % 2, named=[], keep=True)
                    took[who].append(told["seconds"])
            run.record.plain(f"fill_{name}_s", S, took)
    for name, size in {"1m": MILLION, "10m": 10 * MILLION}.items():
        _weigh(run, name, size)


def _weigh(run: Run, name: str, size: int) -> None:
    """Take up the memory of a list in a program that has held no other, and how long filling it took."""
    memory: dict[str, list[float]] = {}
    took: dict[str, list[float]] = {}
    with programs(run) as loaded:
        for who, program in loaded.items():
            run.tell(f"kernel_{name}_mb, {who}")
            empty = kernel_memory(program.maps)
            took[who] = [program.side.ask("hold", size=size, seed=0, named=[])["seconds"]]
            memory[who] = [kernel_memory(program.maps) - empty]
    run.record.plain(f"kernel_{name}_mb", MB, memory)
    if name == "10m":
        run.record.plain("fill_10m_s", S, took)


def kernel_memory(pins: Path) -> float:
    """Return the megabytes of kernel memory of all maps that are pinned under a directory, each counted once."""
    maps: dict[int, int] = {}
    for pin in pins.rglob("*"):
        if pin.is_file():
            fd = syscall.open_pin(str(pin))
            try:
                told = dict(line.split(":") for line in Path(f"/proc/self/fdinfo/{fd}").read_text().splitlines())
            finally:
                os.close(fd)
            if "map_id" in told:
                maps[int(told["map_id"])] = int(told["memlock"])
    return sum(maps.values()) / 1e6
