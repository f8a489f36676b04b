"""`make accuracy`: how right the program is on captures of others, beside ndpiReader.

usage: python -m bench.accuracy [--json FILE] [--disagreements FILE]
"""

import json
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from bench.accuracy import ndpi, openings, replayed, telling
from bench.accuracy.corpus import NONE, BadCorpusError, Corpus, FlowName, NoCorpusError, unpack
from bench.accuracy.score import UNKNOWN, Judgement, judge
from bench.place import place

WICKET, NDPI = "wicket", "ndpi"


@dataclass(frozen=True)
class Measurement:
    """What was found.

    Attributes:
        judgements: of each classifier, by its name.
        mid_session: labelled flows of which the captures hold no opening; they are not counted.
        cut: labelled flows whose packets were cut when captured, of which the replay says so; nor are these.
        unguessed: of ndpiReader without its guesses by port, on the captures that hold something to find.
    """

    judgements: dict[str, Judgement]
    mid_session: set[FlowName]
    cut: set[FlowName]
    unguessed: Judgement


def measure(corpus: Corpus) -> Measurement:
    """Run both classifiers over a corpus and judge what they say."""
    positives = {flow: label.protocol for flow, label in corpus.labels.items() if label.protocol != NONE}
    with place() as here:
        ours = replayed.called(corpus.captures, here.directory, here.bpffs)
    theirs = ndpi.called(corpus.captures, corpus.labels)
    mid_session = openings.without_opening(corpus.root, positives.items())
    cut = openings.cut(corpus.root, [flow for flow in positives if ours.get(flow) == UNKNOWN]) - mid_session
    uncounted = mid_session | cut
    holding = sorted({corpus.root / flow.capture for flow in positives})
    unguessed = ndpi.called(holding, corpus.labels, "-d")
    judgements = {
        WICKET: judge(corpus.labels, ours, uncounted),
        NDPI: judge(corpus.labels, theirs, uncounted, generous=True),
    }
    return Measurement(judgements, mid_session, cut, judge(corpus.labels, unguessed, uncounted, generous=True))


@click.command()
@click.option("--json", "file", type=click.Path(path_type=Path), default=Path("build/accuracy.json"), show_default=True)
@click.option(
    "--disagreements",
    "listing",
    type=click.Path(path_type=Path),
    default=Path("build/accuracy-disagreements.txt"),
    show_default=True,
    help="Where every disagreement is listed, of both.",
)
def main(file: Path, listing: Path) -> None:
    """Measure the program on the corpus: the status is 1 when it is not as right as it must be.

    It is 0 where there is no corpus, and 2 where there is one that cannot be used or ndpiReader is lacking.
    """
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    try:
        with tempfile.TemporaryDirectory(prefix="wicket-corpus-") as directory:
            corpus = unpack(Path(directory))
            version = ndpi.version()
            found = measure(corpus)
    except NoCorpusError as absent:
        console.print(f"accuracy: skipped: {absent}", soft_wrap=True, markup=False)
        return
    except (BadCorpusError, ndpi.NoReaderError, replayed.ReplayError) as error:
        print(f"accuracy: {error}", file=sys.stderr)
        sys.exit(2)
    _write(file, json.dumps(telling.as_json(found.judgements), indent=1))
    _write(listing, "\n".join(_all(found.judgements)))
    for line in _told(corpus, found, listing):
        console.print(line, soft_wrap=True, markup=False)
    title = f"wicket replay and ndpiReader {version}: {len(corpus.captures):,} captures, {len(corpus.labels):,} flows"
    console.print("", telling.table(title, found.judgements), "")
    failings = telling.failings(found.judgements[WICKET], found.judgements[NDPI])
    for line in failings:
        console.print(f"not as it must be: {line}", soft_wrap=True, markup=False)
    sys.exit(1 if failings else 0)


def _told(corpus: Corpus, found: Measurement, listing: Path) -> Iterable[str]:
    """Yield what stands above the table."""
    yield from (f"not counted, nobody says what it must give: {capture}" for capture in corpus.untold)
    for flow in sorted(found.mid_session):
        yield f"not counted, label {corpus.labels[flow].protocol}, but the capture holds no opening: {flow}"
    for flow in sorted(found.cut):
        yield f"not counted, label {corpus.labels[flow].protocol}, but cut when captured, and told so: {flow}"
    yield from (f"wicket disagrees: {disagreement}" for disagreement in found.judgements[WICKET].disagreements)
    theirs = found.judgements[NDPI].disagreements
    yield f"nDPI disagrees on {len(theirs):,} flows, listed in {listing}: {'; '.join(telling.kinds(theirs)) or 'none'}"
    yield from ndpi.HOW
    unguessed = found.unguessed.overall
    yield f"Without its guesses by port (-d) nDPI finds {unguessed.true:,} of {unguessed.true + unguessed.missed:,}."


def _all(judgements: dict[str, Judgement]) -> Iterable[str]:
    for who, judgement in judgements.items():
        yield from (f"{who}: {disagreement}" for disagreement in judgement.disagreements)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{text}\n")


if __name__ == "__main__":
    main()
