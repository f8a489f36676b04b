"""The corpus: captures, unpacked, and what each of their flows is."""

import csv
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from control.vocabulary import PROTOCOLS

VARIABLE = "WICKET_CORPUS"
BESIDE_THE_REPOSITORY = Path(__file__).resolve().parents[3] / "shared" / "corpus"
ARCHIVE, LABELS, FRESH = "captures.tar.xz", "labels.csv", "fresh"
CAPTURES = (".pcap", ".pcapng", ".cap", ".gz")
COLUMNS = ("set", "file", "ip_proto", "addr_a", "port_a", "addr_b", "port_b", "packets", "label")
OWN_TABLE = Path(__file__).with_name("fresh.csv")
"""The project's own truth about fresh/, which came without labels: the columns of labels.csv, and two more.

``also`` is what a flow is in the world, although the program has to call it none: another classifier may call it so;
``why`` is for the reader.
"""

NONE = PROTOCOLS[0]
NOT_TAKEN_UP = {"l2tpv3": "l2tp"}
"""Labels that are no protocol of the program's: flows in which there is nothing to find, by what they may be called."""


class NoCorpusError(Exception):
    """There is no corpus, and nobody said that there is one."""


class BadCorpusError(Exception):
    """The corpus cannot be used; the message says where, why and what to do."""


class FlowName(NamedTuple):
    """A flow of a capture, as a row of labels.csv names it: its two ends, the lower address (as a number) first."""

    origin: str
    file: str
    ip_proto: int
    addr_a: str
    port_a: int
    addr_b: str
    port_b: int

    @property
    def capture(self) -> str:
        """The capture's path below the corpus."""
        return f"{self.origin}/{self.file}"

    def __str__(self) -> str:
        one, other = f"{self.addr_a} port {self.port_a}", f"{self.addr_b} port {self.port_b}"
        if not (self.port_a or self.port_b):
            one, other = self.addr_a, self.addr_b
        return f"{self.capture}: IP protocol {self.ip_proto}, {one} and {other}"


class Label(NamedTuple):
    """What a flow is.

    Attributes:
        packets: how many it has.
        protocol: one of control.vocabulary.PROTOCOLS.
        also: what another classifier may call it, where the program has to call it none; "" for nothing else.
    """

    packets: int
    protocol: str
    also: str = ""


@dataclass(frozen=True)
class Corpus:
    """Captures and labels.

    Attributes:
        root: the directory of the captures, a folder a set.
        captures: paths in it, sorted; only of those that have labels.
        labels: of the flows of these captures.
        untold: captures of fresh/ of which nobody says what they must give; they are not among ``captures``.
    """

    root: Path
    captures: list[Path]
    labels: dict[FlowName, Label]
    untold: list[str]


def unpack(into: Path) -> Corpus:
    """Unpack the corpus that WICKET_CORPUS names, or the one beside the repository, into an empty directory.

    Raises:
        NoCorpusError: there is none beside the repository, and no other was named.
        BadCorpusError: the one that was named is none, or what is there cannot be read.
    """
    named = os.environ.get(VARIABLE)
    folder = Path(named) if named else BESIDE_THE_REPOSITORY
    lacking = [name for name in (ARCHIVE, LABELS) if not (folder / name).is_file()]
    if lacking and not named:
        raise NoCorpusError(f"no corpus: {' and '.join(lacking)} not in {folder}; {VARIABLE} can name another folder")
    if lacking:
        mend = f"name a folder that has {ARCHIVE} and {LABELS}, or unset it for the one beside the repository"
        raise BadCorpusError(f"{VARIABLE}: {' and '.join(lacking)} not in {folder}; {mend}")
    done = subprocess.run(["tar", "-xJf", folder / ARCHIVE, "-C", into], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BadCorpusError(f"{folder / ARCHIVE}: {done.stderr.strip()}; put the archive there again")
    labels = dict(read_labels(folder / LABELS))
    captures = {f"{path.parent.name}/{path.name}" for path in into.rglob("*") if path.is_file()}
    fresh = _link_fresh(folder / FRESH, into)
    told = _fresh_labels(folder / FRESH, labels)
    untold = fresh - {flow.capture for flow in told}
    captures |= fresh - untold
    labels = {flow: label for flow, label in {**labels, **told}.items() if flow.capture in captures}
    if not labels:
        raise BadCorpusError(f"{folder / LABELS}: no row is of a capture in {ARCHIVE}; the two do not belong together")
    return Corpus(into, sorted(into / capture for capture in captures), labels, sorted(untold))


def _link_fresh(folder: Path, into: Path) -> set[str]:
    """Let the captures of fresh/ stand among the others, and return their paths there."""
    if not folder.is_dir():
        return set()
    (into / FRESH).mkdir(exist_ok=True)
    paths = [path for path in folder.iterdir() if path.suffix in CAPTURES]
    for path in paths:
        (into / FRESH / path.name).symlink_to(path.resolve())
    return {f"{FRESH}/{path.name}" for path in paths}


def _fresh_labels(folder: Path, labels: dict[FlowName, Label]) -> dict[FlowName, Label]:
    """Return what the captures of fresh/ must give: by a table that came with them or, file by file, by our own."""
    own = {flow: label for flow, label in labels.items() if flow.origin == FRESH}
    if (folder / LABELS).is_file():
        own |= {flow._replace(origin=FRESH): label for flow, label in read_labels(folder / LABELS)}
    told = {flow.capture for flow in own}
    return own | {flow: label for flow, label in read_labels(OWN_TABLE) if flow.capture not in told}


def read_labels(table: Path) -> Iterator[tuple[FlowName, Label]]:
    """Yield the rows of a table of labels.

    Raises:
        BadCorpusError: a column is missing, or a value is none; the message has file and line.
    """
    with table.open(newline="") as lines:
        reader = csv.DictReader(lines)
        lacking = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if lacking:
            raise BadCorpusError(f"{table}, line 1: no column {', '.join(lacking)}; needed are {', '.join(COLUMNS)}")
        for row in reader:
            try:
                yield _label(row)
            except (TypeError, ValueError) as error:
                raise BadCorpusError(f"{table}, line {reader.line_num}: {error}; mend the row") from error


def _label(row: dict[str, str]) -> tuple[FlowName, Label]:
    ends = row["addr_a"], int(row["port_a"]), row["addr_b"], int(row["port_b"])
    flow = FlowName(row["set"], row["file"], int(row["ip_proto"]), *ends)
    label, also = row["label"], row.get("also", "")
    if label in NOT_TAKEN_UP:
        label, also = NONE, NOT_TAKEN_UP[label]
    unknown = [name for name in (label, also or NONE) if name not in PROTOCOLS]
    if unknown:
        raise ValueError(f"label {unknown[0]!r} is none of {', '.join((*PROTOCOLS, *NOT_TAKEN_UP))}")
    return flow, Label(int(row["packets"]), label, also)
