"""/v1/allowlist: the whole list in three formats, its replacement, and batches of changes."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from api import agent, body, etag
from api.schema import Change, ChangeQuery, ListQuery, Media, ReplaceQuery, Would
from control.allowlist import Allowlist, formats
from control.fault import Fault, Refused

MEDIA_TYPES: dict[str, Media] = {
    "application/json": "json",
    "application/x-ndjson": "ndjson",
    "text/csv": "csv",
}
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
    wanted = query.format or _accepted()
    if request.if_none_match:
        known = agent.ask("status")
        tag = f'"{known["epoch"]}:{known["serial"]}"'
        if etag.unchanged(tag):
            return Response(status=304, headers={"ETag": tag, "Vary": "Accept"})
    result, packed = agent.call("list")
    media_type = next(name for name, format_ in MEDIA_TYPES.items() if format_ == wanted)
    headers = {"ETag": result["etag"], "Vary": "Accept"}
    return Response(_stream(packed, wanted), headers=headers, content_type=media_type)


def _stream(packed: bytes, wanted: Media) -> Iterator[bytes]:
    yield from formats.chunks(Allowlist.unpack(packed), wanted)


def _accepted() -> Media:
    best = (
        request.accept_mimetypes.best_match(MEDIA_TYPES) if request.accept_mimetypes else "application/json"
    )
    if best is None:
        fault = Fault("header Accept", f"the list is not to be had as {request.accept_mimetypes}",
                      f"accept one of {', '.join(MEDIA_TYPES)}")  # fmt: skip
        raise Refused("not-acceptable", "The list has no such format", [fault])
    return MEDIA_TYPES[best]


@blueprint.put("/v1/allowlist")
@blueprint.input(ReplaceQuery, location="query", arg_name="query")
@blueprint.output(Change)
def replace(query: ReplaceQuery) -> tuple[Change, dict[str, str]]:
    """Replace the whole list.

    The format is the Content-Type's, or told from the content when there is none. One bad row refuses it all.
    The answer comes when the kernel decides by the new list.
    """
    began = time.perf_counter()
    data = body.read(*MEDIA_TYPES, "")
    wanted = formats.read(data, MEDIA_TYPES.get(request.mimetype))
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
    add, remove = formats.read_changes(body.read("application/json"))
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
