"""One entry of the list: a prefix, and the terms on which it is registered."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

Prefix = IPv4Network | IPv6Network
PortRange = tuple[int, int]

MAX_NOTE = 200
"""Characters in a note."""

MAX_PORT_RANGES = 4
"""Port ranges of one entry: the kernel compares them one by one, so there are few."""

MAPPED = IPv6Network("::ffff:0:0/96")
"""Where IPv4 lives among IPv6 addresses (RFC 4291, section 2.5.5.2): one order for both families."""

LENGTH_SHIFT = MAPPED.prefixlen


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


def key_of(prefix: Prefix) -> tuple[int, int, int]:
    """Return (high 64 bits, low 64 bits, length) of a prefix, IPv4 as IPv4-mapped IPv6.

    Raises:
        ValueError: an IPv6 prefix that overlaps the IPv4-mapped addresses has no key of its own.
    """
    address, length = int(prefix.network_address), prefix.prefixlen
    if prefix.version == 4:
        address, length = address + int(MAPPED.network_address), length + LENGTH_SHIFT
    elif prefix.overlaps(MAPPED):
        raise ValueError(f"{prefix} overlaps the IPv4-mapped addresses {MAPPED}")
    return address >> 64, address & 0xFFFF_FFFF_FFFF_FFFF, length


def prefix_of(high: int, low: int, length: int) -> Prefix:
    """Return the prefix of a key that ``key_of`` made."""
    if high == 0 and low >> 32 == 0xFFFF:
        return IPv4Network((low & 0xFFFF_FFFF, length - LENGTH_SHIFT))
    return IPv6Network((high << 64 | low, length))
