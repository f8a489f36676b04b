"""The program's headers as Python reads them, held against the compiler: it is asked for each size and offset."""

import re
from typing import Any

import numpy as np
import pytest

from control import vocabulary
from control.datapath.program import layout
from control.datapath.program.compile import compiled, source
from control.datapath.program.layout import MAP_TYPES, map_shapes, padded, structure
from control.vocabulary import constant, header

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:bcc")  # bcc's own business


def claims(name: str, kind: np.dtype[Any]) -> str:
    """What we take for a structure's size, and for the place and size of each of its members, as C that must hold."""
    said = [f'_Static_assert(sizeof(struct {name}) == {kind.itemsize}, "{name}");']
    for member, (held, offset, *_) in fields_of(kind).items():
        place, size = f"__builtin_offsetof(struct {name}, {member})", f"sizeof(((struct {name} *)0)->{member})"
        said.append(f'_Static_assert({place} == {offset} && {size} == {held.itemsize}, "{name}.{member}");')
    return "\n".join(said)


def test_structures_are_laid_out_as_the_compiler_does() -> None:
    names = re.findall(r"struct (\w+) \{", header())
    assert {"wide", "generation", "answer", "event"} <= set(names)
    compiled(source("words.h") + "\n".join(claims(name, structure(name)) for name in names))


@pytest.mark.parametrize("wrong", ["u8 other, flag;", "u16 flag, other;", "u8 flag; u64 other;"])
def test_a_layout_that_is_not_the_compilers_is_refused(wrong: str) -> None:
    ours = np.dtype([("flag", np.uint8), ("other", np.uint8)], align=True)
    compiled("struct pair { u8 flag, other; };" + claims("pair", ours))
    with pytest.raises(Exception, match="Failed to compile"):
        compiled(f"struct pair {{ {wrong} }};" + claims("pair", ours))


@pytest.mark.parametrize(
    ("name", "size"),
    [
        *((name, 64) for name in ("line", "bucket6", "node", "lengths")),
        *((name, 32) for name in ("wide", "narrow", "answer")),
    ],
)
def test_sizes_that_something_else_demands(name: str, size: int) -> None:
    """A cache line, or half of one; what every kernel grants in front of a packet."""
    assert structure(name).itemsize == size


def fields_of(kind: np.dtype[Any]) -> Any:
    assert kind.fields is not None
    return kind.fields


def test_constants_and_products_of_them() -> None:
    assert constant("WIDE_SLOTS") == 7
    assert constant("LENGTHS_HERE") == 1 << 31
    assert constant("PROTOCOLS") == 9
    assert constant("PROTOCOLS *VERDICTS *REASONS") == 9 * 2 * 16
    assert constant("4") == 4
    assert constant("ETH_P_IPV6") == 0x86DD


@pytest.mark.parametrize("ask", [lambda: constant("NOWHERE"), lambda: structure("nowhere")])
def test_what_the_header_does_not_define(ask: Any) -> None:
    with pytest.raises(LookupError, match="the headers in bpf"):
        ask()


HEADER = """
#define ROOM 3
enum colour { COLOUR_RED, COLOUR_BLUE, COLOURS, };
struct inner {
	u8 one;
	u64 two;
};
struct outer {
	u8 flag, other;
	u16 pair[2][ROOM];
	struct inner inner[COLOURS];
	u8 last;
};
"""


def test_padding_arrays_and_structures_in_structures(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (layout, vocabulary):
        monkeypatch.setattr(module, "header", lambda: HEADER)
    for function in (constant, structure):
        monkeypatch.setattr(layout, function.__name__, function.__wrapped__)
    outer = layout.structure("outer")
    compiled(HEADER + claims("outer", outer))
    assert outer["pair"].shape == (2, 3)


def test_shapes_of_the_maps() -> None:
    shapes = map_shapes()
    assert {"controls", "counters", "lines", "entries", "locals"} <= shapes.keys()
    assert (shapes["controls"].type, shapes["controls"].entries) == (MAP_TYPES["array"], 1)
    assert shapes["counters"].entries == 9 * 2 * 16
    assert shapes["lines"].inner == "line_template"
    assert shapes["entry_template"].key.itemsize == 20


@pytest.mark.parametrize(("kind", "stride"), [(np.dtype(np.uint32), 8), (np.dtype(np.uint64), 8)])
def test_scalars_in_arrays_are_padded_to_eight_bytes(kind: np.dtype[Any], stride: int) -> None:
    stored = padded(kind)
    assert stored.itemsize == stride
    assert fields_of(stored)["value"] == (kind, 0)


def test_structures_in_arrays_are_padded_to_eight_bytes() -> None:
    stored = padded(structure("policy"))
    assert (stored.itemsize, stored.names) == (8, ("mode", "share", "loosened", "spare"))
    assert padded(structure("generation")).itemsize % 8 == 0
