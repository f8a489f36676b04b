"""The kinds of sessions that the rows bring up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from lab.machines.lab import Lab
from lab.machines.sessions.ipsec import Ipsec
from lab.machines.sessions.l2tp import L2tp
from lab.machines.sessions.openvpn import OpenVpn
from lab.machines.sessions.session import Session, Site
from lab.machines.sessions.wireguard import WireGuard


@dataclass(frozen=True)
class Kind:
    """One kind of session: its name in the table, the outer IP version, and what makes it."""

    name: str
    version: int
    make: Callable[[Site], Session]


KINDS = (
    Kind("WireGuard", 4, WireGuard),
    Kind("WireGuard over IPv6", 6, WireGuard),
    Kind("ESP, tunnel by IKEv2", 4, partial(Ipsec, nat_t=False)),
    Kind("ESP over IPv6", 6, partial(Ipsec, nat_t=False)),
    Kind("ESP in UDP (NAT-T)", 4, partial(Ipsec, nat_t=True)),
    Kind("L2TP over IPsec", 4, partial(L2tp, ipsec=True)),
    Kind("L2TP alone", 4, partial(L2tp, ipsec=False)),
    Kind("OpenVPN over UDP", 4, OpenVpn),
)


def site(lab: Lab, index: int, version: int) -> Site:
    """The place of the session with this index, from 0."""
    return Site(lab.subscriber, lab.internet, lab.topology.peers(index, version))
