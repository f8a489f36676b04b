"""One address, or one prefix, in a query."""

from ipaddress import ip_network
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

from control.allowlist.entry import Entry, Prefix
from control.allowlist.prefix import LONGEST, asked_prefix, read_address
from control.fault import BadValueError, Fault, Kind, Refused, shown


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


def _canonical(value: object) -> str:
    """Return a prefix as the registry writes it, however it was written.

    Raises:
        BadValueError: it is none.
    """
    if not isinstance(value, str):
        raise BadValueError(f"{shown(value)} is not text", "write an address or a prefix")
    return Entry(asked_prefix(value)).text


AskedPrefix = Annotated[
    str,
    PlainValidator(_canonical),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST, "examples": ["203.0.113.0/24"]}),
]
"""A prefix that a list is filtered by, in the form in which it is kept."""
