"""The public question where there is a registry: registered or not, live since when, and nothing else.

The registry answers from what its edges have reported, by a few look-ups in indices: no edge is asked, so the answer
is as quick when a million are registered, and the same on whichever machine the API runs.
"""

from api.kit.shared import Check
from api.registry.desk import store
from control.allowlist.entry import Prefix
from control.registry.publication import edges, serials


def check(address: Prefix) -> Check:
    """Answer for one address.

    Neither prefix nor serial is told: one address a question, and only so many questions a minute, so that nobody
    lists the registry by it.
    """
    with store.reading() as session:
        covering = serials.covering(session, address)
        first = min((entry.joined_serial for entry in covering), default=None)
        since = None if first is None else min(edges.applied_from(session, first).values(), default=None)
    return Check(
        address=str(address.network_address),
        registered=bool(covering),
        live=since is not None,
        since=since,
        prefix=None,
        serial=None,
    )
