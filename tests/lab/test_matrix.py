"""The quick rows of `make matrix`, without their rekeys; and that a row which is not as it must be is known."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from lab.matrix.measure import Measured, measure
from lab.matrix.row import NONE, Found
from lab.matrix.rows import GROUPS

QUICK = [row for rows in GROUPS.values() for row in rows if row.quick]
VPN = Found("some", "openvpn", known_as="openvpn", opens=True, up=True, refused=2, registered_s=0.5)
OTHER = Found("some", NONE, known_as=NONE, up=True, enforced_up=True)


@pytest.fixture(scope="module")
def measured(bpffs: Path) -> dict[str, Measured]:
    return {
        each.found.name: each
        for each in measure(QUICK, bpffs, lambda what: print(time.monotonic(), what), rekeys=False)
    }


@pytest.mark.parametrize("name", [row.name for row in QUICK])
def test_a_handshake_is_known_refused_and_let_in(measured: dict[str, Measured], name: str) -> None:
    found = measured[name].found
    if found.skipped:
        pytest.skip(found.skipped)
    assert found.as_it_must_be, found


@pytest.mark.parametrize("found", [VPN, OTHER, replace(VPN, protocol="esp", known_as="esp", opens=False)])
def test_a_row_that_is_as_it_must_be_is_known(found: Found) -> None:
    assert found.as_it_must_be


@pytest.mark.parametrize(
    "found",
    [
        replace(VPN, known_as="ike"),
        replace(VPN, known_as=NONE),
        replace(VPN, opens=False),
        replace(VPN, up=False),
        replace(VPN, enforced_up=True),
        replace(VPN, refused=0),
        replace(VPN, registered_s=None),
        replace(VPN, lost=1),
        replace(VPN, trouble="does not start"),
        replace(VPN, rekey_right=False),
        replace(OTHER, known_as="openvpn"),
        replace(OTHER, up=False),
        replace(OTHER, enforced_up=False),
        replace(OTHER, refused=1),
    ],
)
def test_a_row_that_is_not_as_it_must_be_is_known_too(found: Found) -> None:
    assert not found.as_it_must_be


def test_rows_and_their_captures_have_names_of_their_own() -> None:
    names = [row.name for rows in GROUPS.values() for row in rows]
    assert len(set(names)) == len(names)
