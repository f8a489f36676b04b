"""Refusals: the one way in which every part says no, with what, where and what to do.

A ``Refused`` travels unchanged from where it is raised (a list's row, a setting's line, the kernel) over the
agent's socket to the command line or the API, which only choose how to show it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Literal


class Kind(StrEnum):
    """What sort of refusal one is: stable, for programs. docs/errors.md has a section for each."""

    BAD_REQUEST = "bad-request"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    NOT_ACCEPTABLE = "not-acceptable"
    CONFLICT = "conflict"
    IN_FLIGHT = "in-flight"
    GONE = "gone"
    STALE = "stale"
    TOO_LARGE = "too-large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type"
    BAD_LIST = "bad-list"
    INVALID = "invalid"
    IDEMPOTENCY = "idempotency"
    PRECONDITION_REQUIRED = "precondition-required"
    RATE_LIMITED = "rate-limited"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"
    NO_ROOM = "no-room"
    BAD_CONFIGURATION = "bad-configuration"
    INTERFACE = "interface"
    FOREIGN_PROGRAM = "foreign-program"
    BAD_PINS = "bad-pins"
    BUSY = "busy"
    UNREADABLE = "unreadable"

    @classmethod
    def _missing_(cls, value: object) -> "Kind":
        return cls.INTERNAL  # of an agent of another version


LONGEST = 1000
"""Characters of each part of a fault."""


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

    def __post_init__(self) -> None:
        """Cut what is too long to be read: a part of a bad request, which would grow answers, logs and the audit."""
        for name in ("where", "why", "mend"):
            text = getattr(self, name)
            if len(text) > LONGEST:
                object.__setattr__(self, name, f"{text[:LONGEST]}…")

    def __str__(self) -> str:
        return f"{self.where}: {self.why}; {self.mend}"


class Refused(Exception):
    """Something was asked that is not done; nothing has changed, unless ``done`` says that this is not known.

    Attributes:
        kind: which sort of refusal it is; "internal" where another version said one that is not known here.
        title: one line for people, the same for each refusal of its kind and cause.
        faults: every fault found, at least one.
        done: false; none where it is not known whether what was asked was done.
    """

    def __init__(self, kind: Kind, title: str, faults: Sequence[Fault], *, done: Literal[False] | None = False) -> None:
        if not faults:
            raise ValueError(f"a refusal needs a fault: {kind!r}")
        self.kind, self.title, self.faults, self.done = kind, title, tuple(faults), done
        super().__init__(kind, title, self.faults)

    def __str__(self) -> str:
        return "\n".join([self.title, *(f"  {fault}" for fault in self.faults)])

    def to_dict(self) -> dict[str, Any]:
        """Return the refusal as JSON types, for the agent's socket."""
        faults = [asdict(fault) for fault in self.faults]
        return {"kind": self.kind, "title": self.title, "faults": faults, "done": self.done}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Refused":
        """Return the refusal that ``to_dict`` described."""
        faults = [Fault(**fault) for fault in data["faults"]]
        return cls(Kind(data["kind"]), data["title"], faults, done=data.get("done", False))


class BadValueError(ValueError):
    """One value is refused; whoever knows its place makes a ``Fault`` of it.

    It is a ValueError so that a pydantic validator can raise it and its words are kept.
    """

    def __init__(self, why: str, mend: str) -> None:
        self.why, self.mend = why, mend
        super().__init__(why, mend)

    def __str__(self) -> str:
        return f"{self.why}; {self.mend}"


SHOWN = 60
"""Characters of a bad value that a fault repeats."""


def shown(value: object) -> str:
    """Return a bad value as a fault shows it: short, without what a terminal would obey, or a URL's password."""
    try:
        text = value if isinstance(value, str) else repr(value)
    except RecursionError:
        text = "what lies too deep in itself"
    text = re.sub(r"(?<=://).*@", "…@", text, flags=re.DOTALL)
    text = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text[: SHOWN + 1])
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
