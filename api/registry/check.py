"""/v1/check where there is a registry: registered or not, live or not, since when, and nothing else."""

from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any

from apiflask import APIBlueprint
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import agent
from api.registry import store
from api.schema import CheckQuery
from control.fault import Fault, Refused, shown
from control.registry import serials
from control.registry.model import Publication

blueprint = APIBlueprint("check", __name__, tag="Check")


class CheckRecord(BaseModel):
    """Whether an address is registered, live on this gateway, and since when."""

    address: str
    registered: bool
    live: bool | None = Field(description="Whether the kernel here has it; null when no gateway runs here.")
    since: datetime | None = Field(description="Since when it is on the live list; null when it is not.")


@blueprint.get("/v1/check")
@blueprint.input(CheckQuery, location="query", arg_name="query")
@blueprint.output(CheckRecord)
def check(query: CheckQuery) -> dict[str, Any]:
    """Ask whether an address is registered.

    Needs no token. One address a question, and only so many questions a minute: nobody lists the registry by it.
    """
    try:
        address = ip_address(query.address)
    except ValueError as error:
        fault = Fault("query, address", f"{shown(query.address)} is no address", "write one, such as 192.0.2.1")
        raise Refused("invalid", "That is no address", [fault]) from error
    with store.reading() as session:
        since = _since(session, str(address))
    live = _live(str(address))
    return {"address": str(address), "registered": since is not None, "live": live, "since": since}


def _since(session: Session, address: str) -> datetime | None:
    covering = serials.covering(session, ip_network(address))
    if not covering:
        return None
    earliest = min(each.joined_serial for each in covering)
    return session.scalar(select(Publication.at).where(Publication.serial == earliest))


def _live(address: str) -> bool | None:
    try:
        return bool(agent.ask("check", address=address)["live"])
    except Refused as refused:
        if refused.kind != "unavailable":
            raise
        return None
