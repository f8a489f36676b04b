"""/v1/allowlist: the whole list in three formats, its replacement, and batches of changes."""

import time
from typing import cast

from apiflask import APIBlueprint
from flask import Response, current_app, request

from api.gateway import agent, batch
from api.gateway.schema import Change, ChangeQuery, ListQuery, Media, ReplaceQuery
from api.kit import body, etag
from control.allowlist import formats
from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Bounds
from control.commands.list import ChangeList, ListChanged, ReadList, ReplaceList
from control.commands.status import ReadStatus
from control.fault import Fault, Kind, Refused

MEDIA_TYPE_OF: dict[Media, str] = {"json": formats.JSON, "ndjson": formats.NDJSON, "csv": formats.CSV}
blueprint = APIBlueprint("allowlist", __name__, tag="Allowlist")


@blueprint.get("/v1/allowlist")
@blueprint.input(ListQuery, location="query", arg_name="query")
def read(query: ListQuery) -> Response:
    """Read the whole list.

    As JSON, NDJSON or CSV by Accept or `format`, streamed. The ETag names the list's version; with
    If-None-Match the answer is 304 while it stands.
    """
    media_type = MEDIA_TYPE_OF[query.format] if query.format else _accepted()
    if request.if_none_match:
        tag = agent.ask(ReadStatus()).etag
        if etag.unchanged(tag):
            return Response(status=304, headers={"ETag": tag, "Vary": "Accept"})
    head, packed = agent.fetch(ReadList())
    headers = {"ETag": head.etag, "Vary": "Accept"}
    return Response(formats.chunks(Allowlist.unpack(packed), media_type), 200, headers, content_type=media_type)


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
@blueprint.output(Change)
def replace(query: ReplaceQuery) -> tuple[Change, dict[str, str]]:
    """Replace the whole list.

    The format is the Content-Type's, or told from the content when there is none. One bad row refuses it all.
    The answer comes when the kernel decides by the new list.
    """
    began = time.perf_counter()
    data = body.read(formats.MEDIA_TYPES, formats.UNTOLD)
    wanted = formats.read(data, request.mimetype, _bounds())
    seconds = time.perf_counter() - began
    order = ReplaceList(if_match=etag.if_match(), dry_run=query.dry_run, allow_empty=query.allow_empty)
    return _answer(agent.ask(order, wanted.pack()), query.dry_run, seconds)


@blueprint.patch("/v1/allowlist")
@blueprint.input(ChangeQuery, location="query", arg_name="query")
@blueprint.output(Change)
def change(query: ChangeQuery) -> tuple[Change, dict[str, str]]:
    """Add and remove entries in one step.

    All or nothing; the rest of the list stays. The answer comes when the kernel has it.
    """
    began = time.perf_counter()
    add, remove = batch.read(body.read([formats.JSON]), _bounds())
    seconds = time.perf_counter() - began
    packed = add.pack()
    order = ChangeList(add_size=len(packed), if_match=etag.if_match(), dry_run=query.dry_run)
    return _answer(agent.ask(order, packed + remove.pack()), query.dry_run, seconds)


def _answer(done: ListChanged, dry_run: bool, seconds: float) -> tuple[Change, dict[str, str]]:
    result = done.model_dump() | {"seconds": {"read": seconds, **done.seconds}}
    return Change(**result, dry_run=dry_run), {"ETag": done.etag}


def _bounds() -> Bounds:
    """Return the widest prefixes that the configuration allows."""
    return cast(Bounds, current_app.config["WICKETGATE_BOUNDS"])
