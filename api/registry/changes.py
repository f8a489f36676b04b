"""/v1/changes: what each serial did to the live list, as a page since one, and as a stream."""

import threading
import time
from collections.abc import Iterator
from datetime import datetime

from apiflask import APIBlueprint
from flask import Response, request, stream_with_context
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from api.kit.contract import Contract, Media, under
from api.kit.problem import problem
from api.kit.schema import Strict
from api.registry.desk import store
from api.registry.desk.operation import ViewAnswer, reads
from api.registry.records import EntryRecord, entry_record
from control.fault import Fault, Kind, Refused
from control.registry.access import scopes
from control.registry.publication import serials

MEDIA_TYPE = "text/event-stream"
LOOK_SECONDS = 0.5
"""How often a stream looks for a new serial: one row by its key."""

COMMENT_SECONDS = 15.0
"""How often a stream without news says that it is alive, which also finds a client that is gone."""

LONGEST_SECONDS = 300.0
"""How long a stream lasts; the client comes again with Last-Event-ID, as EventSource does by itself."""

STREAMS = threading.BoundedSemaphore(2)
"""Streams of one process: each keeps a thread, and the other requests need theirs."""

blueprint = APIBlueprint("changes", __name__, tag="Changes")


class ChangesQuery(Strict):
    """Since when."""

    since: str = Field(
        pattern=r"^([0-9a-f]{32}:)?[0-9]{1,9}$",
        description="The serial that is at hand, `epoch:serial`; a serial alone is of the present epoch.",
    )
    limit: int = Field(100, ge=1, le=1000, description="Serials on a page.")


class StreamQuery(Strict):
    """Since when; the header Last-Event-ID goes before it."""

    since: str | None = Field(None, pattern=r"^([0-9a-f]{32}:)?[0-9]{1,9}$")


class ChangeRecord(BaseModel):
    """What one serial did; an entry whose terms changed is among both."""

    serial: int
    at: datetime
    count: int = Field(description="Entries after it.")
    added: list[EntryRecord]
    removed: list[EntryRecord]
    sha256: str = Field(description="Of the packed additions and removals.")
    digest: str | None = Field(
        description="Of the whole list after it (docs/feed.md); null where an earlier version gave the serial."
    )


class ChangesPage(BaseModel):
    """Changes in the order of their serials."""

    epoch: str
    serial: int = Field(description="Where the live list has got to.")
    count: int
    changes: list[ChangeRecord]
    next: str = Field(description="`since` of the next page; the same again when there was nothing.")


@blueprint.get("/v1/changes")
@blueprint.input(ChangesQuery, location="query", arg_name="query")
@reads(ChangesPage, "list.follow")
def find(session: Session, query: ChangesQuery) -> ViewAnswer:
    """Read what came after a serial.

    410 when the serial is not of this list's present epoch: start anew from a snapshot.
    """
    now = serials.head(session)
    epoch, since = _position(query.since, now.epoch)
    records = [_record(delta) for delta in serials.deltas(session, epoch, since, query.limit)]
    last = records[-1].serial if records else since
    return ViewAnswer(
        ChangesPage(epoch=now.epoch, serial=now.serial, count=now.count, changes=records, next=f"{now.epoch}:{last}")
    )


@blueprint.get("/v1/changes/stream")
@blueprint.input(StreamQuery, location="query", arg_name="query")
@under(Contract(scopes.token_scopes("list.follow"), None, gives=(Media(MEDIA_TYPE),)))
def stream(query: StreamQuery) -> Response:
    """Follow the changes as they come, as server-sent events.

    Each is an event `change` with the id `epoch:serial`. The stream ends after five minutes; come again with
    Last-Event-ID.
    """
    with store.reading() as session:
        now = serials.head(session)
        since = request.headers.get("Last-Event-ID") or query.since or f"{now.epoch}:{now.serial}"
        epoch, serial = _position(since, now.epoch)
        serials.deltas(session, epoch, serial, 1)  # refused here, while there can still be a status
    if not STREAMS.acquire(blocking=False):
        fault = Fault("the stream", "as many are open as this server takes", "ask for pages, or come again later")
        refused = Refused(Kind.RATE_LIMITED, "Too many streams are open", [fault])
        return problem(refused, {"Retry-After": str(int(LONGEST_SECONDS))})
    answer = Response(stream_with_context(_events(epoch, serial)), 200, {"Cache-Control": "no-store"}, MEDIA_TYPE)
    answer.call_on_close(STREAMS.release)
    return answer


def _events(epoch: str, serial: int) -> Iterator[str]:
    ends = time.monotonic() + LONGEST_SECONDS
    quiet = time.monotonic()
    yield ": following\n\n"
    while time.monotonic() < ends:
        with store.reading() as session:
            news = serials.deltas(session, epoch, serial) if serials.head(session).serial > serial else []
            records = [_record(delta) for delta in news]
        for record in records:
            serial = record.serial
            yield f"id: {epoch}:{serial}\nevent: change\ndata: {record.model_dump_json()}\n\n"
        if records:
            quiet = time.monotonic()
        elif time.monotonic() - quiet >= COMMENT_SECONDS:
            quiet = time.monotonic()
            yield ": nothing new\n\n"
        else:
            time.sleep(LOOK_SECONDS)


def _position(since: str, epoch: str) -> tuple[str, int]:
    named, _, serial = since.rpartition(":")
    if not (serial.isascii() and serial.isdecimal() and len(serial) < 10):
        fault = Fault("since", "is no epoch:serial", "send the id of the last change, or `next` of the last page")
        raise Refused(Kind.INVALID, "The position cannot be read", [fault])
    return named or epoch, int(serial)


def _record(delta: serials.SerialDelta) -> ChangeRecord:
    return ChangeRecord(
        serial=delta.head.serial,
        at=delta.at,
        count=delta.head.count,
        added=[entry_record(entry) for entry in delta.added.entries(0, len(delta.added))],
        removed=[entry_record(entry) for entry in delta.removed.entries(0, len(delta.removed))],
        sha256=delta.sha256,
        digest=delta.head.digest,
    )
