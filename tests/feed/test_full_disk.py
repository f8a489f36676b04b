"""An edge that follows on a full disk: what it is to remove waits for room, and no addition waits for that."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edge import place as places
from tests.edge.place import Place, fill
from tests.feed.conftest import Registry
from tests.feed.following import following, held, is_whole, let_through, trouble, until

pytestmark = pytest.mark.usefixtures("copied_program")


@pytest.fixture
def tiny(tmp_path: Path, bpffs: Path) -> Iterator[tuple[Place, Path]]:
    """A place whose disk holds little."""
    with places.mounted(tmp_path / "disk", "tmpfs", "size=700k") as disk:
        here = places.place(disk, bpffs)
        yield here, disk
        here.remove()


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
def test_no_addition_waits_for_a_removal(tiny: tuple[Place, Path], registry: Registry) -> None:
    here, disk = tiny
    with following(here, registry.url) as edge:
        until(lambda: let_through(edge, "10.0.0.1") == [True] and is_whole(edge))
        filling = fill(disk)
        registry.revoke("10.0.0.1")
        registry.register("10.0.0.3")
        registry.register("10.0.0.4", "10.0.0.5")
        registry.revoke("10.0.0.4")
        until(lambda: let_through(edge, "10.0.0.3", "10.0.0.5") == [True, True])
        until(lambda: "full" in trouble(edge))
        assert let_through(edge, "10.0.0.1", "10.0.0.2") == [True, True]
        assert edge.list.state.followed.serial == 1, "it does not say that it has what it has in part"
        filling.unlink()
        until(lambda: edge.list.state.followed.serial == 5 and not trouble(edge))
        assert let_through(edge, "10.0.0.1", "10.0.0.4", "10.0.0.3", "10.0.0.5") == [False, False, True, True]
        assert (held(edge), is_whole(edge)) == (set(), True)
