"""An object's version as its ETag (RFC 9110, section 8.8.3), and If-Match, without which nothing is changed."""

from flask import request

from api.kit import etag
from control.fault import Fault, Kind, Refused


def tag(version: int) -> str:
    """Return the ETag of a version."""
    return f'"{version}"'


def demanded_version() -> int | None:
    """Return the version that the present request is meant for; none when it says ``*``, any.

    Raises:
        Refused: "precondition-required": there is no If-Match; "stale": it names no version of ours;
            "bad-request": it is not one strong ETag.
    """
    if "If-Match" not in request.headers:
        fault = Fault("header If-Match", "is missing", "read the object, and send the ETag that came with it")
        raise Refused(Kind.PRECONDITION_REQUIRED, "A change has to say of what", [fault])
    tag = etag.if_match()
    if tag is None:
        return None
    named = tag.strip('"')
    if not (named.isascii() and named.isdecimal() and len(named) < 10):
        fault = Fault("header If-Match", "names no version of this object", "send the ETag that came with it")
        raise Refused(Kind.STALE, "It is not what you read", [fault])
    return int(named)
