"""/v1/allowlist: the whole list in three formats, its replacement, and batches of changes."""

import time
from collections.abc import Callable
from typing import Any, cast

from apiflask import APIBlueprint
from flask import Response, current_app, request

from api.gateway import agent, batch
from api.gateway.schema import Change, ChangeQuery, ListQuery, Media, ReplaceQuery, Would
from api.kit import body, etag
from control.allowlist import formats
from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Bounds
from control.fault import Fault, Kind, Refused

MEDIA_TYPE_OF: dict[Media, str] = {"json": formats.JSON, "ndjson": formats.NDJSON, "csv": formats.CSV}
NAMED_BY_DRY_RUN = 100
"""Prefixes of each kind that a dry run names."""

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
        known = agent.ask("status")
        tag = f'"{known["epoch"]}:{known["serial"]}"'
        if etag.unchanged(tag):
            return Response(status=304, headers={"ETag": tag, "Vary": "Accept"})
    result, packed = agent.call("list")
    headers = {"ETag": result["etag"], "Vary": "Accept"}
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
    result, _ = agent.call(
        "replace",
        wanted.pack(),
        if_match=etag.if_match(),
        dry_run=query.dry_run,
        allow_empty=query.allow_empty,
    )
    would = _would(lambda now: wanted) if query.dry_run else None
    return _answer(result, query.dry_run, would, seconds)


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
    result, _ = agent.call(
        "change",
        packed + remove.pack(),
        add_size=len(packed),
        if_match=etag.if_match(),
        dry_run=query.dry_run,
    )
    would = _would(lambda now: now.with_changes(add, remove)) if query.dry_run else None
    return _answer(result, query.dry_run, would, seconds)


def _would(change: Callable[[Allowlist], Allowlist]) -> Would:
    now = Allowlist.unpack(agent.call("list")[1])
    then = change(now)
    return Would(add=_first(then.difference(now)), remove=_first(now.difference(then)))


def _first(entries: Allowlist) -> list[str]:
    return [entry.text for entry in entries.entries(0, NAMED_BY_DRY_RUN)]


def _answer(
    result: dict[str, Any], dry_run: bool, would: Would | None, seconds: float
) -> tuple[Change, dict[str, str]]:
    known = result | {"seconds": {"read": seconds, **result["seconds"]}}
    return Change(**known, dry_run=dry_run, would=would), {"ETag": result["etag"]}


def _bounds() -> Bounds:
    """Return the widest prefixes that the configuration allows."""
    return cast(Bounds, current_app.config["WICKETGATE_BOUNDS"])
