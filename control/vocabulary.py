"""The words that kernel and control plane share, read from the headers in ``bpf``: protocols, verdicts, reasons, modes.

Those headers are the only place where they are written down; whoever needs a protocol's name or number takes it
from here, and a new line in a header is a new word everywhere.
"""

import re
from functools import cache
from pathlib import Path

BPF_DIRECTORY = Path(__file__).resolve().parent.parent / "bpf"
HEADERS = ("numbers.h", "generation.h", "words.h", "maps.h")
"""What Python reads of the program: numbers by name, what a list is made of, words and structures shared, the maps."""


@cache
def header() -> str:
    """Return the text of ``HEADERS`` without their comments."""
    text = "".join((BPF_DIRECTORY / name).read_text() for name in HEADERS)
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)


def words(enum: str) -> tuple[str, ...]:
    """Return the members of a C enum of the headers in order, in lower case, without prefix and without the count.

    The members of ``enum verdict`` are VERDICT_PASS, VERDICT_DROP and VERDICTS, the count: ("pass", "drop").

    Raises:
        LookupError: the headers have no such enum.
    """
    definition = re.search(rf"enum {enum} \{{(.*?)\}}", header(), re.DOTALL)
    if not definition:
        raise LookupError(f"the headers in bpf have no enum {enum}")
    members = [member.strip() for member in definition[1].split(",") if member.strip()]
    prefix = f"{enum.upper()}_"
    return tuple(member.removeprefix(prefix).lower() for member in members if member.startswith(prefix))


@cache
def constant(expression: str) -> int:
    """Return the value of a product of numbers, #defines and enum counts of the headers.

    Raises:
        LookupError: the headers do not define a name in it.
    """
    product = 1
    for word in (part.strip() for part in expression.split("*")):
        if word.isdigit():
            product *= int(word)
        elif define := re.search(rf"#define {word}\s+(0x[0-9a-f]+|\d+)\s", header()):
            product *= int(define[1], base=0)
        elif enum := re.search(rf"enum (\w+) \{{[^}}]*\b{word},\s*\}}", header()):
            product *= len(words(enum[1]))
        else:
            raise LookupError(f"the headers in bpf do not define {word}")
    return product


PROTOCOLS = words("protocol")
"""Protocol names by their number in the kernel; number 0 is "none"."""

VPN_PROTOCOLS = PROTOCOLS[1:]
"""The protocols that a policy or a narrowed entry can name."""

VERDICTS = words("verdict")
REASONS = words("reason")
MODES = words("mode")

REFUSABLE = ("monitor", "outside_share", "lease_over", "bypass", "enforced", "cut", "other_terms")
"""Reasons of packets that are refused, or would be, were their protocol enforced for all flows."""

ATTACH_MODES = ("auto", "native", "generic")
"""Where an interface's program runs: in the driver where it can, in the driver, in the stack."""
