"""The captures that nobody on this project recorded."""

import csv
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

BESIDE_THE_REPOSITORY = Path(__file__).resolve().parents[3] / "shared" / "corpus"


class Key(NamedTuple):
    """A flow of the corpus, as a row of labels.csv names it."""

    origin: str
    file: str
    ip_proto: int
    addr_a: str
    port_a: int
    addr_b: str
    port_b: int


class Label(NamedTuple):
    """What labels.csv says of a flow."""

    packets: int
    protocol: str


class Corpus(NamedTuple):
    """The captures, unpacked, and the labels of those that are there."""

    captures: list[Path]
    labels: dict[Key, Label]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The corpus beside the repository, or in WICKET_CORPUS."""
    folder = Path(os.environ.get("WICKET_CORPUS", BESIDE_THE_REPOSITORY))
    archive, table = folder / "captures.tar.xz", folder / "labels.csv"
    if not archive.exists() or not table.exists():
        pytest.skip(f"no corpus: captures.tar.xz and labels.csv are not in {folder}; set WICKET_CORPUS")
    unpacked = tmp_path_factory.mktemp("corpus")
    subprocess.run(["tar", "-xJf", archive, "-C", unpacked], check=True)
    captures = sorted(path for path in unpacked.rglob("*") if path.is_file())
    present = {(path.parent.name, path.name) for path in captures}
    return Corpus(captures, {key: label for key, label in _labels(table) if key[:2] in present})


def _labels(table: Path) -> Iterator[tuple[Key, Label]]:
    with table.open(newline="") as lines:
        for row in csv.DictReader(lines):
            ends = row["addr_a"], int(row["port_a"]), row["addr_b"], int(row["port_b"])
            key = Key(row["set"], row["file"], int(row["ip_proto"]), *ends)
            yield key, Label(int(row["packets"]), row["label"])
