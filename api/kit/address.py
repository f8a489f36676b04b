"""One address in a query."""

from ipaddress import ip_address, ip_network

from control.allowlist.entry import Prefix
from control.fault import Fault, Kind, Refused, shown


def read_address(text: str) -> Prefix:
    """Return one address of a query as the prefix that is just it.

    Raises:
        Refused: "invalid": it is no address; a zone (RFC 4007, section 11) is none that is registered.
    """
    try:
        if "%" not in text:
            return ip_network(ip_address(text))
    except ValueError:
        pass
    fault = Fault("query, address", f"{shown(text)} is no address", "write one, such as 192.0.2.1")
    raise Refused(Kind.INVALID, "That is no address", [fault])
