"""/v1/allowlist: the whole list in three formats, its replacement, and batches of changes."""

import hashlib
import time
from typing import cast

from apiflask import APIBlueprint
from flask import Response, current_app, request

from api.gateway import batch
from api.gateway.schema import BatchModel, ChangeModel, Format, ListChangeQuery, ListQuery, ReplaceQuery
from api.kit import agent, body, etag
from api.kit.contract import (
    GATEWAY_READERS,
    GATEWAY_WRITERS,
    Answered,
    Contract,
    Heeded,
    Media,
    Outcome,
    serves,
    under,
)
from api.kit.payload import JSON
from control.allowlist import formats
from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Bounds
from control.allowlist.schema import ListModel
from control.commands.list import ChangeList, ListChanged, ReadList, ReplaceList
from control.commands.status import ReadStatus
from control.fault import Fault, Kind, Refused

MEDIA_TYPE_OF: dict[Format, str] = {"json": formats.JSON, "ndjson": formats.NDJSON, "csv": formats.CSV}
NDJSON_EXAMPLE = '{"prefix": "192.0.2.1"}\n{"prefix": "2001:db8::/48", "protocols": ["ike", "esp", "ah"]}\n'
CSV_EXAMPLE = "prefix,protocols,ports,note\n192.0.2.1,,,\n2001:db8::/48,wireguard,51820,office\n"
LIST = (
    Media(formats.JSON, model=ListModel),
    Media(formats.NDJSON, example=NDJSON_EXAMPLE),
    Media(formats.CSV, example=CSV_EXAMPLE),
)
HELD = Outcome(
    202,
    "What it adds is live; what it would cut exceeds the guard's limits and is held: nothing of that is cut",
    location="Path of what is held.",
)
GUARDS: tuple[Heeded, ...] = ("If-Match", "Content-Digest")

blueprint = APIBlueprint("allowlist", __name__, tag="Allowlist")


@blueprint.get("/v1/allowlist")
@blueprint.input(ListQuery, location="query", arg_name="query")
@under(Contract(GATEWAY_READERS, None, gives=LIST, versioned=True, heeds=("If-None-Match",)))
def read(query: ListQuery) -> Response:
    """Read the whole list.

    As JSON, NDJSON or CSV by Accept or `format`, streamed. The ETag names the list's version; with
    If-None-Match the answer is 304 while it stands. Length, digest and number of entries come before the list, so that
    a list which was cut on its way is known as cut.
    """
    media_type = MEDIA_TYPE_OF[query.format] if query.format else _accepted()
    if request.if_none_match:
        tag = agent.ask(ReadStatus()).etag
        if etag.unchanged(tag):
            return Response(status=304, headers={"ETag": tag, "Vary": "Accept"})
    head, packed = agent.fetch(ReadList())
    allowlist = Allowlist.unpack(packed)
    size, digest = 0, hashlib.sha256()
    for chunk in formats.chunks(allowlist, media_type):  # written twice, rather than held as a whole
        size += len(chunk)
        digest.update(chunk)
    headers = {
        "ETag": head.etag,
        "Vary": "Accept",
        "Content-Length": str(size),
        "Content-Digest": body.digest_header(digest.digest()),
        "Wicketgate-Entries": str(len(allowlist)),
    }
    return Response(formats.chunks(allowlist, media_type), 200, headers, content_type=media_type)


def _accepted() -> str:
    accepted = request.accept_mimetypes
    best = accepted.best_match(formats.MEDIA_TYPES) if accepted else formats.JSON
    if best is None:
        mend = f"accept one of {', '.join(formats.MEDIA_TYPES)}"
        fault = Fault("header Accept", f"the list is not to be had as {accepted}", mend)
        raise Refused(Kind.NOT_ACCEPTABLE, "The list has no such format", [fault])
    return best


@blueprint.put("/v1/allowlist")
@blueprint.input(ReplaceQuery, location="query", arg_name="query")
@serves(Contract(GATEWAY_WRITERS, ChangeModel, takes=LIST, versioned=True, heeds=GUARDS, also=(HELD,)))
def replace(query: ReplaceQuery) -> Answered:
    """Replace the whole list.

    The format is the Content-Type's, or told from the content when there is none. One bad row refuses it all.
    The answer comes when the kernel decides by the new list.
    """
    began = time.perf_counter()
    data = body.read(formats.MEDIA_TYPES, formats.UNTOLD, is_file=True)
    wanted = formats.read(data, request.mimetype, _bounds())
    seconds = time.perf_counter() - began
    order = ReplaceList(
        if_match=etag.if_match(),
        dry_run=query.dry_run,
        allow_empty=query.allow_empty,
        override=query.override,
        doubtful=query.doubtful,
        confirm_within=query.confirm_within,
    )
    return _answer(agent.ask(order, wanted.pack()), query.dry_run, seconds)


@blueprint.patch("/v1/allowlist")
@blueprint.input(ListChangeQuery, location="query", arg_name="query")
@serves(Contract(GATEWAY_WRITERS, ChangeModel, body=BatchModel, versioned=True, heeds=GUARDS, also=(HELD,)))
def change(query: ListChangeQuery) -> Answered:
    """Add and remove entries in one step.

    All or nothing; the rest of the list stays. The answer comes when the kernel has it.
    """
    began = time.perf_counter()
    add, remove = batch.read(body.read([formats.JSON], is_file=True), _bounds())
    seconds = time.perf_counter() - began
    packed = add.pack()
    order = ChangeList(
        add_size=len(packed),
        if_match=etag.if_match(),
        dry_run=query.dry_run,
        override=query.override,
        doubtful=query.doubtful,
        confirm_within=query.confirm_within,
    )
    return _answer(agent.ask(order, packed + remove.pack()), query.dry_run, seconds)


def _answer(done: ListChanged, dry_run: bool, seconds: float) -> Answered:
    result = done.model_dump() | {"seconds": {"read": seconds, **done.seconds}}
    change, headers = ChangeModel(**result, dry_run=dry_run), {"ETag": done.etag}
    if done.held:
        headers["Location"] = f"/v1/held/{done.held}"
        return Response(change.model_dump_json(), HELD.status, headers, content_type=JSON)
    return change, headers


def _bounds() -> Bounds:
    """Return the widest prefixes that the configuration allows."""
    return cast(Bounds, current_app.config["WICKETGATE_BOUNDS"])
