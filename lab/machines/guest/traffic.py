"""Sends and answers on a machine of the lab; needs nothing but Debian's python3.

usage: traffic.py serve ADDRESS PORT [--tcp]
       traffic.py ask CLIENT SERVER PORT --report FILE [--rate N] [--questions N] [--tcp]
       traffic.py initiate CLIENT SERVER PORT --report FILE [--rate N]
       traffic.py watch ADDRESS PORT CLIENT --report FILE

All but `serve` keep a report, a JSON object, up to date in a file, and write it a last time at SIGTERM.
"""

import argparse
import contextlib
import json
import os
import select
import signal
import socket
import struct
import threading
import time
from pathlib import Path

QUESTION = struct.Struct("!4sId")  # a mark, the number, when it was asked
MARK = b"wlab"
BUFFER = 1 << 20  # bytes
LATE_SECONDS = 2.0  # after the last question, for answers on their way
REPORT_SECONDS = 0.5
# WireGuard's handshake initiation: type 1, 148 bytes (https://www.wireguard.com/protocol/).
INITIATION = struct.pack("<I", 1) + bytes(144)


class Ended(Exception):
    """SIGTERM came."""


def family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def bound(kind: socket.SocketKind, address: str, port: int) -> socket.socket:
    """A socket at an address, which need not be there yet: a tunnel may come later and go."""
    made = socket.socket(family(address), kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_IP, 15, 1)  # IP_FREEBIND, of <linux/in.h>; IPv6 sockets take it as well
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    made.bind((address, port))
    return made


def write(path: Path, report: dict[str, object]) -> None:
    """A reader sees the old report or the new one."""
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(report))
    beside.replace(path)


def serve(address: str, port: int, tcp: bool) -> None:
    """Answer everything with itself."""
    if not tcp:
        echo = bound(socket.SOCK_DGRAM, address, port)
        while True:
            with contextlib.suppress(OSError):
                question, asker = echo.recvfrom(65535)
                echo.sendto(question, asker)
    listener = bound(socket.SOCK_STREAM, address, port)
    listener.listen(16)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve_stream, args=(connection,), daemon=True).start()


def serve_stream(connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        while data := connection.recv(65536):
            connection.sendall(data)


class Asker:
    """Numbered questions at a rate, and which of them were answered."""

    def __init__(self, words: argparse.Namespace) -> None:
        self.words = words
        self.sent = self.refused = 0
        self.answered: set[int] = set()
        self.last_answer = 0.0
        self.longest_gap = 0.0

    def report(self) -> dict[str, object]:
        missing = sorted(set(range(1, self.sent + 1)) - self.answered)
        return {
            "sent": self.sent,
            "received": len(self.answered),
            "lost": len(missing),
            "first_lost": missing[:5],
            "longest_gap_s": round(self.longest_gap, 2),
            "last_answer": self.last_answer,
        }

    def ask(self) -> None:
        """Ask until SIGTERM or until so many were asked; then wait for what is late."""
        asker = bound(socket.SOCK_DGRAM, self.words.client, 0)
        asker.setblocking(False)
        began = reported = time.monotonic()
        try:
            while not self.words.questions or self.sent < self.words.questions:
                now = time.monotonic()
                if now >= began + self.sent / self.words.rate:
                    self._question(asker)
                self._answers(asker, max(0.0, began + self.sent / self.words.rate - time.monotonic()))
                if now - reported > REPORT_SECONDS:
                    reported = now
                    write(self.words.report, self.report())
        except Ended:
            pass
        deadline = time.monotonic() + LATE_SECONDS
        while len(self.answered) < self.sent and (left := deadline - time.monotonic()) > 0:
            self._answers(asker, left)
        write(self.words.report, self.report())

    def _question(self, asker: socket.socket) -> None:
        self.sent += 1
        with contextlib.suppress(OSError):  # no route, as while a tunnel is away: shows as lost
            asker.sendto(QUESTION.pack(MARK, self.sent, time.time()), (self.words.server, self.words.port))

    def _answers(self, asker: socket.socket, seconds: float) -> None:
        if not select.select([asker], [], [], seconds)[0]:
            return
        with contextlib.suppress(OSError):
            while True:
                answer = asker.recv(2048)
                if len(answer) == QUESTION.size and answer.startswith(MARK):
                    self._answered(QUESTION.unpack(answer)[1])

    def _answered(self, number: int) -> None:
        now = time.time()
        if self.last_answer:
            self.longest_gap = max(self.longest_gap, now - self.last_answer)
        self.last_answer = now
        self.answered.add(number)


def ask_stream(words: argparse.Namespace) -> None:
    """One connection, on which so many pieces go there and come back."""
    sent = received = 0
    with contextlib.suppress(OSError):
        connection = bound(socket.SOCK_STREAM, words.client, 0)
        connection.settimeout(20)
        connection.connect((words.server, words.port))
        while sent < words.questions:
            sent += 1
            piece = os.urandom(4096)
            connection.sendall(piece)
            back = b""
            while len(back) < len(piece) and (more := connection.recv(65536)):
                back += more
            received += back == piece
    write(words.report, {"sent": max(sent, 1), "received": received, "lost": max(sent, 1) - received})


def initiate(words: argparse.Namespace) -> None:
    """Send WireGuard's handshake initiations that no peer knows, until SIGTERM."""
    sender = bound(socket.SOCK_DGRAM, words.client, 0)
    sent = reported = 0
    began = time.monotonic()
    with contextlib.suppress(Ended):
        while True:
            with contextlib.suppress(OSError):
                sender.sendto(INITIATION, (words.server, words.port))
                sent += 1
            if sent >= reported + words.rate * REPORT_SECONDS:
                reported = sent
                write(words.report, {"sent": sent})
            time.sleep(max(0.0, began + sent / words.rate - time.monotonic()))
    write(words.report, {"sent": sent})


def watch(words: argparse.Namespace) -> None:
    """Count the initiations that arrive from one client, and note when the first and the last did."""
    listener = bound(socket.SOCK_DGRAM, words.address, words.port)
    listener.settimeout(REPORT_SECONDS)
    times: list[float] = []
    with contextlib.suppress(Ended):
        while True:
            with contextlib.suppress(TimeoutError):
                data, source = listener.recvfrom(2048)
                if data[:1] == INITIATION[:1] and source[0] == words.client:
                    times.append(time.time())
            write(words.report, {"arrived": len(times), "first": times[:1], "last": times[-1:], "now": time.time()})
    write(words.report, {"arrived": len(times), "first": times[:1], "last": times[-1:], "now": time.time()})


def end(_number: int, _frame: object) -> None:
    raise Ended


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = made.add_subparsers(dest="verb", required=True)
    for verb in ("serve", "ask", "initiate", "watch"):
        sub = verbs.add_parser(verb)
        for name in ("address",) if verb in ("serve", "watch") else ("client", "server"):
            sub.add_argument(name)
        sub.add_argument("port", type=int)
        if verb == "watch":
            sub.add_argument("client")
        sub.add_argument("--tcp", action="store_true")
        sub.add_argument("--report", type=Path, default=Path("report.json"))
        sub.add_argument("--rate", type=float, default=100.0, help="a second")
        sub.add_argument("--questions", type=int, default=0, help="and then end; 0: until SIGTERM")
    return made


def main() -> None:
    words = parser().parse_args()
    if words.verb == "serve":
        serve(words.address, words.port, words.tcp)
    signal.signal(signal.SIGTERM, end)
    words.report.parent.mkdir(parents=True, exist_ok=True)
    if words.verb == "initiate":
        initiate(words)
    elif words.verb == "watch":
        watch(words)
    elif words.tcp:
        ask_stream(words)
    else:
        Asker(words).ask()


if __name__ == "__main__":
    main()
