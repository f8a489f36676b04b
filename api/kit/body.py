"""A request's body: whole, not too long, unaltered, of a type that we read, or refused."""

import base64
import hashlib
import re
from collections.abc import Collection

from flask import current_app, g, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import RequestEntityTooLarge

from control.fault import Fault, Kind, Refused

STEP = 1 << 20
"""Bytes read at a time."""

# RFC 9530, section 2: a dictionary of digests by algorithm, of which we verify this one.
SHA256_DIGEST = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]*):")


WIDE = frozenset({"officer", "operator"})
"""Scopes whose bodies may be long: they work with thousands of objects at a time."""

OBJECT = {True: 8 << 20, False: 1 << 20}
"""Bytes of an object in JSON, of a wide scope and of another one."""

NARROW_FILE = 8 << 20
"""Bytes of a file, of a scope that is not wide; else list.max_body says it."""


def read(expected: Collection[str], tolerated: Collection[str | None] = (), *, is_file: bool = False) -> bytes:
    """Return the whole body of the present request.

    Args:
        expected: the media types accepted.
        tolerated: media types that say nothing, accepted without being recommended; "" stands for none sent.
        is_file: whether it is a list, or a file of applications, and not one object.

    Raises:
        Refused: kind "unsupported-media-type" or "bad-request".
        RequestEntityTooLarge: it is longer than max_body, or the actor's scope, allows; known before reading if the
            length is announced.
    """
    _check_type(expected, tolerated)
    try:
        body = _whole(request.content_length, _most(is_file))
    except (OSError, ParseException) as error:
        raise _cut_off(f"its last byte or chunk never came ({error})") from error
    _check_digest(body)
    return body


def _most(is_file: bool) -> int:
    """Return how many bytes whoever asks may send."""
    is_wide = bool(g.actor.scopes & WIDE)
    whole: int = current_app.config["MAX_CONTENT_LENGTH"]
    return (whole if is_wide else min(whole, NARROW_FILE)) if is_file else min(whole, OBJECT[is_wide])


def _whole(announced: int | None, limit: int) -> bytes:
    """Read the body, counting for ourselves.

    Werkzeug counts as well, but not behind gunicorn: there ``request.data`` is what came of a body that was
    cut off, and the first ``limit`` bytes of one that is longer. Half a list would pass for a list.
    """
    if announced is not None and announced > limit:
        raise RequestEntityTooLarge
    stream, body = request.environ["wsgi.input"], bytearray()
    end = limit + 1 if announced is None else announced
    while piece := stream.read(min(STEP, end - len(body))):
        body += piece
    if len(body) > limit:
        raise RequestEntityTooLarge
    if announced is not None and len(body) < announced:
        raise _cut_off(f"{announced} bytes were announced and {len(body)} came")
    return bytes(body)


def _cut_off(why: str) -> Refused:
    return Refused(Kind.BAD_REQUEST, "The body was cut off", [Fault("body", why, "send it again, whole")])


def _check_type(expected: Collection[str], tolerated: Collection[str | None]) -> None:
    encoding = request.headers.get("Content-Encoding", "identity")
    if encoding != "identity":
        fault = Fault("header Content-Encoding", f"{encoding} is not understood here", "send the body unpacked")
        raise Refused(Kind.UNSUPPORTED_MEDIA_TYPE, "The body's encoding is not understood", [fault])
    if request.mimetype not in {*expected, *tolerated}:
        why = f"this endpoint does not read {request.mimetype or 'a body without a type'}"
        fault = Fault("header Content-Type", why, f"send {' or '.join(expected)}")
        raise Refused(Kind.UNSUPPORTED_MEDIA_TYPE, "The body's type is not understood", [fault])


def _check_digest(body: bytes) -> None:
    announced = SHA256_DIGEST.search(request.headers.get("Content-Digest", ""))
    if not announced:
        return
    came = digest_header(hashlib.sha256(body).digest())
    if f"sha-256=:{announced[1]}:" != came:
        why = f"the body that came has {came}, not the announced one"
        fault = Fault("header Content-Digest", why, "send it again; it was altered on its way")
        raise Refused(Kind.BAD_REQUEST, "The body is not the one that was sent", [fault])


def digest_header(sha256: bytes) -> str:
    """Return the header Content-Digest of a body by its SHA-256 (RFC 9530, section 2)."""
    return f"sha-256=:{base64.b64encode(sha256).decode()}:"
