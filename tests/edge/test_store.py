"""The list on disk: what was accepted comes back, what is damaged is set aside, and no serial comes twice."""

import os
import random
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from ipaddress import ip_network
from pathlib import Path
from typing import NamedTuple

import pytest

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Entry
from control.edge.state.history import SNAPSHOTS
from control.edge.state.store import Store
from control.fault import Refused
from tests.edge.place import fill, hosts, listed, mounted, sql

NOTHING = Allowlist.empty()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "edge.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = Store(path)
    yield store
    store.close()


def test_a_new_one_is_empty_at_serial_0(store: Store) -> None:
    assert store.local.load() == (NOTHING, 0, [])
    assert (store.local.last_serial(), store.local.changes_since_snapshot(), len(store.epoch)) == (0, 0, 16)


def test_what_was_accepted_comes_back(path: Path) -> None:
    store = Store(path)
    noted = Allowlist.from_entries([Entry(ip_network("198.51.100.0/24"), ("esp",), (), "Ärzte e.V.")])
    store.local.keep_snapshot(1, listed())
    store.local.keep_change(2, listed(["203.0.113.1"]), listed(["192.0.2.1"]))
    store.local.keep_change(3, noted, NOTHING)
    epoch, expected = store.epoch, store.local.load()[0]
    store.close()

    again = Store(path)
    assert again.local.load() == (expected, 3, [])
    assert (again.epoch, again.local.last_serial(), again.local.changes_since_snapshot()) == (epoch, 3, 2)
    again.close()


def test_changes_come_back_in_their_order(path: Path) -> None:
    chance, store, expected = random.Random(5), Store(path), listed()
    store.local.keep_snapshot(1, expected)
    for serial in range(2, 60):
        add, remove = (hosts(chance.randrange(4), f"192.0.2.{chance.randrange(6)}") for _ in range(2))
        store.local.keep_change(serial, add, remove)
        expected = expected.with_changes(add, remove)
    assert store.local.load() == (expected, 59, [])
    store.close()


def test_old_snapshots_and_the_changes_before_them_go(store: Store, path: Path) -> None:
    for serial in range(1, 20):
        if serial % 4 == 1:
            store.local.keep_snapshot(serial, hosts(serial))
        else:
            store.local.keep_change(serial, hosts(serial), NOTHING)
    store.close()
    assert sql(path, "SELECT serial FROM snapshot ORDER BY serial") == [(9,), (13,), (17,)][-SNAPSHOTS:]
    assert sql(path, "SELECT min(serial), max(serial) FROM change") == [(10, 19)]


def flip(path: Path, table: str, column: str, serial: int) -> None:
    """Change a byte of what one row holds."""
    ((held,),) = sql(path, f"SELECT {column} FROM {table} WHERE serial = ?", serial)
    sql(path, f"UPDATE {table} SET {column} = ? WHERE serial = ?", held[:-1] + bytes([held[-1] ^ 1]), serial)


def lists(path: Path) -> dict[int, Allowlist]:
    """Fill a store with snapshots 1, 4 and 7 and the changes between them; return each serial's list."""
    store, held = Store(path), {}
    allowlist = NOTHING
    for serial in range(1, 10):
        allowlist = held[serial] = allowlist.with_changes(hosts(serial, f"203.0.{serial}.0"), NOTHING)
        if serial % 3 == 1:
            store.local.keep_snapshot(serial, allowlist)
        else:
            store.local.keep_change(serial, hosts(serial, f"203.0.{serial}.0"), NOTHING)
    store.close()
    return held


class Damage(NamedTuple):
    """What was damaged, the serial up to which the list comes back, and what is said to be set aside."""

    name: str
    rows: tuple[tuple[str, str, int], ...]
    serial: int
    set_aside: tuple[str, ...]


DAMAGES = [
    Damage("nothing", (), 9, ()),
    Damage("the last change", (("change", "added", 9),), 8, ("change 9",)),
    Damage("a change before others", (("change", "removed", 8),), 7, ("change 8",)),
    Damage("a change's digest", (("change", "sha256", 8),), 7, ("change 8",)),
    Damage("the newest snapshot", (("snapshot", "body", 7),), 6, ("snapshot 7", "change 8")),
    Damage("a snapshot's digest", (("snapshot", "sha256", 7),), 6, ("snapshot 7", "change 8")),
    Damage("two snapshots", (("snapshot", "body", 7), ("snapshot", "body", 4)), 3,
           ("snapshot 7", "snapshot 4", "change 5")),
    Damage("a snapshot and a change before it", (("snapshot", "body", 7), ("change", "added", 6)), 5,
           ("snapshot 7", "change 6")),
    Damage("every snapshot", tuple(("snapshot", "body", serial) for serial in (1, 4, 7)), 0,
           ("snapshot 7", "snapshot 4", "snapshot 1", "change 2")),
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_what_is_damaged_is_set_aside_and_the_list_before_it_used(path: Path, damage: Damage) -> None:
    held = {0: NOTHING} | lists(path)
    for row in damage.rows:
        flip(path, *row)
    store = Store(path)
    allowlist, serial, faults = store.local.load()
    assert (allowlist, serial) == (held[damage.serial], damage.serial)
    assert [fault.where for fault in faults] == [f"edge.db, {row}" for row in damage.set_aside]
    assert all("digest" in fault.why or "missing" in fault.why for fault in faults)
    assert store.local.last_serial() == 9, "what was given once is not given again"
    store.close()


def test_a_hole_among_the_changes_ends_them(path: Path) -> None:
    held = lists(path)
    sql(path, "DELETE FROM change WHERE serial = 8")
    store = Store(path)
    allowlist, serial, (fault,) = store.local.load()
    assert (allowlist, serial) == (held[7], 7)
    assert (fault.where, "before it is missing" in fault.why) == ("edge.db, change 9", True)
    store.close()


def test_what_the_disk_refuses_has_not_changed(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "tmpfs", "size=500k") as disk:
        store = Store(disk / "edge.db")
        store.local.keep_snapshot(1, listed())
        attempts: list[Callable[[], object]] = [
            lambda: store.local.keep_snapshot(2, big()),
            lambda: store.local.keep_change(2, big(), NOTHING),
            lambda: store.keep_interfaces({f"eth{number}": "auto" for number in range(50_000)}),
        ]
        for attempt in attempts:
            with pytest.raises(Refused, match="cannot be kept on disk") as refused:
                attempt()
            assert (refused.value.kind, refused.value.faults[0].mend) == ("no-room", "free space on that disk")
        assert store.local.load() == (listed(), 1, [])
        assert store.interfaces() == {}
        store.local.keep_change(2, listed(["203.0.113.5"]), NOTHING)
        assert store.local.load()[1] == 2
        store.close()


def big() -> Allowlist:
    """A list that does not pack into half a megabyte."""
    return Allowlist.from_entries(
        [Entry(ip_network(f"2001:db8:{i % 65536:x}:{i // 65536:x}::/64")) for i in range(40_000)]
    )


def test_it_opens_on_a_full_disk(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "tmpfs", "size=700k") as disk:
        path = disk / "edge.db"
        held = lists(path)
        flip(path, "change", "added", 9)
        fill(disk)
        for _ in range(2):
            with closing(Store(path)) as store:
                assert store.local.load()[:2] == (held[8], 8)


SPOILS: dict[str, Callable[[Path], object]] = {
    "no database": lambda path: path.write_bytes(b"not a database, whatever its name says\n" * 200),
    "cut short": lambda path: os.truncate(path, path.stat().st_size // 2 + 100),
    "overwritten in the middle": lambda path: overwrite(path),
}


def overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=list(SPOILS))
def test_a_file_that_is_no_database_any_more_is_set_aside(path: Path, spoil: Callable[[Path], object]) -> None:
    lists(path)
    spoil(path)
    spoilt = path.read_bytes()
    store = Store(path)
    assert store.local.load() == (NOTHING, 0, [])
    (fault,) = store.faults
    assert fault.where == str(path) and "set aside" in fault.why and "push" in fault.mend
    (aside,) = path.parent.glob("edge.db.damaged-*")
    assert aside.read_bytes() == spoilt
    store.local.keep_snapshot(1, listed())
    store.close()
    again = Store(path)
    assert again.local.load() == (listed(), 1, [])
    again.close()


def test_where_there_can_be_no_directory_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "edge.db"
    with pytest.raises(Refused, match="cannot be kept on disk") as refused:
        Store(path)
    (fault,) = refused.value.faults
    assert fault.where == str(path) and "permissions" in fault.mend


@pytest.mark.parametrize("name", ["edge.db", "edge.db-wal"])
def test_a_directory_in_its_place_is_set_aside(tmp_path: Path, name: str) -> None:
    (tmp_path / name / "deep").mkdir(parents=True)
    store = Store(tmp_path / "edge.db")
    assert "is a directory" in store.faults[0].why
    store.local.keep_snapshot(1, listed())
    store.close()
    again = Store(tmp_path / "edge.db")
    assert (again.local.load()[1], again.faults) == (1, [])
    again.close()


def test_a_disk_that_is_read_only_is_read_and_written_once_it_can_be(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "tmpfs") as disk:
        before = Store(disk / "edge.db")
        before.local.keep_snapshot(1, listed())
        before.close()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        store = Store(disk / "edge.db")
        assert store.faults[0].where == str(disk / "edge.db") and "check the disk" in store.faults[0].mend
        assert store.local.load() == (listed(), 1, [])
        with pytest.raises(Refused, match="cannot be kept on disk"):
            store.local.keep_snapshot(2, listed())
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        store.local.keep_snapshot(2, listed())
        store.close()
        again = Store(disk / "edge.db")
        assert again.local.load()[1] == 2
        again.close()
