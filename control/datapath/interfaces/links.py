"""Interfaces of a network namespace, and what they are fit for."""

import os

from control.datapath.interfaces import messages
from control.datapath.interfaces.messages import Link
from control.fault import Fault, Kind, Refused

__all__ = ["Link", "all_links", "find", "preflight"]

FIRST_PAGE = 3498  # bytes of MTU above which most drivers refuse a program that reads one page, as ours does

LOOPBACK = 1  # its ifindex in every network namespace
ETHERNET = 1  # ARPHRD_ETHER, <linux/if_arp.h>; of what begins in another way, some names of those that are met
HEADERS = {
    512: "ppp", 519: "rawip", 768: "ipip", 769: "ip6tnl", 776: "sit", 778: "gre", 823: "ip6gre",
    65534: "tun or wireguard",
}  # fmt: skip


def all_links() -> dict[str, Link]:
    """Return the interfaces of this network namespace by name."""
    return {link.name: link for link in messages.dump().values()}


def find(name: str) -> Link:
    """Return one interface, by any of its names.

    Raises:
        Refused: there is none of that name; the answer lists those that are there.
    """
    if link := messages.one(name=name):
        return link
    links = all_links().values()
    there = ", ".join(sorted(link.name for link in links if link.index != LOOPBACK)) or "none"
    fault = Fault(name, "there is no interface of that name", f"name one that is there: {there}")
    raise Refused(Kind.INTERFACE, "The interface does not exist", [fault])


def preflight(link: Link, mode: str) -> tuple[list[Fault], list[Fault]]:
    """Return what forbids attaching to a link in ``mode``, and what an operator should know beforehand."""
    wrong, doubtful = [], []
    if link.index == LOOPBACK:
        wrong.append(Fault(link.name, "this is the loopback", "name an interface that carries subscribers' traffic"))
    elif link.type != ETHERNET:
        kind = HEADERS.get(link.type, link.kind or "another kind of")
        why = f"this is a {kind} device (type {link.type}): its packets have no Ethernet header"
        wrong.append(Fault(link.name, why, "guard the Ethernet device through which its packets come"))
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


def blind_spot(link: Link) -> Fault | None:
    """Return what the program does not see on a link that carries it; None where it sees every packet as it came."""
    if link.mode != "generic":
        return None
    why = "in generic mode, UDP packets that were merged before the program saw them are not recognised, and pass"
    mend = f"ethtool -K {link.name} gro off rx-udp-gro-forwarding off, and use a driver with native mode"
    return Fault(link.name, why, mend)


def _has_large_receive_offload(name: str) -> bool:
    from pyroute2.ethtool.ioctl import IoctlEthtool  # late, see attaching.py

    ethtool = IoctlEthtool(name)
    try:
        return bool(ethtool.get_features().is_active("large-receive-offload"))
    except (OSError, KeyError, NotImplementedError):
        return False  # a device that has no such feature to ask for
    finally:
        ethtool.sock.close()
