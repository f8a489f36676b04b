"""What the kernel's netlink says of links and addresses, as messages: read by hand, since an edge may hear hundreds a
second.

rtnetlink(7), netlink(7); numbers of <linux/netlink.h> and <linux/rtnetlink.h>. A message takes some 20 µs here, and
two milliseconds where everything in it is read.
"""

import os
import socket
import struct
from collections.abc import Iterator

DONE, ERROR = 3, 2
REQUEST, DUMP = 0x1, 0x300
TYPE_MASK = 0x3FFF  # of an attribute's type: the rest says that it is nested

HEADER = struct.Struct("IHHII")
BUFFER = 1 << 20  # bytes: of a dump's part, and of what waits to be read


def listening(groups: int) -> socket.socket:
    """Return a socket on which the kernel tells of what changes in some groups (RTMGRP_*)."""
    heard = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    heard.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    heard.bind((0, groups))
    return heard


def messages(data: bytes) -> Iterator[tuple[int, memoryview]]:
    """Yield each message's type and what is behind its header.

    Raises:
        ValueError: a message is not whole.
        OSError: it says so.
    """
    at = 0
    while at + HEADER.size <= len(data):
        length, kind, _, _, _ = HEADER.unpack_from(data, at)
        if length < HEADER.size or at + length > len(data):
            raise ValueError("a message of netlink is cut off")
        if kind == ERROR and (code := -struct.unpack_from("i", data, at + HEADER.size)[0]):
            raise OSError(code, os.strerror(code))
        yield kind, memoryview(data)[at + HEADER.size : at + length]
        at += length + 3 & ~3


def asked(kind: int, flags: int, body: bytes) -> Iterator[bytes]:
    """Yield what the kernel answers to a question of a type, in parts of several messages.

    Raises:
        OSError: the kernel refuses it.
    """
    message = HEADER.pack(HEADER.size + len(body), kind, REQUEST | flags, 1, 0) + body
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as asker:
        asker.bind((0, 0))
        asker.send(message)
        while True:
            data = asker.recv(BUFFER)
            yield data
            if not flags & DUMP or any(kind == DONE for kind, _ in messages(data)):
                return


def attribute(kind: int, value: bytes) -> bytes:
    """Return an attribute as a message has it."""
    return struct.pack("HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def attributes(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield the attributes of a message, or those inside another: type and value.

    Raises:
        ValueError: one is not whole.
    """
    at = 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("HH", data, at)
        if length < 4:
            raise ValueError("an attribute of netlink is cut off")
        yield kind & TYPE_MASK, data[at + 4 : at + length]
        at += length + 3 & ~3
