"""Idempotency-Key: a POST that comes again gets the answer of the first, and does nothing a second time.

The key is claimed in a transaction of its own, so that a second request meets it while the first is at work. The
answer is stored in the transaction of the change: one cannot be there without the other, wherever a crash falls.
A refusal is not stored: it changed nothing, so to ask again is safe, and may succeed by then.
"""

import hashlib
import re
from datetime import datetime, timedelta

from flask import Response, request
from sqlalchemy import delete

from api.registry.desk import store
from control.fault import Fault, Kind, Refused
from control.registry.store.model import IdempotencyKey
from control.registry.store.writing import Writing

HEADER = "Idempotency-Key"
KEY = re.compile(r"[!-~]{1,128}")
"""Visible ASCII; what a client quotes stays quoted."""

KEPT = timedelta(hours=24)
"""How long an answer is kept."""

ABANDONED = timedelta(minutes=2)
"""Age of a claim without an answer after which whoever made it must have died; its change was never committed."""

KEPT_HEADERS = ("Content-Type", "ETag", "Location")


class KeyClaim:
    """The present request's claim to its key."""

    def __init__(self, data: bytes) -> None:
        """Take the request's body.

        Raises:
            Refused: "bad-request": the key is missing, or no key.
        """
        self.key = request.headers.get(HEADER, "")
        if not KEY.fullmatch(self.key):
            why = "is missing" if not self.key else "is no key of 1 to 128 visible ASCII characters"
            fault = Fault(f"header {HEADER}", why, "send a random one, the same when you ask again")
            raise Refused(Kind.BAD_REQUEST, "A POST needs a key of its own", [fault])
        asked = "\0".join((request.method, request.full_path, request.headers.get("If-Match", "")))
        self.digest = hashlib.sha256(asked.encode() + b"\0" + data).digest()

    def take(self) -> Response | None:
        """Claim the key, or return the answer that was given under it.

        Raises:
            Refused: "in-flight": the first request is at work; "idempotency": the key was for another request.
        """
        with store.writing() as writing:
            session, now = writing.session, writing.now
            session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEPT))
            earlier = session.get(IdempotencyKey, (writing.actor.id, self.key))
            if earlier is None:
                session.add(self._row(writing.actor.id, now))
                return None
            if earlier.status is None and now - earlier.created_at > ABANDONED:
                earlier.created_at, earlier.request_sha256 = now, self.digest
                return None
            session.expunge(earlier)
        return self._answered(earlier)

    def store(self, writing: Writing, answer: Response) -> None:
        """Store the answer along with the change."""
        row = writing.session.get_one(IdempotencyKey, (writing.actor.id, self.key))
        row.status, row.body = answer.status_code, answer.get_data()
        row.headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}

    def release(self) -> None:
        """Give the key back: nothing was done under it, or what was done is undone."""
        with store.writing() as writing:
            mine = (IdempotencyKey.holder == writing.actor.id, IdempotencyKey.key == self.key)
            writing.session.execute(delete(IdempotencyKey).where(*mine))

    def _row(self, holder: str, now: datetime) -> IdempotencyKey:
        return IdempotencyKey(
            holder=holder, key=self.key, request_sha256=self.digest, created_at=now, status=None, headers={}, body=None
        )

    def _answered(self, earlier: IdempotencyKey) -> Response:
        where = f"header {HEADER}"
        if earlier.request_sha256 != self.digest:
            fault = Fault(where, "was used for another request", "take a new key for a new request")
            raise Refused(Kind.IDEMPOTENCY, "The key is another request's", [fault])
        if earlier.status is None:
            fault = Fault(where, "is that of a request at work", "ask again in a moment")
            raise Refused(Kind.IN_FLIGHT, "The first request is still at work", [fault])
        return Response(earlier.body, earlier.status, {**earlier.headers, "Idempotent-Replayed": "true"})
