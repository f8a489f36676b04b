"""The public question where there is a registry: registered or not, live since when, and nothing else.

The registry answers from what its edges have reported, by a few look-ups in indices: no edge is asked, so the answer
is as quick when a million are registered, and the same on whichever machine the API runs.
"""

from api.kit.shared import Check, CheckQuestion
from api.registry.desk import store
from control.allowlist.entry import Terms
from control.registry.publication import edges, serials
from control.registry.space import addresses
from control.registry.store.model import Listing
from control.registry.store.unreadable import ODD
from control.rollout.allowed import Allowed, demand_use


def check(asked: CheckQuestion) -> Check:
    """Answer for one address, and for a protocol and a port of it where these are asked for.

    Neither prefix nor serial is told: one address a question, and only so many questions a minute, so that nobody
    lists the registry by it. What it is for is told: who uses the address has to know, and anybody could try it.
    """
    demand_use(asked.protocol, asked.port)
    with store.reading() as session:
        covering = [(listing.joined_serial, _terms(listing)) for listing in serials.covering(session, asked.address)]
        meant = [joined for joined, terms in covering if Allowed.by(terms).example(asked.protocol, asked.port)]
        first = min(meant, default=None)
        since = None if first is None else min(edges.applied_from(session, first).values(), default=None)
        allowed = Allowed.by(each for _, terms in covering for each in terms)
    return Check(
        address=str(asked.address.network_address),
        registered=bool(meant),
        live=since is not None,
        registered_for=allowed.extent,
        protocols=allowed.written,
        since=since,
        prefix=None,
        serial=None,
    )


def _terms(listing: Listing) -> list[Terms]:
    """Return an entry's terms; none where SQL has put in what cannot be read, which lets nothing through."""
    try:
        return [Terms(*addresses.terms(listing.protocols, listing.ports))]
    except ODD:
        return []
