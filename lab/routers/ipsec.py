"""IPsec for OSPFv3 (RFC 4552), where the kernel has none: a userland one, on a TUN device, by scapy's associations.

FRR's ospf6d runs on the device. What it sends there goes to the neighbour over the guarded link, in AH or ESP; what
comes in that way is checked, unwrapped, and comes out of the device. So the adjacency stands if, and only if, AH and
ESP from link-local addresses to ff02::5, ff02::6 and each other pass.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import selectors
import socket
import struct
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from scapy.layers.inet6 import IPv6
from scapy.layers.ipsec import AH, ESP, IPSecIntegrityError, SecurityAssociation

from lab.buffers import enlarge
from lab.signals import held_back
from lab.stage.namespace import Namespace

_TUNSETIFF = 0x400454CA  # linux/if_tun.h
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_ETH_P_IPV6 = 0x86DD
_LONGEST = 65535
_KEY = bytes(range(1, 21))  # manual keys, the same on both sides and ways: RFC 4552, section 7

ALGORITHMS: dict[str, dict[str, Any]] = {
    "ah": {"proto": AH},
    "esp": {"proto": ESP, "crypt_algo": "NULL", "crypt_key": None},  # RFC 4552, section 4: MUST
}
"""The ways to protect a link, by name."""
_NUMBERS = {"ah": socket.IPPROTO_AH, "esp": socket.IPPROTO_ESP}


def station(target: str, neighbour: bytes) -> bytes:
    """The link-layer address to which a packet goes: that of a group or of everybody, or the neighbour's."""
    address = ipaddress.ip_address(target)
    if target == "255.255.255.255":
        return b"\xff" * 6
    if not address.is_multicast:
        return neighbour
    if address.version == 6:  # RFC 2464, section 7
        return b"\x33\x33" + address.packed[-4:]
    return b"\x01\x00\x5e" + bytes([address.packed[1] & 0x7F]) + address.packed[2:]  # RFC 1112, section 6.4


@dataclass(frozen=True)
class End:
    """One end of a protected link.

    Attributes:
        namespace: the router's.
        wire: the interface over which protected packets go.
        neighbour: the link-layer address of the other router there, as six bytes.
    """

    namespace: Namespace
    wire: str
    neighbour: bytes


class ProtectedLink:
    """A TUN device at each end, named as the algorithm, and a thread between them and the wire."""

    def __init__(self, ends: tuple[End, End], algorithm: str, spi: int) -> None:
        """`spi`, above 255, tells this link's packets from those of another."""
        self.device = f"ospf-{algorithm}"
        self._association = SecurityAssociation(
            spi=spi, auth_algo="HMAC-SHA1-96", auth_key=_KEY, **ALGORITHMS[algorithm]
        )
        self._number = _NUMBERS[algorithm]
        self._alarm, self._bell = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._tuns: list[int] = []
        self._wires: list[socket.socket] = []
        for end in ends:
            self._lay(end)
        self._thread = threading.Thread(target=self._work, name=f"lab-ipsec-{algorithm}", daemon=True)

    def __enter__(self) -> Self:
        with held_back():
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._alarm.close()
        self._thread.join()
        for wire in self._wires:
            wire.close()
        for tun in self._tuns:
            os.close(tun)
        self._bell.close()
        self._selector.close()

    def _lay(self, end: End) -> None:
        tun = end.namespace.inside(self._make_device)
        end.namespace.ip_batch([f"link set {self.device} up"])
        # Made deaf (protocol 0) and bound later, so that it hears this interface alone.
        wire = end.namespace.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        enlarge(wire)
        wire.bind((end.wire, _ETH_P_IPV6))
        self._tuns.append(tun)
        self._wires.append(wire)
        self._selector.register(tun, selectors.EVENT_READ, (self._protect, tun, wire, end))
        self._selector.register(wire, selectors.EVENT_READ, (self._unwrap, tun, wire, end))

    def _make_device(self) -> int:
        tun = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
        fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH22x", self.device.encode(), _IFF_TUN | _IFF_NO_PI))
        return tun

    def _work(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return
                step, tun, wire, end = key.data
                step(tun, wire, end)

    def _protect(self, tun: int, wire: socket.socket, end: End) -> None:
        packet = os.read(tun, _LONGEST)
        if packet[6] == socket.IPPROTO_ICMPV6:  # the device's own, such as looking for routers
            return
        protected = bytes(self._association.encrypt(IPv6(packet)))
        target = str(ipaddress.ip_address(packet[24:40]))
        wire.sendto(protected, (end.wire, _ETH_P_IPV6, 0, 0, station(target, end.neighbour)))

    def _unwrap(self, tun: int, wire: socket.socket, end: End) -> None:
        packet, (_, _, kind, *_) = wire.recvfrom(_LONGEST)
        if kind == socket.PACKET_OUTGOING or packet[6] != self._number:
            return
        protected = IPv6(packet)
        if protected[self._association.proto].spi != self._association.spi:
            return
        try:
            plain = self._association.decrypt(protected)
        except IPSecIntegrityError:
            return
        os.write(tun, bytes(plain))
