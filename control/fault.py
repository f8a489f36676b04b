"""Refusals: the one way in which every part says no, with what, where and what to do.

A ``Refused`` travels unchanged from where it is raised (a list's row, a setting's line, the kernel) over the
agent's socket to the command line or the API, which only choose how to show it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

# Each kind of refusal and the HTTP status (RFC 9110, section 15) that the API answers with. docs/errors.md has a
# section for each.
STATUS: Mapping[str, int] = {
    "bad-request": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not-found": 404,
    "method-not-allowed": 405,
    "not-acceptable": 406,
    "conflict": 409,
    "in-flight": 409,
    "gone": 410,
    "stale": 412,
    "too-large": 413,
    "unsupported-media-type": 415,
    "bad-list": 422,
    "invalid": 422,
    "idempotency": 422,
    "precondition-required": 428,
    "rate-limited": 429,
    "internal": 500,
    "unavailable": 503,
    "no-room": 507,
    "bad-configuration": 500,
    "interface": 409,
    "foreign-program": 409,
    "bad-pins": 500,
    "busy": 409,
    "unreadable": 400,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        where: the place as its writer sees it: "row 17, address", "line 3, interfaces", "eth0".
        why: what is wrong there, with the value found.
        mend: what to do about it.
    """

    where: str
    why: str
    mend: str

    def __str__(self) -> str:
        return f"{self.where}: {self.why}; {self.mend}"


class Refused(Exception):
    """Something was asked that is not done; nothing has changed.

    Attributes:
        kind: a key of STATUS, stable, for programs.
        title: one line for people, the same for each refusal of its kind and cause.
        faults: every fault found, at least one.
    """

    def __init__(self, kind: str, title: str, faults: Sequence[Fault]) -> None:
        if kind not in STATUS or not faults:
            raise ValueError(f"a refusal needs a kind of STATUS and a fault: {kind!r}, {faults!r}")
        self.kind, self.title, self.faults = kind, title, tuple(faults)
        super().__init__(kind, title, self.faults)

    def __str__(self) -> str:
        return "\n".join([self.title, *(f"  {fault}" for fault in self.faults)])

    def to_dict(self) -> dict[str, Any]:
        """Return the refusal as JSON types, for the agent's socket."""
        return {"kind": self.kind, "title": self.title, "faults": [asdict(fault) for fault in self.faults]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Refused":
        """Return the refusal that ``to_dict`` described."""
        return cls(data["kind"], data["title"], [Fault(**fault) for fault in data["faults"]])


class BadValueError(ValueError):
    """One value is refused; whoever knows its place makes a ``Fault`` of it.

    It is a ValueError so that a pydantic validator can raise it and its words are kept.
    """

    def __init__(self, why: str, mend: str) -> None:
        self.why, self.mend = why, mend
        super().__init__(why, mend)


SHOWN = 60
"""Characters of a bad value that a fault repeats."""


def shown(value: object) -> str:
    """Return a bad value as a fault shows it: short, without what a terminal would obey, or a URL's password."""
    text = re.sub(r"(?<=://).*@", "…@", value if isinstance(value, str) else repr(value), flags=re.DOTALL)
    text = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text[: SHOWN + 1])
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
