"""/v1/heads: what this edge has kept of its registry's audit, for whoever holds the registry against it."""

from apiflask import APIBlueprint
from pydantic import Field

from api.kit import agent
from api.kit.contract import NOBODY, Contract, serves
from api.kit.schema import Strict
from control.commands.heads import KeptHeads, ReadHeads

blueprint = APIBlueprint("heads", __name__, tag="Heads")


class HeadsQuery(Strict):
    """Parameters of reading heads."""

    after: int = Field(0, ge=0, le=2**62, description="Behind this place.")
    most: int = Field(1000, ge=1, le=1000, description="Heads at most.")


@blueprint.get("/v1/heads")
@blueprint.input(HeadsQuery, location="query", arg_name="query")
@serves(Contract(NOBODY, KeptHeads, public=True, rate="check"))
def read(query: HeadsQuery) -> KeptHeads:
    """Read the heads that this edge has kept.

    Needs no token, wherever the API listens: they are public figures, and of use only where nobody can keep them back.
    """
    return agent.ask(ReadHeads(after=query.after, most=query.most))
