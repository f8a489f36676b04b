"""Categories: the file that comes with the registry, and files that cannot be used."""

from pathlib import Path

import pytest

from control.fault import Refused
from control.registry.parties.categories import load_categories

GOOD = """
[office]
title = "Office"
applicants = ["organisation"]
documents = ["identity"]
most_entries = 4
valid_days = 10
warn_days = 2
"""


def test_the_file_that_comes_with_it() -> None:
    categories = load_categories()
    assert list(categories) == ["company", "freelancer", "call-centre", "video-conferencing"]
    assert categories["company"].tariff(256) is None
    assert [categories["call-centre"].tariff(count) for count in (4, 5)] == [None, "address listing"]


def test_another_file(tmp_path: Path) -> None:
    file = tmp_path / "categories.toml"
    file.write_text(GOOD)
    (office,) = load_categories(file).values()
    assert (office.term.days, office.warning.days, office.fee) == (10, 2, None)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (("valid_days = 10", "valid_days = 0"), "office.valid_days"),
        (("organisation", "kingdom"), "office.applicants.0"),
        (('"identity"', '"ID card"'), "office.documents.0"),
        (("warn_days = 2", ""), "office.warn_days"),
        (("warn_days = 2", "warn_days = 2\nwarm_days = 2"), "office.warm_days"),
        (("[office]", "[office"), ""),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, change: tuple[str, str], where: str) -> None:
    file = tmp_path / "categories.toml"
    file.write_text(GOOD.replace(*change))
    with pytest.raises(Refused) as refused:
        load_categories(file)
    assert refused.value.kind == "bad-configuration"
    assert refused.value.faults[0].where == (f"{file}, {where}" if where else str(file))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        load_categories(tmp_path / "none.toml")
    assert "No such file" in refused.value.faults[0].why
