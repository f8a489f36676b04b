"""The long-lived agent: its memory, how long it takes to start, to adopt what is pinned, and to sweep a million."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np

from bench import addresses
from bench.kernel_lists import Loaded, random_list
from bench.place import Place, place
from bench.report import Table, Value
from control import config as configuration
from control.allowlist.allowlist import Allowlist
from control.allowlist.columnar import Columns
from control.commands.client import AgentSocket
from control.commands.list import ReplaceList
from control.commands.status import ReadStatus
from control.config import Config
from control.datapath.generations import entry_map, exact_set
from control.datapath.program.pins import temporary
from control.edge.seen import LastSeen
from control.edge.usage import FEW_MAP_ENTRIES
from control.fault import Refused
from lab.gateway import AGENT, configure, free_port

Result = TypeVar("Result")

ROUNDS = 5
MILLION = 1_000_000
SIZES = {"empty": 0, "100 k": 100_000, "1 M": MILLION}
ALL_SLOTS = (1 << exact_set.BUCKET_SLOTS) - 1
PATIENCE = 60.0  # s
START_NOTES = (
    "first: compiles and pins; restart: after SIGKILL, adopts the pins, reads disk and kernel back and compares them;",
    "s: from exec until the socket answers, the median of the rounds; the kernel goes on meanwhile;",
    "MB: resident, of which the list's maps in the kernel, mapped into the agent, are not its own",
)


def measure() -> Iterator[Table]:
    """Start agents and end them by SIGKILL, with lists of several sizes; then sweep in this process."""
    with place() as here:
        yield Table("the agent", [_row(here, name, size) for name, size in SIZES.items()], START_NOTES)
        yield Table("a sweep in which every entry was seen, ms", list(_sweeps(here)))


def _row(here: Place, name: str, size: int) -> dict[str, Value]:
    directory = here.directory / str(size)
    directory.mkdir()
    config = configure(directory, here.bpffs, free_port())
    loaded = configuration.load(config)
    first, agent = _started(config, loaded)
    try:
        if size:
            for seed in (0, 1):
                AgentSocket(loaded.socket).ask(ReplaceList(), random_list(size, seed).pack())
        after = _memory(agent, "VmRSS")
        restarts = []
        for _ in range(ROUNDS):
            _kill(agent)
            seconds, agent = _started(config, loaded)
            restarts.append(seconds)
        return {
            "list": name,
            "first start s": round(first, 2),
            "restart s": round(median(restarts), 2),
            "MB, list replaced": after,
            "MB, restarted": _memory(agent, "VmRSS"),
            "of it its own": _memory(agent, "RssAnon"),
            "peak": _memory(agent, "VmHWM"),
        }
    finally:
        _kill(agent)


def _started(path: Path, config: Config) -> tuple[float, "subprocess.Popen[bytes]"]:
    """Start an agent; return how many seconds passed until it answered, and the process."""
    began = time.perf_counter()
    log = path.with_suffix(".log")
    with log.open("w") as written:
        process = subprocess.Popen([AGENT, "--config", str(path)], stdout=written, stderr=subprocess.STDOUT)
    while time.perf_counter() - began < PATIENCE and process.poll() is None:
        try:
            AgentSocket(config.socket).ask(ReadStatus())
            return time.perf_counter() - began, process
        except Refused:
            time.sleep(0.005)
    process.send_signal(signal.SIGABRT)  # it says where it hangs
    process.wait()
    raise RuntimeError(f"the agent does not answer; its status is {process.returncode}, and it said: {log.read_text()}")


def _kill(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


def _memory(process: "subprocess.Popen[bytes]", what: str) -> int:
    """Return megabytes of memory by a name of proc_pid_status(5)."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith(f"{what}:"))
    return round(int(kilobytes) * 1024 / 1e6)


def _sweeps(here: Place) -> Iterator[dict[str, Value]]:
    """Time the parts of a sweep: the exact set's marks, their times, and the hash map, which is read as a whole."""
    table, _ = exact_set.build(addresses.some(MILLION, 0))
    seen: list[float] = []
    noted: list[float] = []
    last_seen = LastSeen()
    for _ in range(ROUNDS):
        table["seen"] = ALL_SLOTS
        hosts = _timed(lambda: exact_set.sweep(table), seen)
        _timed(lambda found=hosts: last_seen.note(found, np.zeros(0, entry_map.KEY)), noted)  # type: ignore[misc]
    yield {"what": "exact set of 1 M", "least": _ms(min(seen)), "median": _ms(median(seen))}
    yield {"what": "their times", "least": _ms(min(noted)), "median": _ms(median(noted))}
    with temporary(here.bpffs) as pinned, Loaded(pinned) as loaded:
        loaded.hold(Allowlist.from_rows(_ipv6_hosts(FEW_MAP_ENTRIES)))
        read: list[float] = []
        for _ in range(ROUNDS):
            _timed(lambda: loaded.lists.sweep(with_entries=True), read)
        yield {"what": "hash map of 100 k", "least": _ms(min(read)), "median": _ms(median(read))}


def _ipv6_hosts(count: int) -> Columns:
    numbers = np.arange(count, dtype=np.uint64)
    high = np.full(count, 0x2001_0DB8 << 32, np.uint64)
    return Columns(high, numbers, np.full(count, 128, np.uint8), np.zeros(count, np.uint32))


def _timed(work: Callable[[], Result], into: list[float]) -> Result:
    began = time.perf_counter()
    result = work()
    into.append(time.perf_counter() - began)
    return result


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
