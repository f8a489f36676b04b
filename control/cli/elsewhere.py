"""What else speaks these protocols at a provider: its own services, for which enforcing would be an outage.

docs/providers.md says of each how to find it and what to do; a test holds that it has each of these.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

PAGE = "docs/providers.md"


@dataclass(frozen=True, slots=True)
class Service:
    """Something of a provider's own.

    Attributes:
        name: as the page has it for a heading.
        protocols: that it speaks where subscribers' traffic is, too.
        source: the documents that say so.
    """

    name: str
    protocols: tuple[str, ...]
    source: str


SERVICES = (
    Service("Wi-Fi calling", ("ike", "esp"), "3GPP TS 23.402, TS 23.003 section 19.4.2.9, RFC 3948"),
    Service("VoLTE and IMS", ("esp",), "3GPP TS 33.203"),
    Service("Small cells", ("ike", "esp"), "3GPP TS 33.320"),
    Service("Wholesale access", ("l2tp",), "RFC 2661"),
    Service("Routing protocols", ("ah", "esp"), "RFC 4552, RFC 5796, RFC 2338"),
    Service("Between sites", ("ike", "esp", "gre_pptp", "wireguard", "openvpn"), "RFC 4301"),
    Service("Management of customers' devices", ("ike", "esp", "openvpn", "wireguard"), "TR-069"),
    Service("Old remote access", ("pptp", "gre_pptp", "l2tp"), "RFC 2637, RFC 3193"),
)
"""In the order of the page."""


def hints(protocols: Iterable[str]) -> Iterator[str]:
    """Yield a line for each protocol of which a provider may have services of its own."""
    for protocol in protocols:
        names = [service.name for service in SERVICES if protocol in service.protocols]
        if names:
            yield f"before enforcing {protocol}, see {PAGE} for: {', '.join(names)}"
