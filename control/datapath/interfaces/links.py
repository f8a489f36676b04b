"""Interfaces of a network namespace, and what they are fit for."""

import os
from dataclasses import dataclass
from typing import Any

from pyroute2 import IPRoute
from pyroute2.ethtool.ioctl import IoctlEthtool

from control.fault import Fault, Kind, Refused
from control.vocabulary import LOOPBACK

# What pyroute2 makes of XDP_ATTACHED_*, which are other numbers.
ATTACHED = {"xdp": "native", "xdpgeneric": "generic", "xdpoffload": "hardware", "xdpmulti": "several"}
PROGRAM_IDS = ("IFLA_XDP_DRV_PROG_ID", "IFLA_XDP_SKB_PROG_ID", "IFLA_XDP_HW_PROG_ID", "IFLA_XDP_PROG_ID")

FIRST_PAGE = 3498  # bytes of MTU above which most drivers refuse a program that reads one page, as ours does


@dataclass(frozen=True, slots=True)
class Link:
    """One network interface.

    Attributes:
        index, name, kind: as the kernel has them; kind is "" for a plain device.
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
    mtu: int
    queues: int
    is_up: bool
    master: int
    parent: int
    program: int
    mode: str | None


def all_links() -> dict[str, Link]:
    """Return the interfaces of this network namespace by name."""
    with IPRoute() as route:
        links = [_link(message) for message in route.get_links()]
    return {link.name: link for link in links}


def find(name: str) -> Link:
    """Return one interface.

    Raises:
        Refused: there is none of that name; the answer lists those that are there.
    """
    links = all_links()
    if name in links:
        return links[name]
    there = ", ".join(sorted(link.name for link in links.values() if link.index != LOOPBACK)) or "none"
    fault = Fault(name, "there is no interface of that name", f"name one that is there: {there}")
    raise Refused(Kind.INTERFACE, "The interface does not exist", [fault])


def preflight(link: Link, mode: str) -> tuple[list[Fault], list[Fault]]:
    """Return what forbids attaching to a link in ``mode``, and what an operator should know beforehand."""
    wrong, doubtful = [], []
    if link.index == LOOPBACK:
        wrong.append(Fault(link.name, "this is the loopback", "name an interface that carries subscribers' traffic"))
    if link.kind in ("vlan", "macvlan"):
        mend = "attach to the device below it: the program reads VLAN tags itself"
        wrong.append(Fault(link.name, f"this is a {link.kind} device", mend))
    if link.master and link.kind != "veth" and mode == "native":
        doubtful.append(Fault(link.name, "it is a port of a bond or bridge", "attach to the bond, not to its ports"))
    if link.mtu > FIRST_PAGE:
        fault = Fault(link.name, f"MTU {link.mtu} is above {FIRST_PAGE}", f"ip link set {link.name} mtu {FIRST_PAGE}")
        (wrong if mode == "native" else doubtful).append(fault)
    if _has_large_receive_offload(link.name):
        mend = f"ethtool -K {link.name} lro off"
        fault = Fault(link.name, "large receive offload is on", mend)
        (wrong if mode == "native" else doubtful).append(fault)
    if link.queues < (os.cpu_count() or 1) and not link.kind:
        mend = f"ethtool -L {link.name} combined {os.cpu_count()}"
        doubtful.append(Fault(link.name, f"{link.queues} receive queues for {os.cpu_count()} processors", mend))
    if not link.is_up:
        doubtful.append(Fault(link.name, "the link is down", f"ip link set {link.name} up"))
    return wrong, doubtful


def _has_large_receive_offload(name: str) -> bool:
    ethtool = IoctlEthtool(name)
    try:
        return bool(ethtool.get_features().is_active("large-receive-offload"))
    except (OSError, KeyError, NotImplementedError):
        return False  # a device that has no such feature to ask for
    finally:
        ethtool.sock.close()


def _link(message: Any) -> Link:
    info, xdp = message.get_attr("IFLA_LINKINFO"), message.get_attr("IFLA_XDP")
    ids = [xdp.get_attr(name) for name in PROGRAM_IDS] if xdp else []
    return Link(
        index=message["index"],
        name=message.get_attr("IFLA_IFNAME"),
        kind=(info.get_attr("IFLA_INFO_KIND") or "") if info else "",
        mtu=message.get_attr("IFLA_MTU"),
        queues=message.get_attr("IFLA_NUM_RX_QUEUES") or 1,
        is_up=bool(message["flags"] & 1),  # IFF_UP
        master=message.get_attr("IFLA_MASTER") or 0,
        parent=message.get_attr("IFLA_LINK") or 0,
        program=next((number for number in ids if number), 0),
        mode=ATTACHED.get(xdp.get_attr("IFLA_XDP_ATTACHED") or "") if xdp else None,
    )
