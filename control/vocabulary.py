"""The words that kernel and control plane share, read from ``bpf/maps.h``: protocols, verdicts, reasons, modes.

The header is the only place where they are written down; whoever needs a protocol's name or number takes it
from here, and a new line in the header is a new word everywhere.
"""

import re
from functools import cache
from pathlib import Path

BPF_DIRECTORY = Path(__file__).resolve().parent.parent / "bpf"
HEADER = BPF_DIRECTORY / "maps.h"


@cache
def header() -> str:
    """Return the text of ``bpf/maps.h`` without its comments."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", HEADER.read_text(), flags=re.DOTALL)


def words(enum: str) -> tuple[str, ...]:
    """Return the members of a C enum of the header in order, in lower case, without prefix and without the count.

    The members of ``enum verdict`` are VERDICT_PASS, VERDICT_DROP and VERDICTS, the count: ("pass", "drop").

    Raises:
        LookupError: the header has no such enum.
    """
    found = re.search(rf"enum {enum} \{{(.*?)\}}", header(), re.DOTALL)
    if not found:
        raise LookupError(f"{HEADER.name} has no enum {enum}")
    members = [member.strip() for member in found[1].split(",") if member.strip()]
    prefix = f"{enum.upper()}_"
    return tuple(member.removeprefix(prefix).lower() for member in members if member.startswith(prefix))


PROTOCOLS = words("protocol")
"""Protocol names by their number in the kernel; number 0 is "none"."""

VPN_PROTOCOLS = PROTOCOLS[1:]
"""The protocols that a policy or a narrowed entry can name."""

VERDICTS = words("verdict")
REASONS = words("reason")
MODES = words("mode")

ATTACH_MODES = ("auto", "native", "generic")
"""Where an interface's program runs: in the driver where it can, in the driver, in the stack."""
