"""Where a list has got to: which line of serials, and which of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Position:
    """One state of a list.

    Attributes:
        epoch: 32 hexadecimal digits, the name of a line of serials; serials of another epoch mean nothing here. Empty:
            nothing was ever followed.
        serial: one more with every change.
    """

    epoch: str = ""
    serial: int = 0

    def __str__(self) -> str:
        return f"{self.epoch}:{self.serial}"

    @property
    def etag(self) -> str:
        """The position as a strong entity tag (RFC 9110, section 8.8.3)."""
        return f'"{self}"'

    @property
    def next(self) -> "Position":
        """The position after one more change."""
        return Position(self.epoch, self.serial + 1)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a union of two lists stands: what a generation in the kernel says of itself.

    Attributes:
        revision: counts the changes of either list.
        local: the serial of the local list.
        followed: where the feed's list has got to.
    """

    revision: int
    local: int = 0
    followed: Position = Position()
