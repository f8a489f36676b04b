"""What the two routers are told: OSPFv2, OSPFv3, BFD, PIM and VRRP on the link between them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lab.network import Link
from lab.routers.ipsec import ALGORITHMS
from lab.stage import addresses

LEARNED = Link("45.83.66.0/24", "2a0d:5600:66::/64", "", "lo")
"""A network behind the neighbour, to which the edge knows no way but what OSPF tells it."""
GROUP = 5  # VRRP's; beside it a keepalived has its own
VIRTUAL = {version: addresses.INTERNET.address(version, 251) for version in (4, 6)}
PROTECTED = tuple(f"ospf-{name}" for name in ALGORITHMS)
"""The devices on which OSPFv3 goes in IPsec."""
SHORT, LONG = 3, 60
"""Seconds after which a silent neighbour is dead: until there is an adjacency, which waits for so long, and then."""
VRRP_MS = 5000
_BFD = "bfd\n profile lab\n  detect-multiplier 200\n"  # of 300 ms: a router without a processor is not dead


@dataclass(frozen=True)
class Site:
    """One of the two: its interface on the link, its router id, and whether VRRP's addresses are its own."""

    interface: str
    id: str
    master: bool

    @property
    def daemons(self) -> Mapping[str, str]:
        """The configuration of each daemon, in the order to start them."""
        ospf = f"router ospf\n ospf router-id {self.id}\n"
        ospf6 = f"router ospf6\n ospf6 router-id {self.id}\n"
        learned, plain = ("lo",) if self.master else (), (self.interface,)
        return {
            "bfdd": _BFD,
            "ospfd": "".join(map(_ospf, (*plain, *learned))) + ospf,
            "ospf6d": "".join(map(_ospf6, (*plain, *PROTECTED, *learned))) + ospf6,
            "pimd": f"interface {self.interface}\n ip pim\n ip pim hello 1 {LONG}\n",
            "vrrpd": self._vrrp(),
        }

    @property
    def patience(self) -> tuple[str, ...]:
        """The commands after which a silent neighbour is dead later."""
        ospf = (f"interface {self.interface}", f"ip ospf dead-interval {LONG}")
        links = (self.interface, *PROTECTED)
        ospf6 = (line for link in links for line in (f"interface {link}", f"ipv6 ospf6 dead-interval {LONG}"))
        vrrp = (f"interface {self.interface}", f"vrrp {GROUP} advertisement-interval {VRRP_MS}")
        return ("configure terminal", *ospf, *ospf6, *vrrp)

    @property
    def macvlans(self) -> list[str]:
        """Lines for `ip -batch`: the devices that FRR's VRRP wants, with the group's addresses (RFC 5798, 7.3)."""
        return [line for version in (4, 6) for line in self._macvlan(version)]

    def _macvlan(self, version: int) -> list[str]:
        name, kind = f"vrrp{version}-{GROUP}", {4: 1, 6: 2}[version]
        address = f"{VIRTUAL[version]}/{32 if version == 4 else 64}"
        return [
            f"link add {name} link {self.interface} type macvlan mode bridge",
            f"link set {name} addrgenmode random address 00:00:5e:00:{kind:02x}:{GROUP:02x}",
            f"address add {address} dev {name}" + (" nodad" if version == 6 else ""),
            f"link set {name} up",
        ]

    def _vrrp(self) -> str:
        lines = (
            "version 3",
            f"priority {200 if self.master else 100}",
            f"advertisement-interval {1000 if self.master else VRRP_MS}",
            f"ip {VIRTUAL[4]}",
            f"ipv6 {VIRTUAL[6]}",
        )
        return f"interface {self.interface}\n" + "".join(f" vrrp {GROUP} {line}\n" for line in lines)


def is_there_macvlan() -> bool:
    """Whether the kernel has the devices that FRR's VRRP wants; asks for one that cannot be made."""
    asked = subprocess.run(["ip", "link", "add", "type", "macvlan"], capture_output=True, text=True, check=False)
    return "Unknown device type" not in asked.stderr


EDGE = Site(addresses.INTERNET.router_interface, "192.0.2.1", master=False)
NEIGHBOUR = Site(addresses.INTERNET.host_interface, "192.0.2.2", master=True)


def _ospf(interface: str) -> str:
    timers = ("hello-interval 1", f"dead-interval {SHORT}", "retransmit-interval 1", "bfd", "bfd profile lab")
    return _interface(interface, "ip ospf", ("area 0", *(timers if interface != "lo" else ())))


def _ospf6(interface: str) -> str:
    timers = ("hello-interval 1", f"dead-interval {SHORT}", "retransmit-interval 1")
    if interface == "lo":
        lines: tuple[str, ...] = ()
    elif interface in PROTECTED:
        # Of a TUN device it would be point-to-point, which uses one group and no address of one's own. It costs so much
        # that data goes over the link itself, and not through the lab's own IPsec.
        lines = (*timers, "network broadcast", "cost 1000")
    else:
        lines = (*timers, "bfd profile lab")
    return _interface(interface, "ipv6 ospf6", ("area 0", *lines))


def _interface(name: str, protocol: str, lines: Iterable[str]) -> str:
    return f"interface {name}\n" + "".join(f" {protocol} {line}\n" for line in lines)
