"""Events in the journal's native protocol, to a real socket; and when they go there."""

import array
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from control.host import journal
from control.host.journal import Journal, datagram, is_journal, renderer
from tests.host.unread import FILLING, fill, must_end, waiting_messages

LOG = """\
import sys
from pathlib import Path
import structlog
from control.host import journal, logs
journal.Journal.__init__.__defaults__ = (Path(sys.argv[1]), journal.PATIENCE)
logs.configure_logs("info", sys.argv[2])
structlog.get_logger().warning("not guarded", interface="eth0")
"""


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "journal"))
        heard.settimeout(5)
        yield heard


def fields(message: bytes) -> dict[str, str]:
    """Read a message as the journal does."""
    found, rest = {}, message
    while rest:
        head, _, rest = rest.partition(b"\n")
        name, is_line, value = head.partition(b"=")
        if not is_line:
            (size,) = struct.unpack_from("<Q", rest)
            value, end, rest = rest[8 : 8 + size], rest[8 + size : 9 + size], rest[9 + size :]
            assert end == b"\n"
        found[name.decode()] = value.decode()
    return found


def send(path: Path, *messages: bytes, patience: float = journal.PATIENCE) -> None:
    with closing(Journal(path, patience)) as logger:
        for message in messages:
            logger.info(message)


def rendered(**event: object) -> bytes:
    made = renderer("wicketd")(None, "", dict(event))
    assert isinstance(made, bytes)
    return made


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            {"event": "attached", "level": "info", "interface": "eth0", "timestamp": "now"},
            {"MESSAGE": "attached interface=eth0", "PRIORITY": "6", "WICKET_INTERFACE": "eth0"},
        ),
        ({"event": "e", "level": "warning"}, {"MESSAGE": "e", "PRIORITY": "4"}),
        ({"event": "e", "level": "error", "n": 5}, {"MESSAGE": "e n=5", "PRIORITY": "3", "WICKET_N": "5"}),
        (
            {"event": "e", "level": "error", "exception": "Traceback\n  it\nfailed"},
            {
                "MESSAGE": "e\nTraceback\n  it\nfailed",
                "PRIORITY": "3",
                "WICKET_EXCEPTION": "Traceback\n  it\nfailed",
            },
        ),
        (
            {"event": "a=b\nPRIORITY=0", "level": "debug", "odd key-ö": "x\ny"},
            {"MESSAGE": "a=b\nPRIORITY=0 odd key-ö=x\ny", "PRIORITY": "7", "WICKET_ODD_KEY__": "x\ny"},
        ),
        (
            {"event": "e", "level": "info", "k" * 100: 1},
            {"MESSAGE": f"e {'k' * 100}=1", "PRIORITY": "6", ("WICKET_" + "K" * 100)[:64]: "1"},
        ),
    ],
)
def test_each_value_is_a_field(
    heard: socket.socket, tmp_path: Path, event: dict[str, object], expected: dict[str, str]
) -> None:
    send(tmp_path / "journal", rendered(**event))
    assert fields(heard.recv(1 << 16)) == expected | {"SYSLOG_IDENTIFIER": "wicketd"}


def test_what_is_too_long_for_a_datagram_comes_as_a_sealed_file(heard: socket.socket, tmp_path: Path) -> None:
    message = datagram({"MESSAGE": "x" * 5_000_000})
    send(tmp_path / "journal", message)
    _, rights, _, _ = heard.recvmsg(16, socket.CMSG_SPACE(4))
    (descriptor,) = array.array("i", rights[0][2])
    try:
        assert os.pread(descriptor, len(message) + 1, 0) == message
        with pytest.raises(PermissionError):
            os.pwrite(descriptor, b"y", 0)
    finally:
        os.close(descriptor)


def test_events_for_a_journal_that_is_not_there_are_lost(heard: socket.socket, tmp_path: Path) -> None:
    must_end(lambda: send(tmp_path / "nowhere", b"MESSAGE=lost\n"))
    assert waiting_messages(heard) == []


def test_a_journal_that_does_not_read_stops_nobody(heard: socket.socket, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    count = fill(path)
    must_end(lambda: send(path, *[b"MESSAGE=lost\n"] * 3, patience=0.01))
    assert waiting_messages(heard) == [FILLING] * count


def test_the_journals_stream_is_known_by_device_and_inode(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = socket.socketpair()
    with one, other:
        status = os.fstat(one.fileno())
        monkeypatch.setenv(journal.STREAM, f"{status.st_dev}:{status.st_ino}")
        assert is_journal(one.fileno())
        assert not is_journal(other.fileno()), "the variable alone says nothing: the stream was replaced"
        assert not is_journal(10_000)
        monkeypatch.delenv(journal.STREAM)
        assert not is_journal(one.fileno())


@pytest.mark.parametrize(
    ("style", "to_journal", "where"),
    [("auto", True, "journal"), ("auto", False, "stream"), ("journal", False, "journal"), ("console", True, "stream")],
)
def test_where_a_program_logs(heard: socket.socket, tmp_path: Path, style: str, to_journal: bool, where: str) -> None:
    read, stream = os.pipe()
    status = os.fstat(stream)
    told = {journal.STREAM: f"{status.st_dev}:{status.st_ino}"} if to_journal else {}
    argv = [sys.executable, "-c", LOG, str(tmp_path / "journal"), style]
    subprocess.run(argv, env=os.environ | told, stderr=stream, check=True, timeout=60)
    os.close(stream)
    with os.fdopen(read) as lines:
        said = lines.read()
    if where == "journal":
        assert said == ""
        assert fields(heard.recv(4096))["WICKET_INTERFACE"] == "eth0"
    else:
        assert "not guarded" in said and "interface=eth0" in said
