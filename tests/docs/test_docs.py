"""The kernel's page names what its headers have; the page on how it is put together is drawn from today's imports."""

import re
import tomllib

import grimp
import pytest

from control.datapath.program.layout import map_shapes
from control.vocabulary import BPF_DIRECTORY, REASONS, header

ROOT = BPF_DIRECTORY.parent
PAGE = (ROOT / "docs" / "kernel.md").read_text()
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
CONTRACTS = {
    contract["id"]: contract
    for contract in tomllib.loads((ROOT / "imports.toml").read_text())["tool"]["importlinter"]["contracts"]
}
LIMITS = ("LINK_HEADERS", "EXTENSION_HEADERS", "RULES", "GENERATIONS")


def _rows(heading: str) -> list[str]:
    """The first cells of the table below a heading."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `(\w+)`", section, re.MULTILINE)


@pytest.mark.parametrize("name", [*map_shapes(), "events"])
def test_every_map_is_explained(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_no_map_is_explained_that_is_not_there() -> None:
    assert set(_rows("The maps")) <= {*map_shapes(), "events"}


def test_every_reason_is_explained_in_order() -> None:
    assert tuple(_rows("The steps")) == REASONS


@pytest.mark.parametrize("name", LIMITS)
def test_limits_are_those_of_the_headers(name: str) -> None:
    text = header() + (BPF_DIRECTORY / "parse.h").read_text()
    value = re.search(rf"#define {name}\s+(\d+)", text)
    assert value
    assert re.search(rf"\| [^|]*\(`{name}`\) \| {value[1]}\b", PAGE)


def _floors(contract: str) -> list[list[str]]:
    """Return the layers of a contract of imports.toml, the topmost first: the rooms of each."""
    return [re.split(r" [|:] ", layer) for layer in CONTRACTS[contract]["layers"]]


def _drawing(contract: str, container: str = "") -> str:
    """Draw who imports whom today: a room a line, those of a layer together."""
    graph = grimp.build_graph("control", "api", "manual", "lab", "bench", "tests", cache_dir=None)
    floors = _floors(contract)
    rooms = [room for floor in floors for room in floor]
    width = max(map(len, rooms))

    def line(room: str) -> str:
        below = [other for other in rooms if _imports(graph, container + room, container + other)]
        return f"{room:{width}} ──► {' · '.join(below)}" if below else room

    return "\n\n".join("\n".join(map(line, floor)) for floor in floors)


def _imports(graph: grimp.ImportGraph, importer: str, imported: str) -> bool:
    return importer != imported and graph.direct_import_exists(importer=importer, imported=imported, as_packages=True)


@pytest.mark.parametrize(("contract", "container"), [("trees", ""), ("control", "control.")])
def test_who_imports_whom_is_drawn_as_it_is(contract: str, container: str) -> None:
    drawing = _drawing(contract, container)
    assert f"\n```\n{drawing}\n```\n" in ARCHITECTURE, f"draw it in docs/architecture.md:\n{drawing}"


@pytest.mark.parametrize("contract", ["api", "edge", "datapath"])
def test_the_layers_of_a_room_are_told_as_they_are_held(contract: str) -> None:
    layers = " › ".join(" ".join(f"`{room}`" for room in floor) for floor in _floors(contract))
    (container,) = CONTRACTS[contract]["containers"]
    assert f"| `{container.replace('.', '/')}/` | {layers} |" in ARCHITECTURE, layers


def test_the_layers_of_the_registry_are_drawn_as_they_are_held() -> None:
    drawing = "\n".join(" ".join(floor) for floor in _floors("registry"))
    assert f"\n```\n{drawing}\n```\n" in ARCHITECTURE, f"draw it in docs/architecture.md:\n{drawing}"


def test_every_file_of_the_registry_has_its_layer() -> None:
    graph = grimp.build_graph("control", cache_dir=None)
    placed = tuple(f"control.registry.{room}" for floor in _floors("registry") for room in floor)
    files = {
        module
        for module in graph.find_descendants("control.registry")
        if not graph.find_children(module) and not module.startswith(tuple(f"{name}." for name in placed))
    }
    assert files <= set(placed), "place them in imports.toml"
