"""Links, as the kernel's netlink tells of them: rtnetlink(7); numbers of <linux/if_link.h> and <linux/if_arp.h>."""

import errno
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from control.datapath.interfaces import netlink

GROUP = 1  # RTMGRP_LINK
NEW_LINK, DEL_LINK, GET_LINK = 16, 17, 18
SKIP_STATISTICS = 1 << 3  # RTEXT_FILTER_SKIP_STATS
UP = 1  # IFF_UP

# enum IFLA_*
IFNAME, MTU, LINK, MASTER, LINKINFO, EXT_MASK, QUEUES, XDP, PROPERTIES, ALT_IFNAME = 3, 4, 5, 10, 18, 29, 32, 43, 52, 53
INFO_KIND = 1
XDP_ATTACHED, XDP_PROGRAM, XDP_DRIVER, XDP_SKB, XDP_HARDWARE = 2, 4, 5, 6, 7
MODES = {1: "native", 2: "generic", 3: "hardware", 4: "several"}  # XDP_ATTACHED_*

INFO = struct.Struct("BxHiII")  # struct ifinfomsg


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


def links(data: bytes) -> Iterator[tuple[int, Link]]:
    """Yield what messages tell, as NEW_LINK or DEL_LINK and the link.

    Raises:
        ValueError: a message is not whole.
        OSError: it says so.
    """
    for kind, message in netlink.messages(data):
        if kind in (NEW_LINK, DEL_LINK):
            yield kind, _link(message)


def dump() -> dict[int, Link]:
    """Return all links of this network namespace, by index."""
    return {link.index: link for link in _asked(netlink.DUMP, 0, b"")}


def one(*, index: int = 0, name: str = "") -> Link | None:
    """Return one link, by its index or by any of its names; None where there is none."""
    attribute = netlink.attribute(ALT_IFNAME, name.encode() + b"\0") if name else b""
    try:
        return next(iter(_asked(0, index, attribute)), None)
    except OSError as error:
        if error.errno in (errno.ENODEV, errno.EINVAL, errno.ERANGE):  # EINVAL: no name that a link can have
            return None
        raise


def _asked(flags: int, index: int, attribute: bytes) -> list[Link]:
    body = INFO.pack(socket.AF_UNSPEC, 0, index, 0, 0)
    body += netlink.attribute(EXT_MASK, struct.pack("I", SKIP_STATISTICS)) + attribute
    return [link for data in netlink.asked(GET_LINK, flags, body) for _, link in links(data)]


def _link(data: memoryview) -> Link:
    _, header, index, flags, _ = INFO.unpack_from(data)
    found = dict(netlink.attributes(data[INFO.size :]))
    info = dict(netlink.attributes(found[LINKINFO])) if LINKINFO in found else {}
    xdp = dict(netlink.attributes(found[XDP])) if XDP in found else {}
    names = netlink.attributes(found[PROPERTIES]) if PROPERTIES in found else ()
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
