"""How many addresses prefixes cover, and how many of them in prefixes of which length.

IPv6 is counted in networks of 64 bits, the least that a subscriber has (RFC 6177, section 2): what is narrower counts
as one, and addresses would be numbers that nobody can weigh.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses

from control.allowlist.entry import Prefix

NETWORK = 64
"""Bits of a network of IPv6."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What prefixes cover.

    Attributes:
        addresses: of IPv4, each once.
        networks: of IPv6, of 64 bits, each once.
        prefixes: how many there are of each length, the shortest first, IPv4 before IPv6: "/24" or "v6 /48".
    """

    addresses: int
    networks: int
    prefixes: Sequence[tuple[str, int]]

    def __str__(self) -> str:
        parts = [f"{self.addresses:,} IPv4 addresses"] if self.addresses else []
        parts += [f"{self.networks:,} IPv6 networks (/{NETWORK})"] if self.networks else []
        return " and ".join(parts) or "nothing"


def covered(prefixes: Iterable[Prefix]) -> Coverage:
    """Return what prefixes cover together; one within another adds nothing."""
    four: list[IPv4Network] = []
    six: list[IPv6Network] = []
    for prefix in prefixes:
        four.append(prefix) if isinstance(prefix, IPv4Network) else six.append(prefix)
    wide = [each if each.prefixlen <= NETWORK else each.supernet(new_prefix=NETWORK) for each in six]
    lengths = [
        *((f"/{length}", count) for length, count in sorted(Counter(each.prefixlen for each in four).items())),
        *((f"v6 /{length}", count) for length, count in sorted(Counter(each.prefixlen for each in six).items())),
    ]
    return Coverage(
        sum(each.num_addresses for each in collapse_addresses(four)),
        sum(1 << NETWORK - each.prefixlen for each in collapse_addresses(wide)),
        lengths,
    )
