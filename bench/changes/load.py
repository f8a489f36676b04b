"""What else goes on while a change is measured: somebody reads the whole list, or packets come at full rate."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.cable import Cable, send_on
from bench.changes.gateways import Gateway
from bench.packets.frames import HANDSHAKE

FRAMES = 200_000  # of one call

Work = Callable[[], object]


@contextmanager
def reading(gateway: Gateway) -> Iterator[None]:
    """Read the whole list by HTTP without a pause, in processes of their own, so that they do not slow us down."""
    command = ["curl", "--silent", "--output", "/dev/null", "-H", f"Authorization: Bearer {gateway.token}", gateway.url]
    with _meanwhile(lambda: subprocess.run(command, check=True)):
        yield


@contextmanager
def flooded(laid: Cable, gateway: Gateway, processor: int) -> Iterator[None]:
    """Send handshakes to registered ends through the agent's program, at the full rate of a processor."""
    laid.attach(gateway.pin)
    with _meanwhile(lambda: send_on(laid, "send_random", HANDSHAKE, FRAMES, processor)):
        yield


@contextmanager
def _meanwhile(work: Work) -> Iterator[None]:
    """Do something over and over in a thread of its own."""
    ends = threading.Event()

    def go_on() -> None:
        while not ends.is_set():
            work()

    worker = threading.Thread(target=go_on)
    worker.start()
    try:
        yield
    finally:
        ends.set()
        worker.join()
