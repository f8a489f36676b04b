"""Whatever else goes wrong at an edge: processes, pins, lists, versions. Each is there while its block lasts."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

from control.datapath.program import pins
from control.datapath.program.maps import array
from control.datapath.program.pins import Pinned
from control.fault import Refused
from lab.faults.faults import Fault, stopped
from lab.faults.site import Site
from lab.gateway import AGENT

KILLS = 200
STARTS = 5  # of an agent that dies again and again
FLIPS = 40
SILENT = 1004


@contextlib.contextmanager
def agent_killed(site: Site) -> Iterator[None]:
    """The agent is killed at random moments, again and again, while the list changes."""
    chance = random.Random(17)
    for number in range(KILLS):
        if not site.edge.is_running():
            site.edge.launch_agent()
        deadline = time.monotonic() + chance.uniform(0.05, 0.9)
        while time.monotonic() < deadline:
            with contextlib.suppress(Refused):
                site.add(f"192.0.2.{number}")
            time.sleep(0.05)
        site.edge.end_agent()
    site.edge.start_agent()
    yield


@contextlib.contextmanager
def agent_dies_at_each_start(site: Site) -> Iterator[None]:
    """The agent dies a second after each start: it earns no lease."""
    for _ in range(STARTS):
        site.edge.end_agent()
        site.edge.launch_agent()
        time.sleep(1.0)
    site.edge.end_agent()
    yield


@contextlib.contextmanager
def second_agent(site: Site) -> Iterator[None]:
    """Another agent is started for the same instance, and ends."""
    command = [*site.stage.edge.enter(), AGENT, "--config", str(site.edge.config)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and "another process drives this instance" in done.stderr, done
    yield


@contextlib.contextmanager
def configuration_wrong(site: Site) -> Iterator[None]:
    """The configuration has a fault: the agent does not start, and the brake goes by what can be read."""
    before = site.edge.config.read_text()
    site.edge.end_agent()
    site.edge.config.write_text(f"{before}\nlease = [not toml\n")
    try:
        yield
    finally:
        site.edge.config.write_text(before)


@contextlib.contextmanager
def api_gone(site: Site) -> Iterator[None]:
    """The API is not there."""
    site.edge.stop_api()
    try:
        yield
    finally:
        site.edge.start_api()


@contextlib.contextmanager
def api_hung(site: Site) -> Iterator[None]:
    """The API is stopped."""
    with stopped(site.edge.api):
        yield


@contextlib.contextmanager
def silent_connections(site: Site) -> Iterator[None]:
    """A thousand connections to the agent's socket ask nothing."""
    with contextlib.ExitStack() as opened:
        for _ in range(SILENT):
            silent = opened.enter_context(socket.socket(socket.AF_UNIX))
            silent.connect(str(site.edge.socket.path))
        yield


@contextlib.contextmanager
def database_damaged(site: Site) -> Iterator[None]:
    """Single bits of the state are other ones, here and there: the agent starts on each."""
    chance = random.Random(23)
    for _ in range(FLIPS):
        site.edge.end_agent()
        file = site.edge.state_dir / chance.choice(["edge.db", "edge.db-wal"])
        if file.exists() and file.stat().st_size:
            content = bytearray(file.read_bytes())
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            file.write_bytes(content)
        site.edge.launch_agent()
        site.edge.wait("/readyz", 200)
    yield


@contextlib.contextmanager
def database_lost(site: Site) -> Iterator[None]:
    """The whole state is gone when the agent starts."""
    site.edge.end_agent()
    for path in site.edge.state_dir.glob("edge.db*"):
        path.unlink()
    site.edge.start_agent()
    yield


@contextlib.contextmanager
def pins_removed(site: Site) -> Iterator[None]:
    """Somebody removes the pins, under an agent that runs."""
    shutil.rmtree(site.edge.pins / "live")
    yield


@contextlib.contextmanager
def pins_removed_and_agent_gone(site: Site) -> Iterator[None]:
    """Somebody removes the pins, and there is no agent: the program is found by what it is."""
    site.edge.end_agent()
    shutil.rmtree(site.edge.pins / "live")
    yield


@contextlib.contextmanager
def pins_damaged(site: Site) -> Iterator[None]:
    """A pin is missing when the agent starts, which builds anew and takes over."""
    site.edge.end_agent()
    (site.edge.pins / "live" / "maps" / "controls").unlink()
    site.edge.start_agent()
    yield


@contextlib.contextmanager
def pin_of_another_map(site: Site) -> Iterator[None]:
    """The pin of the controls is another map of the same shape, when the agent starts."""
    site.edge.end_agent()
    with pins.temporary(site.edge.bpffs) as other:
        (other.directory / "maps" / "controls").rename(site.edge.pins / "live" / "maps" / "controls")
    site.edge.start_agent()
    yield


@contextlib.contextmanager
def upgraded(site: Site) -> Iterator[None]:
    """The agent that starts is of another version: it builds beside, and takes over."""
    site.edge.end_agent()
    pinned = Pinned(site.edge.pins / "live")
    array(pinned, "instances")[0]["schema"][:] = 0xFF
    pinned.close()
    site.edge.start_agent()
    yield


@contextlib.contextmanager
def bad_lists(site: Site) -> Iterator[None]:
    """Lists with a bad row, with none, and for another version of the list than there is, are refused."""
    bad = site.edge.put(b"192.0.2.300\n", Content_Type="text/csv")
    empty = site.edge.put(b"", Content_Type="text/csv")
    stale = site.edge.put(b"192.0.2.1\n", Content_Type="text/csv", If_Match='"00000000000000000000000000000000:1"')
    assert [bad.status, empty.status, stale.status] == [422, 422, 412], (bad, empty, stale)
    yield


@contextlib.contextmanager
def doubtful_lists(site: Site) -> Iterator[None]:
    """Prefixes that are hardly meant, and more entries than there is much room for, are taken with a warning."""
    status, said = site.edge.say("allow", "add", "9.0.0.0/8", "10.1.0.0/16", "127.0.0.1")
    assert status == 0 and all(word in said for word in ("wider", "private", "not routed")), said
    status, said = site.edge.say("allow", "remove", "9.0.0.0/8", "10.1.0.0/16", "127.0.0.1")
    assert status == 0, said
    before = site.edge.config.read_text()
    site.edge.end_agent()
    site.edge.config.write_text(before.replace("[list]\n", f"[list]\nmax_entries = {len(site.servers) + 1}\n"))
    try:
        site.edge.start_agent()
        assert "list.max_entries" in site.edge.wicket("status")
        yield
    finally:
        site.edge.config.write_text(before)
        site.edge.end_agent()


@contextlib.contextmanager
def list_grows(site: Site) -> Iterator[None]:
    """More narrowed entries are added than the generation has room for: the list moves to a bigger one."""
    for first in range(0, 9000, 1500):
        rows = [
            {"prefix": f"198.{18 + n // 65536}.{n // 256 % 256}.{n % 256}", "protocols": ["esp"]}
            for n in range(first, first + 1500)
        ]
        answer = site.edge.patch({"add": rows})
        assert answer.status == 200, answer.body
    yield


@contextlib.contextmanager
def start_on_a_full_disk(site: Site) -> Iterator[None]:
    """What was added while the disk was full is still there after a start on it."""
    with site.edge.disk.full():
        site.add("192.0.2.201")
        site.edge.end_agent()
        site.edge.start_agent()
        kept = json.loads(site.edge.wicket("allow", "list", "--json"))
        assert any(row["prefix"] == "192.0.2.201" for row in kept["entries"]), kept
        yield


@contextlib.contextmanager
def brake_from_elsewhere(site: Site) -> Iterator[None]:
    """There is no agent, and whoever pulls the brake is in another network namespace."""
    site.edge.end_agent()
    with site.edge.entered_by():
        yield


HAPPENINGS: dict[str, Fault] = {
    "agent-killed": agent_killed,
    "agent-dies-at-each-start": agent_dies_at_each_start,
    "second-agent": second_agent,
    "configuration-wrong": configuration_wrong,
    "api-gone": api_gone,
    "api-hung": api_hung,
    "silent-connections": silent_connections,
    "database-damaged": database_damaged,
    "database-lost": database_lost,
    "start-on-a-full-disk": start_on_a_full_disk,
    "pins-removed": pins_removed,
    "pins-removed-agent-gone": pins_removed_and_agent_gone,
    "pins-damaged": pins_damaged,
    "pin-of-another-map": pin_of_another_map,
    "upgraded": upgraded,
    "bad-lists": bad_lists,
    "doubtful-lists": doubtful_lists,
    "list-grows": list_grows,
    "brake-from-elsewhere": brake_from_elsewhere,
}
"""By the name that docs/failure.md has for it."""
