"""The captures that nobody on this project recorded."""

from dataclasses import replace

import pytest

from bench.accuracy.corpus import FRESH, Corpus, NoCorpusError, unpack


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The corpus beside the repository, or in WICKET_CORPUS."""
    try:
        return unpack(tmp_path_factory.mktemp("corpus"))
    except NoCorpusError as absent:
        pytest.skip(str(absent))


@pytest.fixture(scope="session")
def corpus(everything: Corpus) -> Corpus:
    """What the archive holds."""
    return _part(everything, fresh=False)


@pytest.fixture(scope="session")
def fresh(everything: Corpus) -> Corpus:
    """The small captures beside it, each with a point."""
    return _part(everything, fresh=True)


def _part(corpus: Corpus, *, fresh: bool) -> Corpus:
    captures = [path for path in corpus.captures if (path.parent.name == FRESH) == fresh]
    labels = {flow: label for flow, label in corpus.labels.items() if (flow.origin == FRESH) == fresh}
    return replace(corpus, captures=captures, labels=labels)
