"""Conditions (RFC 9110, section 13): do not overwrite another's write, do not send what is known."""

from flask import request

from control.fault import Fault, Kind, Refused, shown


def if_match() -> str | None:
    """Return the ETag that the present request's If-Match names, with its quotes; None for any state.

    Raises:
        Refused: kind "bad-request", If-Match names several tags or a weak one.
    """
    tags = request.if_match
    if "If-Match" not in request.headers or tags.star_tag:
        return None
    strong = tags.as_set()
    if len(strong) != 1 or len(tags.as_set(include_weak=True)) != 1:
        why = f"{shown(request.headers['If-Match'])} is not one strong ETag"
        fault = Fault("header If-Match", why, 'send the ETag of the answer that you read, as in "epoch:serial"')
        raise Refused(Kind.BAD_REQUEST, "The condition is not understood", [fault])
    return f'"{strong.pop()}"'


def unchanged(etag: str) -> bool:
    """Say whether the present request's If-None-Match names ``etag``, so that 304 is the answer."""
    return request.if_none_match.contains_weak(etag.strip('"'))
