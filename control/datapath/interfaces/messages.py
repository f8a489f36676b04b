"""Messages about links, as the kernel's netlink sends them: read by hand, since an edge may hear hundreds in a second.

rtnetlink(7), netlink(7); numbers of <linux/netlink.h>, <linux/rtnetlink.h>, <linux/if_link.h>, <linux/if_arp.h>. A
message takes some 20 µs here, and two milliseconds where everything in it is read.
"""

import errno
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

RTMGRP_LINK = 1
NEW_LINK, DEL_LINK, GET_LINK, DONE, ERROR = 16, 17, 18, 3, 2
REQUEST, DUMP = 0x1, 0x300
SKIP_STATISTICS = 1 << 3  # RTEXT_FILTER_SKIP_STATS
UP = 1  # IFF_UP
TYPE_MASK = 0x3FFF  # of an attribute's type: the rest says that it is nested

# enum IFLA_*
IFNAME, MTU, LINK, MASTER, LINKINFO, EXT_MASK, QUEUES, XDP, PROPERTIES, ALT_IFNAME = 3, 4, 5, 10, 18, 29, 32, 43, 52, 53
INFO_KIND = 1
XDP_ATTACHED, XDP_PROGRAM, XDP_DRIVER, XDP_SKB, XDP_HARDWARE = 2, 4, 5, 6, 7
MODES = {1: "native", 2: "generic", 3: "hardware", 4: "several"}  # XDP_ATTACHED_*

HEADER, INFO = struct.Struct("IHHII"), struct.Struct("BxHiII")
BUFFER = 1 << 20  # bytes: of a dump's part, and of what waits to be read


@dataclass(frozen=True, slots=True)
class Link:
    """One network interface.

    Attributes:
        index, name, kind: as the kernel has them; kind is "" for a plain device.
        other_names: by which it can be found too (IFLA_ALT_IFNAME).
        type: of its header, ARPHRD_* of <linux/if_arp.h>.
        mtu: bytes.
        queues: receive queues.
        is_up: whether it carries packets.
        master: index of the bond or bridge that it is a port of; 0: none.
        parent: index of the device below it, for a VLAN; 0: none.
        program: id of the attached XDP program; 0: none.
        mode: how it is attached: "native", "generic", "hardware", "several" or None.
    """

    index: int
    name: str
    kind: str
    other_names: tuple[str, ...]
    type: int
    mtu: int
    queues: int
    is_up: bool
    master: int
    parent: int
    program: int
    mode: str | None

    def is_called(self, name: str) -> bool:
        """Return whether it is found under a name."""
        return name == self.name or name in self.other_names


def listening() -> socket.socket:
    """Return a socket on which the kernel tells of links that come, change and go."""
    heard = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    heard.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    heard.bind((0, RTMGRP_LINK))
    return heard


def links(data: bytes) -> Iterator[tuple[int, Link]]:
    """Yield what messages tell, as NEW_LINK or DEL_LINK and the link.

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
        if kind in (NEW_LINK, DEL_LINK):
            yield kind, _link(memoryview(data)[at + HEADER.size : at + length])
        at += length + 3 & ~3


def dump() -> dict[int, Link]:
    """Return all links of this network namespace, by index."""
    return {link.index: link for link in _asked(DUMP, 0, b"")}


def one(*, index: int = 0, name: str = "") -> Link | None:
    """Return one link, by its index or by any of its names; None where there is none."""
    attribute = _attribute(ALT_IFNAME, name.encode() + b"\0") if name else b""
    try:
        return next(iter(_asked(0, index, attribute)), None)
    except OSError as error:
        if error.errno in (errno.ENODEV, errno.EINVAL, errno.ERANGE):  # EINVAL: no name that a link can have
            return None
        raise


def _asked(flags: int, index: int, attribute: bytes) -> list[Link]:
    body = INFO.pack(socket.AF_UNSPEC, 0, index, 0, 0) + _attribute(EXT_MASK, struct.pack("I", SKIP_STATISTICS))
    message = HEADER.pack(HEADER.size + len(body) + len(attribute), GET_LINK, REQUEST | flags, 1, 0) + body + attribute
    found: list[Link] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as asker:
        asker.bind((0, 0))
        asker.send(message)
        while True:
            data = asker.recv(BUFFER)
            found += [link for _, link in links(data)]
            if not flags or _ends(data):
                return found


def _ends(data: bytes) -> bool:
    """Return whether the last of several messages is among these."""
    at = 0
    while at + HEADER.size <= len(data):
        length, kind, _, _, _ = HEADER.unpack_from(data, at)
        if kind == DONE:
            return True
        at += length + 3 & ~3
    return False


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def _attributes(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    at = 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("HH", data, at)
        if length < 4:
            raise ValueError("an attribute of netlink is cut off")
        yield kind & TYPE_MASK, data[at + 4 : at + length]
        at += length + 3 & ~3


def _link(data: memoryview) -> Link:
    _, header, index, flags, _ = INFO.unpack_from(data)
    found = dict(_attributes(data[INFO.size :]))
    info = dict(_attributes(found[LINKINFO])) if LINKINFO in found else {}
    xdp = dict(_attributes(found[XDP])) if XDP in found else {}
    names = _attributes(found[PROPERTIES]) if PROPERTIES in found else ()
    programs = (_number(xdp.get(kind)) for kind in (XDP_DRIVER, XDP_SKB, XDP_HARDWARE, XDP_PROGRAM))
    attached = xdp.get(XDP_ATTACHED)
    return Link(
        index,
        _text(found.get(IFNAME)),
        _text(info.get(INFO_KIND)),
        tuple(_text(value) for kind, value in names if kind == ALT_IFNAME),
        header,
        _number(found.get(MTU)),
        _number(found.get(QUEUES)) or 1,
        bool(flags & UP),
        _number(found.get(MASTER)),
        _number(found.get(LINK)),
        next((number for number in programs if number), 0),
        MODES.get(attached[0]) if attached else None,
    )


def _number(value: memoryview | None) -> int:
    return int(struct.unpack_from("I", value)[0]) if value else 0


def _text(value: memoryview | None) -> str:
    return bytes(value).split(b"\0")[0].decode(errors="replace") if value else ""
