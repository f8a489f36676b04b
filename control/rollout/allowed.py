"""What entries let through together, protocol by protocol: the answer to whether an address is registered for a use."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from control.allowlist.companions import completed
from control.allowlist.entry import Extent, PortRange, Terms, port_text
from control.fault import Fault, Kind, Refused
from control.protocols import PORTLESS
from control.rollout.terms import either_ports, ports_for
from control.vocabulary import VPN_PROTOCOLS


@dataclass(frozen=True, slots=True)
class Allowed:
    """Protocols that are let through.

    Attributes:
        ports: of each protocol that is let through at all, in the order of VPN_PROTOCOLS; none are all, and what lies
            directly upon IP, which has none, is let through whatever ports an entry has.
    """

    ports: Mapping[str, tuple[PortRange, ...]]

    @classmethod
    def by(cls, several: Iterable[Terms]) -> "Allowed":
        """Return what any of some entries' terms let through."""
        found: dict[str, tuple[PortRange, ...]] = {}
        several = tuple(map(completed, several))
        for protocol in VPN_PROTOCOLS:
            for terms in several:
                ports = ports_for(terms, protocol)
                if ports is not None:
                    ports = () if protocol in PORTLESS else ports
                    found[protocol] = either_ports(found[protocol], ports) if protocol in found else ports
        return cls(found)

    @property
    def extent(self) -> Extent | None:
        """Whether that is everything, or some protocols or ports only; None: nothing is."""
        if not self.ports:
            return None
        return "some" if len(self.ports) < len(VPN_PROTOCOLS) or any(self.ports.values()) else "everything"

    @property
    def written(self) -> dict[str, list[str]]:
        """The ports of each protocol as lists write them."""
        return {protocol: [port_text(each) for each in ports] for protocol, ports in self.ports.items()}

    def example(self, protocol: str | None, port: int | None) -> tuple[str, int | None] | None:
        """Return a protocol and a port of what is asked for that is let through; None: nothing of it is.

        No protocol asks for any, and no port too; a port of None in the answer: any will do.
        """
        for name in self.ports if protocol is None else (protocol,):
            ports = self.ports.get(name)
            if ports is None or (port is not None and name in PORTLESS):
                continue
            if port is None:
                return name, ports[0][0] if ports else None
            if not ports or any(first <= port <= last for first, last in ports):
                return name, port
        return None


def demand_use(protocol: str | None, port: int | None) -> None:
    """Hold that there is such a use of an address.

    Raises:
        Refused: "invalid": the protocol has no ports.
    """
    if port is not None and protocol in PORTLESS:
        fault = Fault("port", f"{protocol} has no ports", f"leave it out: an entry for {protocol} is for all of it")
        raise Refused(Kind.INVALID, "There is no such use of an address", [fault])
