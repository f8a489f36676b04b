"""Each header of the program by itself: it includes what it uses, and only once, whoever else includes it."""

from collections import Counter

import pytest

from control.datapath.program.compile import compiled, source
from control.vocabulary import BPF_DIRECTORY

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:bcc")  # bcc's own business

HEADERS = sorted(path.name for path in BPF_DIRECTORY.glob("*.h"))


@pytest.mark.parametrize("name", HEADERS)
def test_it_compiles_alone(name: str) -> None:
    compiled(source(name), "-Werror")


@pytest.mark.parametrize("name", ["wicket.c", *HEADERS])
def test_what_it_includes_is_there_once(name: str) -> None:
    guards = Counter(line for line in source(name).splitlines() if line.startswith("#define WICKET_"))
    assert set(guards.values()) <= {1}


def test_the_program_is_of_all_headers() -> None:
    told = {line.split('"')[1] for line in source().splitlines() if line.startswith("#line")}
    assert told == {"wicket.c", *HEADERS}


@pytest.mark.parametrize(
    "faulty",
    ["static __always_inline u32 f(u32 x) { return mix(x); }", "static __always_inline u32 f(void) { return RULES; }"],
    ids=["a function", "a number"],
)
def test_what_is_not_included_is_missed(faulty: str) -> None:
    with pytest.raises(Exception, match="Failed to compile"):
        compiled(faulty, "-Werror")
