"""/v1/check where there is a registry: registered or not, live since when, and nothing else.

The registry answers from what its edges have reported, by a few look-ups in indices: no edge is asked, so the answer
is as quick when a million are registered, and the same on whichever machine the API runs.
"""

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from pydantic import BaseModel, Field

from api.gateway.schema import CheckQuery
from api.registry import store
from api.registry.records import asked_address
from control.registry.publication import edges, serials

blueprint = APIBlueprint("check", __name__, tag="Check")


class CheckRecord(BaseModel):
    """Whether an address is registered, and since when edges let it through."""

    address: str
    registered: bool
    live: bool = Field(description="Whether an edge has it in its kernel.")
    since: datetime | None = Field(description="Since when the first edge has it; null when none has.")


@blueprint.get("/v1/check")
@blueprint.input(CheckQuery, location="query", arg_name="query")
@blueprint.output(CheckRecord)
def check(query: CheckQuery) -> dict[str, Any]:
    """Ask whether an address is registered.

    Needs no token. One address a question, and only so many questions a minute: nobody lists the registry by it.
    """
    asked = asked_address(query.address)
    with store.reading() as session:
        covering = serials.covering(session, asked)
        first = min((each.joined_serial for each in covering), default=None)
        since = None if first is None else min(edges.had_from(session, first).values(), default=None)
    return {
        "address": str(asked.network_address),
        "registered": bool(covering),
        "live": since is not None,
        "since": since,
    }
