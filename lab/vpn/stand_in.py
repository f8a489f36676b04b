#!/usr/bin/python3
"""Stands in for pppd(8), which wants /dev/ppp, so that the daemons beside it carry PPP frames all the same.

It speaks PPP in HDLC-like framing (RFC 1662) on the terminal that it is given. Where LAB_PPP names a socket it is the
client's: it sends what comes in there as frames, and gives out what frames bring. Elsewhere it is the server's, and
returns each frame. It runs beside the daemon with nothing but Python's own library.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import sys
import tty
from pathlib import Path

_FLAG, _ESCAPE, _FLIP = 0x7E, 0x7D, 0x20  # section 4.1 and 4.2
_HEADER = bytes.fromhex("ff03 005b")  # all stations, unnumbered; a protocol of nobody's (RFC 3772)
_GOOD = 0xF0B8  # the sum over a frame with its own, appendix C.2


def _sum(content: bytes | bytearray) -> int:
    """The frame check sequence as appendix C.2 computes it, not yet inverted."""
    value = 0xFFFF
    for byte in content:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
    return value


def framed(content: bytes) -> bytes:
    """A frame on the wire."""
    whole = content + (_sum(content) ^ 0xFFFF).to_bytes(2, "little")
    escaped = bytearray()
    for byte in whole:
        if byte < _FLIP or byte in (_FLAG, _ESCAPE):
            escaped += bytes((_ESCAPE, byte ^ _FLIP))
        else:
            escaped.append(byte)
    return bytes((_FLAG, *escaped, _FLAG))


class Deframer:
    """Finds the frames in what a terminal gives."""

    def __init__(self) -> None:
        self._frame = bytearray()
        self._escaped = False

    def feed(self, given: bytes) -> list[bytes]:
        """The whole frames that end here, without their sums; what is damaged is left out."""
        found = []
        for byte in given:
            if byte == _FLAG:
                if len(self._frame) > 2 and _sum(self._frame) == _GOOD:
                    found.append(bytes(self._frame[:-2]))
                self._frame.clear()
                self._escaped = False
            elif byte == _ESCAPE:
                self._escaped = True
            else:
                self._frame.append(byte ^ _FLIP if self._escaped else byte)
                self._escaped = False
        return found


def _terminal() -> int:
    """The terminal that a daemon names, or gives as the standard input."""
    named = next((word for word in sys.argv[1:] if word.startswith("/dev/")), None)
    terminal = os.open(named, os.O_RDWR | os.O_NOCTTY) if named else sys.stdin.fileno()
    tty.setraw(terminal)
    return terminal


def _return_frames(terminal: int) -> None:
    frames = Deframer()
    os.write(terminal, framed(_HEADER))  # pptpd hears no client before its pppd has said something
    while given := os.read(terminal, 65536):
        for frame in frames.feed(given):
            os.write(terminal, framed(frame))


def _carry(terminal: int, path: Path) -> None:
    """Between the terminal and whoever is connected to the socket."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(str(path))
    listener.listen()
    frames, askers = Deframer(), list[socket.socket]()
    with selectors.DefaultSelector() as selector:
        selector.register(terminal, selectors.EVENT_READ)
        selector.register(listener, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is listener:
                    asker, _ = listener.accept()
                    askers.append(asker)
                    selector.register(asker, selectors.EVENT_READ)
                elif isinstance(key.fileobj, socket.socket):
                    _ask(terminal, key.fileobj, askers, selector)
                else:
                    given = os.read(terminal, 65536)
                    if not given:
                        return
                    _tell(askers, frames.feed(given))


def _ask(terminal: int, asker: socket.socket, askers: list[socket.socket], selector: selectors.BaseSelector) -> None:
    question = b""
    with contextlib.suppress(OSError):
        question = asker.recv(65536)
    if question:
        os.write(terminal, framed(_HEADER + question))
        return
    selector.unregister(asker)
    askers.remove(asker)
    asker.close()


def _tell(askers: list[socket.socket], frames: list[bytes]) -> None:
    for frame in frames:
        for asker in askers:
            with contextlib.suppress(OSError):
                asker.send(frame, socket.MSG_DONTWAIT)


def main() -> None:
    """Stand in until the terminal ends."""
    terminal, path = _terminal(), os.environ.get("LAB_PPP")
    with contextlib.suppress(OSError):  # how a terminal ends
        if path:
            _carry(terminal, Path(path))
        else:
            _return_frames(terminal)


if __name__ == "__main__":
    main()
