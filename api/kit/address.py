"""One address in a query."""

from ipaddress import ip_network

from control.allowlist.entry import Prefix
from control.allowlist.prefix import read_address
from control.fault import BadValueError, Fault, Kind, Refused


def asked_address(text: str) -> Prefix:
    """Return one address of a query as the prefix that is just it.

    Raises:
        Refused: "invalid": it is no address; a zone (RFC 4007, section 11) is none that is registered.
    """
    try:
        return ip_network(read_address(text))
    except BadValueError as error:
        fault = Fault("query, address", error.why, error.mend)
        raise Refused(Kind.INVALID, "That is no address", [fault]) from error
