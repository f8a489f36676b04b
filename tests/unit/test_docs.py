"""The page about the kernel program names every map, every reason and every limit of its headers."""

import re

import pytest

from control.datapath.program.layout import map_shapes
from control.vocabulary import BPF_DIRECTORY, REASONS, header

PAGE = (BPF_DIRECTORY.parent / "docs" / "kernel.md").read_text()
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
