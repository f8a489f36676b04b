from collections.abc import Iterator

import pytest

from control.datapath.program.pins import Pinned
from tests.kernel.situations import Edge


@pytest.fixture(scope="module")
def edge(pinned: Pinned) -> Iterator[Edge]:
    """An edge of the module's own; its tests set it up as they need it."""
    edge = Edge(pinned)
    yield edge
    edge.close()
