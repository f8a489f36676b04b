"""The addresses of a network namespace that are the router's own: rtnetlink(7), <linux/if_addr.h>."""

import struct
from collections.abc import Iterator
from ipaddress import ip_address

from control.allowlist.mapped import Address
from control.datapath.interfaces import netlink

GROUPS = 0x10 | 0x100  # RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR
NEW_ADDRESS, DEL_ADDRESS, GET_ADDRESS = 20, 21, 22
ADDRESS, LOCAL, BROADCAST, ANYCAST = 1, 2, 4, 5  # enum IFA_*
INFO = struct.Struct("BBBBI")  # struct ifaddrmsg


def own() -> set[Address]:
    """Return the addresses of all interfaces, and the broadcast addresses of their networks.

    Raises:
        OSError: the kernel does not tell.
        ValueError: what it tells is not whole.
    """
    found: set[Address] = set()
    for data in netlink.asked(GET_ADDRESS, netlink.DUMP, INFO.pack(0, 0, 0, 0, 0)):
        for kind, message in netlink.messages(data):
            if kind == NEW_ADDRESS:
                found.update(_of(message))
    return found


def tells_of_addresses(data: bytes) -> bool:
    """Return whether one of several messages is about an address.

    Raises:
        ValueError, OSError: as ``netlink.messages``.
    """
    return any(kind in (NEW_ADDRESS, DEL_ADDRESS) for kind, _ in netlink.messages(data))


def _of(message: memoryview) -> Iterator[Address]:
    """Yield what one message tells: of a link between two, ADDRESS is the other end, which may be a subscriber."""
    found = dict(netlink.attributes(message[INFO.size :]))
    for kind in (LOCAL if LOCAL in found else ADDRESS, BROADCAST, ANYCAST):
        if kind in found:
            yield ip_address(bytes(found[kind]))
