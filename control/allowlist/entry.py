"""One entry of the list: a prefix, and the terms on which it is registered."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

Prefix = IPv4Network | IPv6Network
PortRange = tuple[int, int]

Extent = Literal["everything", "some"]
"""What an address is registered for: every protocol and port, or some of them only."""

MAX_NOTE = 200
"""Characters in a note."""

MAX_PORT_RANGES = 4
"""Port ranges of one entry: the kernel compares them one by one, so there are few."""


def port_text(ports: PortRange) -> str:
    """Return a port, or a range of them, as it is written: "51820", "1000-2000"."""
    first, last = ports
    return str(first) if first == last else f"{first}-{last}"


def merged(ranges: Iterable[PortRange]) -> tuple[PortRange, ...]:
    """Return ranges of ports sorted, those that touch or overlap as one."""
    found: list[PortRange] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Terms:
    """What an entry says beside its prefix; thousands of entries share the same terms.

    Attributes:
        protocols: names in the order of VPN_PROTOCOLS; none means every protocol.
        ports: (first, last) ranges, sorted and merged; none means every port.
        note: the operator's words, at most MAX_NOTE characters.
        also: what is allowed beside that. Only the union of two lists has it: no format does, nor a packed list.
    """

    protocols: tuple[str, ...] = ()
    ports: tuple[PortRange, ...] = ()
    note: str = ""
    also: "Terms | None" = None

    @property
    def narrowed(self) -> bool:
        """Whether it is for some protocols or ports only, so that the kernel must know more than a yes."""
        return bool(self.protocols or self.ports)


PLAIN = Terms()
"""Every protocol, every port, no note."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A registered prefix and its terms (see ``Terms`` for the other attributes)."""

    prefix: Prefix
    protocols: tuple[str, ...] = ()
    ports: tuple[PortRange, ...] = ()
    note: str = ""

    @property
    def terms(self) -> Terms:
        """The entry without its prefix."""
        return Terms(self.protocols, self.ports, self.note)

    @property
    def text(self) -> str:
        """The prefix as lists write it: a single address without its length."""
        single = self.prefix.prefixlen == self.prefix.max_prefixlen
        return str(self.prefix.network_address if single else self.prefix)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The widest prefixes that a list may hold: a slip such as /1 would register half of the internet.

    Attributes:
        ipv4: shortest IPv4 prefix length, 1 to 32.
        ipv6: shortest IPv6 prefix length, 1 to 128.
    """

    ipv4: int = 8
    ipv6: int = 16

    def __post_init__(self) -> None:
        if not (1 <= self.ipv4 <= 32 and 1 <= self.ipv6 <= 128):
            raise ValueError(f"no prefix is that wide: {self}")

    def widest(self, prefix: Prefix) -> int:
        """Return the shortest length allowed in the family of ``prefix``."""
        return self.ipv4 if prefix.version == 4 else self.ipv6


DEFAULT_BOUNDS = Bounds()
