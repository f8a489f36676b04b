"""Raw frames to registered addresses on every processor, while their entries move in place: none is dropped.

usage: python -m bench.moves [--frames N] [--changes N] [--moves N] [--json FILE]
"""

import itertools
import json
import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import click
import numpy as np

from bench import addresses
from bench.cable import Cable, cable, send_on
from bench.kernel_lists import LEASE, Loaded, random_list
from bench.packets.frames import HANDSHAKE
from bench.place import place
from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Entry
from control.datapath import brake
from control.datapath.controls import Controls
from control.datapath.program.pins import Pinned, temporary
from control.rollout.change import NONE

FAULT = "entries-moving/bypass"
OTHERS = 200_000  # addresses beside those that move
MOVING = 64  # to which all frames go
CHUNK = 500_000  # frames of one call
OF_LIST, OF_STRANGERS = 3, 4  # seeds
LOOK = 0.02  # s between two looks at a counter


@dataclass
class Mover:
    """Moves entries to and fro, each of which allows the frames before and after."""

    loaded: Loaded
    hosts: list[IPv4Address]
    changes: int = 0
    moves: int = 0
    _turn: Iterator[int] = field(default_factory=itertools.count)

    def change_terms(self) -> None:
        """Give narrowed entries other terms: the element of the hash map is exchanged."""
        ports = ((51820, 51820 + next(self._turn) % 100),)
        self._all((Entry(_net(host), ("wireguard",), ports) for host in self.hosts[: MOVING // 2]), ())
        self.changes += MOVING // 2

    def move(self) -> None:
        """Move entries from bucket to hash map and back, to a prefix and back."""
        movers = self.hosts[MOVING // 2 :]
        self._all((Entry(_net(host), ("wireguard",)) for host in movers), ())
        self._all((Entry(_net(host)) for host in movers), ())
        wide = {IPv4Network(f"{host}/30", strict=False) for host in movers}
        self._all((Entry(net) for net in wide), (Entry(_net(host)) for host in movers))
        self._all((Entry(_net(host)) for host in movers), (Entry(net) for net in wide))
        self.moves += 4 * len(movers)

    def _all(self, added: Iterable[Entry], removed: Iterable[Entry]) -> None:
        self.loaded.change(Allowlist.from_entries(added), Allowlist.from_entries(removed))


def _net(host: IPv4Address) -> IPv4Network:
    return IPv4Network(host)


@contextmanager
def flooding(laid: Cable) -> Iterator[None]:
    """Send on every processor meanwhile."""
    ends = threading.Event()

    def flood(processor: int) -> None:
        while not ends.is_set():
            send_on(laid, "send_random", HANDSHAKE, CHUNK, processor)

    threads = [threading.Thread(target=flood, args=(each,)) for each in os.sched_getaffinity(0)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ends.set()
        for thread in threads:
            thread.join()


def arrived(controls: Controls) -> int:
    """Return how many frames the program has seen: a cable loses some that are sent too fast, before it."""
    return sum(count.packets for count in controls.counts())


def dropped(controls: Controls) -> int:
    """Return how many packets were dropped."""
    return sum(count.packets for count in controls.counts() if count.verdict == "drop")


def counted(controls: Controls, reason: str) -> int:
    """Return how many packets left the program for a reason."""
    return sum(count.packets for count in controls.counts() if count.reason == reason)


@click.command()
@click.option("--frames", default=200_000_000, show_default=True)
@click.option("--changes", default=100_000, show_default=True)
@click.option("--moves", default=20_000, show_default=True)
@click.option("--json", "file", type=click.Path(path_type=Path), default=None, help="Add a row to this file.")
def main(frames: int, changes: int, moves: int, file: Path | None) -> None:
    """Count what is dropped of frames to entries that move; the status is 1 when that is any."""
    with place() as here, temporary(here.bpffs) as pinned, Loaded(pinned) as loaded, cable(os.cpu_count() or 1) as laid:
        controls = Controls(pinned)
        hosts = [IPv4Address(f"198.18.{n}.{4 * n % 256}") for n in range(MOVING)]
        others = random_list(OTHERS, OF_LIST)
        loaded.hold(others.with_changes(Allowlist.from_entries(Entry(_net(host)) for host in hosts), NONE))
        loaded.decide("enforce")
        laid.attach(loaded.pin)
        laid.aim(HANDSHAKE, np.array([int(host) for host in hosts], np.uint32))
        mover = Mover(loaded, hosts)
        with flooding(laid):
            while arrived(controls) < frames or mover.changes < changes or mover.moves < moves:
                controls.renew_lease(LEASE)
                if mover.changes < changes or mover.moves >= moves:
                    mover.change_terms()
                if mover.moves < moves:
                    mover.move()
        lost, passed, seen = dropped(controls), counted(controls, "moved"), arrived(controls)
        brake_s = _braked(laid, pinned, controls)
    told = f"{mover.changes:,} changes of terms, {mover.moves:,} moves; {passed:,} passed as moved"
    row = {"fault": FAULT, "sent": seen, "lost": lost, "brake_s": round(brake_s, 3), "told": told}
    click.echo(f"{seen:,} frames, {lost} dropped; brake {brake_s:.3f} s; {told}")
    if file is not None:
        rows = json.loads(file.read_text())["faults"] if file.exists() else []
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"faults": [*(old for old in rows if old["fault"] != FAULT), row]}, indent=1))
    raise SystemExit(1 if lost else 0)


def _braked(laid: Cable, pinned: Pinned, controls: Controls) -> float:
    """Return how many seconds the brake takes under a flood of what is dropped."""
    laid.aim(HANDSHAKE, addresses.some(1000, OF_STRANGERS))
    with flooding(laid):
        while not dropped(controls):
            time.sleep(LOOK)
        began = time.monotonic()
        brake.pull(pinned.directory.parent)
        while True:
            before, at = dropped(controls), time.monotonic()
            time.sleep(LOOK)
            if dropped(controls) == before:
                return at - began


if __name__ == "__main__":
    main()
