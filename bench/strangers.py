"""What strangers who only hold connections do to others' questions: the shipped server beside gunicorn's own worker.

usage: python -m bench.strangers
"""

import http.client
import multiprocessing
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lab.gateway import free_port
from lab.waiting import wait_for

SECONDS = float(os.environ.get("WICKET_BENCH_SECONDS", "60"))
SILENT, HALF, DRIPPING = 2000, 2000, 500
PATIENCE = 5.0
"""Seconds after which a question counts as not answered."""

PAUSE = 0.05
DRIP = 1.0

HEAD = b"GET /v1/check?address=192.0.2.1 HTTP/1.1\r\nHost: stranger\r\nX-Padding: "
CONFIG = """
state = "{0}"
run = "{0}"
[api]
listen = "127.0.0.1:{1}"
gateway = false
[registry]
enabled = true
check_rate = 1000000
"""
NOTES = (
    f"strangers: {SILENT:,} connections that say nothing, {HALF:,} with half a head, {DRIPPING} of a byte a second, "
    f"for {SECONDS:.0f} s, each begun anew when it is closed;",
    f"a question, /v1/check on a connection of its own, every {PAUSE * 1000:.0f} ms; "
    f"lost: not answered within {PATIENCE:.0f} s",
)
SHIPPED = "from api.server import main; main()"
SERVERS: Mapping[str, str] = {
    "as shipped": SHIPPED,
    "gunicorn's gthread": "from api import server; ours = server.settings; "
    "server.settings = lambda config: {**ours(config), 'worker_class': 'gthread', 'worker_connections': 10000}; "
    "server.main()",
}


def main() -> None:
    """Ask while nobody else does, and while strangers hold connections."""
    console = Console()
    with console.status("measuring"):
        rows = [_row(name, code, crowd) for name, code in SERVERS.items() for crowd in (False, True)]
    grid = Table(*rows[0], caption="\n".join(NOTES), caption_justify="left")
    for row in rows:
        grid.add_row(*(f"{value:,.3g}" if isinstance(value, float) else str(value) for value in row.values()))
    console.print(grid)


def _row(name: str, code: str, crowd: bool) -> dict[str, str | int | float]:
    with _served(code) as port:
        begun = multiprocessing.get_context("fork").Process(target=_crowd, args=(port,), daemon=True)
        if crowd:
            begun.start()
            time.sleep(2)
        try:
            times, lost = _ask(port, SECONDS if crowd else min(SECONDS, 10))
        finally:
            if crowd:
                begun.kill()
                begun.join()
    ordered = sorted(times) or [PATIENCE]
    return {
        "server": name,
        "strangers": SILENT + HALF + DRIPPING if crowd else 0,
        "questions": len(times) + lost,
        "lost": lost,
        "p50 ms": ordered[len(ordered) // 2] * 1e3,
        "p99 ms": ordered[len(ordered) * 99 // 100] * 1e3,
        "longest ms": ordered[-1] * 1e3,
    }


@contextmanager
def _served(code: str) -> Iterator[int]:
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "wicket.toml"
        file.write_text(CONFIG.format(directory, port))
        process = subprocess.Popen([sys.executable, "-c", code, "--config", str(file)], process_group=0)
        try:
            wait_for(lambda: _question(port) is not None, "the API answers")
            yield port
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _ask(port: int, seconds: float) -> tuple[list[float], int]:
    times: list[float] = []
    lost = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        took = _question(port)
        if took is None:
            lost += 1
        else:
            times.append(took)
        time.sleep(PAUSE)
    return times, lost


def _question(port: int) -> float | None:
    """Return how long one question took; none when it was not answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    began = time.monotonic()
    try:
        connection.request("GET", "/v1/check?address=192.0.2.1")
        return time.monotonic() - began if connection.getresponse().status == 200 else None
    except OSError:
        return None
    finally:
        connection.close()


def _crowd(port: int) -> None:
    """Hold connections, from addresses of our own, until killed."""
    selector = selectors.DefaultSelector()
    kinds = ["silent"] * SILENT + ["half"] * HALF + ["dripping"] * DRIPPING
    for number, kind in enumerate(kinds):
        _hold(selector, port, number, kind)
    dripped = time.monotonic()
    while True:
        for key, _ in selector.select(0.1):
            number, kind = key.data
            selector.unregister(key.fileobj)
            key.fileobj.close()  # type: ignore[union-attr]
            _hold(selector, port, number, kind)
        if time.monotonic() - dripped > DRIP:
            dripped = time.monotonic()
            for key in list(selector.get_map().values()):
                if key.data[1] == "dripping":
                    _send(key.fileobj, b"x")  # type: ignore[arg-type]


def _hold(selector: selectors.BaseSelector, port: int, number: int, kind: str) -> None:
    client = socket.socket()
    client.bind((f"127.0.{1 + number // 250}.{1 + number % 250}", 0))
    client.setblocking(False)
    client.connect_ex(("127.0.0.1", port))
    selector.register(client, selectors.EVENT_READ, (number, kind))
    if kind != "silent":
        time.sleep(0.0002)
        _send(client, HEAD if kind == "dripping" else HEAD + b"half")


def _send(client: socket.socket, data: bytes) -> None:
    try:
        client.send(data)
    except OSError:
        return


if __name__ == "__main__":
    main()
