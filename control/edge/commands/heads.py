"""What this edge has kept of its registry's audit."""

from control.commands.heads import KeptHead, KeptHeads, ReadHeads
from control.edge.edge import Edge


def read(edge: Edge, request: ReadHeads, _body: bytes) -> KeptHeads:
    """Return heads that were kept."""
    with edge.turn() as turn:
        heads = edge.witness.after(turn, request.after, request.most)
        kept = [KeptHead(place=each.place, seen_at=each.seen_at, line=each.line) for each in heads]
        return KeptHeads(heads=kept, doubt=edge.witness.doubt)
