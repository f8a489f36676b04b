"""The body of a PATCH: entries to add, prefixes to remove, and every fault in either."""

import json
from typing import Any

from api.gateway.schema import BatchModel
from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Bounds
from control.allowlist.gathering import MAX_FAULTS, TITLE, Gathering
from control.fault import Fault, Kind, Refused

MEND = 'send {"add": [entries], "remove": [prefixes]}'
SIDES = tuple(BatchModel.model_fields)


def read(data: bytes, bounds: Bounds) -> tuple[Allowlist, Allowlist]:
    """Return what a batch adds and what it removes.

    Raises:
        Refused: kind "bad-request", it is not JSON; kind "bad-list" with every fault of both sides.
    """
    batch = _parse(data)
    lists: list[Allowlist] = []
    faults: list[Fault] = []
    for side in SIDES:
        try:
            lists.append(_gather(side, batch.get(side, []), bounds))
        except Refused as refused:
            faults.extend(refused.faults)
    if not faults:
        faults.extend(_on_both_sides(*lists))
    if faults:
        raise Refused(Kind.BAD_LIST, TITLE, faults)
    add, remove = lists
    return add, remove


def _parse(data: bytes) -> dict[str, Any]:
    try:
        batch = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Refused(Kind.BAD_REQUEST, "The body is not JSON", [Fault("body", str(error), MEND)]) from error
    if not isinstance(batch, dict):
        raise Refused(Kind.BAD_LIST, TITLE, [Fault("body", "is no object", MEND)])
    if unknown := [name for name in batch if name not in SIDES]:
        raise Refused(Kind.BAD_LIST, TITLE, [Fault(name, "is no member of a batch", MEND) for name in unknown])
    return batch


def _gather(side: str, rows: object, bounds: Bounds) -> Allowlist:
    if not isinstance(rows, list):
        raise Refused(Kind.BAD_LIST, TITLE, [Fault(side, "is no array", MEND)])
    gathering = Gathering(bounds, lambda number: f"{side}[{number}]")
    for number, row in enumerate(rows):
        gathering.read(number, row)
    return gathering.finish()


def _on_both_sides(add: Allowlist, remove: Allowlist) -> list[Fault]:
    both = add.difference(add.with_changes(Allowlist.empty(), remove))
    why, mend = "is to be added as well", "leave it in one of the two"
    return [Fault("remove", f"{entry.text} {why}", mend) for entry in both.entries(0, MAX_FAULTS)]
