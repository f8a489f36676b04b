"""A state that is not what was kept, a bit or a part of it: it is read, said, and never taken for what was."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from control.edge.state.store import Store
from control.rollout.change import NONE, Change
from control.rollout.position import Position
from tests.edge.place import hosts, listed

FLIPS = 150  # in each file, over all of it; by hand: ten times as many
FEED = Position("ab" * 16, 7)


def content(store: Store) -> dict[str, object]:
    """All that a start reads of a store, by what it is."""
    local, serial, _ = store.local.load()
    followed, _ = store.followed.take_up()
    return {
        "epoch": store.epoch,
        "list": (serial, [entry.text for entry in local.entries()]),
        "followed": (str(store.followed.position), [entry.text for entry in followed.entries()]),
        "policies": store.policies(),
        "interfaces": store.interfaces(),
        "programs": store.programs("boot"),
    }


def fill(path: Path) -> Store:
    """A store in which everything has been kept that can be."""
    store = Store(path)
    store.local.load()
    held = NONE
    for number, change in enumerate((listed(), hosts(300), hosts(3, "198.18.0.0"), listed(["203.0.113.9"])), 1):
        made = Change.of(held, change)
        store.local.record(made, Position(store.epoch.hex(), number))
        held = made.new
    store.followed.begin(FEED, hosts(50, "198.19.0.0"))
    store.followed.record(Change.of(hosts(50, "198.19.0.0"), listed(["198.19.7.7"])), FEED.next)
    store.keep_policies({"esp": ("enforce", 3), "wireguard": ("monitor", 100)}, 5)
    store.keep_interfaces({"eth0": "native", "eth1": "auto"})
    store.keep_program(77, "boot")
    return store


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, object]]]:
    """The files of a store: as a killed agent leaves them, with a log, and as an ended one does, without."""
    directory = tmp_path_factory.mktemp("kept")
    store = fill(directory / "ended.db")
    expected = content(store)
    for companion in ("", "-wal"):
        shutil.copy(directory / f"ended.db{companion}", directory / f"killed.db{companion}")
    store.close()
    yield directory, expected


def flips(size: int) -> Iterator[tuple[int, int]]:
    """Places and bits, spread over a file."""
    step = max(1, size // FLIPS)
    return ((place + number * 7 % step, number * 5 % 8) for number, place in enumerate(range(0, size - step, step)))


def damaged(file: Path, change: Callable[[bytearray], None]) -> None:
    content = bytearray(file.read_bytes())
    change(content)
    file.write_bytes(content)


def must_be_said(directory: Path, expected: dict[str, object], what: str) -> None:
    """What is read of a damaged store is what was kept, or something is said to be amiss."""
    store = Store(directory / "edge.db")
    try:
        local_faults, followed_faults = store.local.load()[2], store.followed.take_up()[1]
        found = content(store)
    finally:
        store.close()
    changed = {name for name in expected if found[name] != expected[name]}
    is_older = changed <= {"list", "followed", "policies", "interfaces", "programs", "epoch"} and "wal" in what
    assert not changed or store.faults or local_faults or followed_faults or is_older, f"{what}: {changed} in silence"


@pytest.mark.parametrize("name", ["ended.db", "killed.db", "killed.db-wal"])
def test_a_flipped_bit_is_said(kept: tuple[Path, dict[str, object]], tmp_path: Path, name: str) -> None:
    source, expected = kept
    for place, bit in flips((source / name).stat().st_size):
        directory = tmp_path / f"{place}"
        directory.mkdir()
        for companion in ("", "-wal") if name.startswith("killed") else ("",):
            shutil.copy(source / f"{name.split('-')[0]}{companion}", directory / f"edge.db{companion}")
        file = directory / f"edge.db{'-wal' if name.endswith('-wal') else ''}"

        def flip(content: bytearray, place: int = place, bit: int = bit) -> None:
            content[place] ^= 1 << bit

        damaged(file, flip)
        must_be_said(directory, expected, f"{name}, byte {place}, bit {bit}")
        shutil.rmtree(directory)
