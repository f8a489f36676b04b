"""A request's body: whole, not too long, unaltered, of a type that we read, or refused."""

import base64
import hashlib
import re

from flask import request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import ClientDisconnected

from control.fault import Fault, Refused

# RFC 9530, section 2: a dictionary of digests by algorithm, of which we verify this one.
SHA256_DIGEST = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]*):")


def read(*media_types: str) -> bytes:
    """Return the whole body of the present request.

    Werkzeug holds it to max_body (MAX_CONTENT_LENGTH), before reading where the client announces the length.
    A body that ends before its announced length or its last chunk is never returned.

    Args:
        media_types: those accepted; "" stands for a request that names none.

    Raises:
        Refused: kind "unsupported-media-type" or "bad-request".
        RequestEntityTooLarge: more than max_body.
    """
    _check_type(media_types)
    try:
        body = request.get_data(cache=False)
    except (ClientDisconnected, ParseException) as error:
        fault = Fault(
            "body", "the body ends before its announced length or last chunk", "send it again, whole"
        )
        raise Refused("bad-request", "The body was cut off", [fault]) from error
    _check_digest(body)
    return body


def _check_type(media_types: tuple[str, ...]) -> None:
    encoding = request.headers.get("Content-Encoding", "identity")
    if encoding != "identity":
        fault = Fault(
            "header Content-Encoding", f"{encoding} is not understood here", "send the body unpacked"
        )
        raise Refused("unsupported-media-type", "The body's encoding is not understood", [fault])
    if request.mimetype not in media_types:
        named = " or ".join(media_type for media_type in media_types if media_type)
        why = f"this endpoint does not read {request.mimetype or 'a body without a type'}"
        fault = Fault("header Content-Type", why, f"send {named}")
        raise Refused("unsupported-media-type", "The body's type is not understood", [fault])


def _check_digest(body: bytes) -> None:
    announced = SHA256_DIGEST.search(request.headers.get("Content-Digest", ""))
    if not announced:
        return
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    if announced[1] != digest:
        why = f"the body that came has sha-256=:{digest}:, not the announced one"
        fault = Fault("header Content-Digest", why, "send it again; it was altered on its way")
        raise Refused("bad-request", "The body is not the one that was sent", [fault])
