"""Who drops a flood: programs at the end of our cable, and peers, each at the end of a cable of its own."""

import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench import addresses, peers
from bench.addresses import Addresses
from bench.cable import Cable, cable
from control.datapath import syscall
from lab.command import run
from lab.stage.namespace import Namespace

FILTER_ROOM = 10_000  # addresses that xdp-filter has room for (its MAP_SIZE)
FILTER_BOTH = 0b11  # "of source" and "of destination"


@dataclass(frozen=True, slots=True)
class Contender:
    """Somebody whom a flood is sent to.

    Attributes:
        laid: the cable through which.
        pin: the program to stand at its end meanwhile; None: what stands there already.
        counter: counts the packets that came to the verdict.
    """

    laid: Cable
    pin: Path | None
    counter: Callable[[], int]

    def rate(self, sender: str, frame: bytes, frames: int) -> float:
        """Return how many million packets come to the verdict in a second of one processor."""
        if self.pin:
            self.laid.attach(self.pin)
        before = self.counter()
        took = self.laid.send(sender, frame, frames)
        return (self.counter() - before) / took / 1e6


def at_end(laid: Cable, pin: Path | None) -> Contender:
    """Return a program that stands at the end of a cable, which counts all that it is asked about."""
    return Contender(laid, pin, lambda: received(laid.namespace))


@contextmanager
def refusing(bpffs: Path, registered: Addresses) -> Iterator[Mapping[str, Contender]]:
    """Set up each peer that is installed to drop handshakes of WireGuard unless an end is registered."""
    set_up = {"nft": _nft, "nft_ingress": _nft_ingress, "ipset": _ipset, "xdp_filter": _xdp_filter}
    needed = {"nft": "nft", "nft_ingress": "nft", "ipset": "ipset", "xdp_filter": "xdp-filter"}
    with ExitStack() as opened:
        contenders = {}
        for name, prepare in set_up.items():
            if shutil.which(needed[name]) and (name != "ipset" or shutil.which("iptables")):
                laid = opened.enter_context(cable())
                pins = bpffs / name
                pins.mkdir(exist_ok=True)
                laid.attach(laid.pin("pass", pins))
                try:
                    contenders[name] = prepare(laid, registered)
                except RuntimeError:
                    continue  # its module or program does not load on this kernel
        yield contenders


def _nft(laid: Cable, registered: Addresses) -> Contender:
    """As early as nftables can where routers use it: prerouting, raw."""
    hook = "type filter hook prerouting priority raw"
    run(*laid.namespace.enter(), "nft", "-f", "-", text=peers.nft_refusing(registered, "ip", hook), seconds=120)
    return Contender(laid, None, lambda: refused(laid.namespace))


def _nft_ingress(laid: Cable, registered: Addresses) -> Contender:
    """As early as nftables can at all, before the stack has looked at a packet."""
    hook = 'type filter hook ingress device "far" priority 0'
    run(*laid.namespace.enter(), "nft", "-f", "-", text=peers.nft_refusing(registered, "netdev", hook), seconds=120)
    return Contender(laid, None, lambda: received(laid.namespace) - _come_to_ip(laid.namespace)[0])


def _ipset(laid: Cable, registered: Addresses) -> Contender:
    run(*laid.namespace.enter(), "ipset", "restore", text=peers.ipset(addresses.texts(registered)), seconds=120)
    run(*laid.namespace.enter(), "iptables", *peers.IPTABLES_REFUSING)
    return Contender(laid, None, lambda: refused(laid.namespace))


def _xdp_filter(laid: Cable, registered: Addresses) -> Contender:
    """It has no match for payloads: it drops whatever has no end on its list, which has room for 10,000."""
    load = "mount -t bpf bpf /sys/fs/bpf && xdp-filter load far --mode native --policy deny --features ipv4"
    laid.detach()
    run(*laid.namespace.enter(), "unshare", "--mount", "sh", "-c", load)
    (link,) = json.loads(run(*laid.namespace.enter(), "ip", "-json", "link", "show", "far"))
    program = syscall.program_by_id(link["xdp"]["prog"]["id"])
    held = {syscall.map_name(fd): fd for fd in map(syscall.map_by_id, syscall.program_maps(program))}
    allowed = np.full(os.cpu_count() or 1, FILTER_BOTH, np.uint64)
    for address in registered[: FILTER_ROOM - 1]:
        syscall.update(held["filter_ipv4"], np.array([socket.htonl(int(address))], np.uint32), allowed)
    syscall.close_all([program, *held.values()])
    return at_end(laid, None)


def received(inside: Namespace) -> int:
    """Return how many frames came to the far end, and so to its program."""
    (link,) = json.loads(run(*inside.enter(), "ip", "-json", "-statistics", "link", "show", "far"))
    return int(link["stats64"]["rx"]["packets"])


def refused(inside: Namespace) -> int:
    """Return how many packets came to the stack and not past its hooks: routing would have found no way for them.

    nft itself reads the whole set before it says what a counter has: at a million, that takes longer than the flood.
    """
    came, no_way = _come_to_ip(inside)
    return came - no_way


def _come_to_ip(inside: Namespace) -> tuple[int, int]:
    """Return how many packets came to IPv4, and how many of them it found no way for."""
    names, values = inside.inside(lambda: Path("/proc/thread-self/net/snmp").read_text()).splitlines()[:2]
    ip = dict(zip(names.split(), values.split(), strict=True))
    return int(ip["InReceives"]), int(ip["InAddrErrors"])
