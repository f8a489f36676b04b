"""What a service manager is told: over both kinds of sockets, and nothing where there is none."""

import os
import socket
from pathlib import Path

import pytest

from control.host import service
from tests.host.unread import FILLING, fill, must_end, waiting_messages


@pytest.mark.parametrize("abstract", [False, True], ids=["a path", "an abstract name"])
def test_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool) -> None:
    name = f"@wicket-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(name.replace("@", "\0"))
        heard.settimeout(5)
        monkeypatch.setenv(service.SOCKET, name)
        service.tell("READY=1", service.status("two\nlines"))
        assert heard.recv(4096) == b"READY=1\nSTATUS=two lines"


@pytest.mark.parametrize("name", [None, "", "/nowhere/at/all", "x" * 200])
def test_nobody_to_tell_is_no_trouble(monkeypatch: pytest.MonkeyPatch, name: str | None) -> None:
    monkeypatch.delenv(service.SOCKET, raising=False)
    if name is not None:
        monkeypatch.setenv(service.SOCKET, name)
    descriptors = set(Path("/proc/self/fd").iterdir())
    service.tell("READY=1")
    assert set(Path("/proc/self/fd").iterdir()) <= descriptors, "none is left open"  # the collector may close others'


def test_a_manager_that_does_not_listen_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        count = fill(tmp_path / "notify")
        monkeypatch.setenv(service.SOCKET, str(tmp_path / "notify"))
        must_end(lambda: service.tell("WATCHDOG=1"))
        assert waiting_messages(heard) == [FILLING] * count


@pytest.mark.parametrize(
    ("allowed", "of", "seconds"),
    [
        (None, None, None),
        ("30000000", None, 15.0),
        ("30000000", "ours", 15.0),
        ("30000000", "another's", None),
        ("0", None, None),
        ("-1", None, None),
        ("soon", None, None),
    ],
)
def test_the_watchdog_is_told_twice_as_often_as_it_asks(
    monkeypatch: pytest.MonkeyPatch, allowed: str | None, of: str | None, seconds: float | None
) -> None:
    process = {"ours": str(os.getpid()), "another's": str(os.getppid())}.get(of or "")
    for name, value in ((service.WATCHDOG, allowed), (service.WATCHDOG_OF, process)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert service.watchdog_interval() == seconds
