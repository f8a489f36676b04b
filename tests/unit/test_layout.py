"""The header as Python reads it, against sizes and offsets as a C compiler gives them (natural alignment)."""

from typing import Any

import numpy as np
import pytest

from control.datapath.program import layout
from control.datapath.program.layout import MAP_TYPES, constant, map_shapes, padded, structure

SIZES = {
    "bucket": 32,  # half a cache line
    "end_key": 20,
    "rule": 6,
    "end": 56,  # 8, and 8 rules of 6
    "policy": 4,
    "count": 16,
    "instance": 56,
    "sampling": 8,
    "answer": 32,  # what every kernel grants in front of a packet
    "event": 40,
    "generation": 16 + 20 * (33 + 129),
}


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_structures_have_their_c_sizes(name: str, size: int) -> None:
    assert structure(name).itemsize == size


@pytest.mark.parametrize(
    ("name", "field", "offset"),
    [
        ("bucket", "seen", 28),
        ("bucket", "overflowed", 29),
        ("end", "rule", 8),
        ("generation", "shift", 8),
        ("generation", "lengths4", 16),
        ("generation", "lengths6", 16 + 33 * 20),
        ("answer", "source_port", 12),
        ("answer", "payload_length", 20),
        ("event", "port", 12),
        ("event", "address", 20),
    ],
)
def test_members_are_where_c_puts_them(name: str, field: str, offset: int) -> None:
    assert fields_of(structure(name))[field][1] == offset


def fields_of(kind: np.dtype[Any]) -> Any:
    assert kind.fields is not None
    return kind.fields


def test_constants_and_products_of_them() -> None:
    assert constant("SLOTS") == 7
    assert constant("PROTOCOLS") == 9
    assert constant("PROTOCOLS *VERDICTS *REASONS") == 9 * 2 * 11
    assert constant("4") == 4


@pytest.mark.parametrize("ask", [lambda: constant("NOWHERE"), lambda: structure("nowhere")])
def test_what_the_header_does_not_define(ask: Any) -> None:
    with pytest.raises(LookupError, match=r"maps\.h"):
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
    for function in (constant, structure):
        monkeypatch.setattr(layout, function.__name__, function.__wrapped__)
    monkeypatch.setattr(layout, "header", lambda: HEADER)
    monkeypatch.setattr(layout, "words", lambda enum: ("red", "blue"))
    outer = layout.structure("outer")
    offsets = {name: offset for name, (_, offset, *_) in fields_of(outer).items()}
    assert offsets == {"flag": 0, "other": 1, "pair": 2, "inner": 16, "last": 48}
    assert outer.itemsize == 56
    assert outer["pair"].shape == (2, 3)


def test_shapes_of_the_maps() -> None:
    shapes = map_shapes()
    assert {"active", "lease", "policies", "counters", "buckets", "ends", "generations"} <= shapes.keys()
    assert (shapes["active"].type, shapes["active"].entries) == (MAP_TYPES["array"], 1)
    assert shapes["counters"].entries == 198
    assert shapes["buckets"].inner == "bucket_template"
    assert shapes["end_template"].key.itemsize == 20


@pytest.mark.parametrize(("kind", "stride"), [(np.dtype(np.uint32), 8), (np.dtype(np.uint64), 8)])
def test_scalars_in_arrays_are_padded_to_eight_bytes(kind: np.dtype[Any], stride: int) -> None:
    stored = padded(kind)
    assert stored.itemsize == stride
    assert fields_of(stored)["value"] == (kind, 0)


def test_structures_in_arrays_are_padded_to_eight_bytes() -> None:
    stored = padded(structure("policy"))
    assert (stored.itemsize, stored.names) == (8, ("mode", "share"))
    assert padded(structure("generation")).itemsize % 8 == 0
