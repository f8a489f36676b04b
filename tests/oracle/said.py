"""What there is to say of a frame."""

from typing import NamedTuple


class Said(NamedTuple):
    """What a frame is.

    Attributes:
        protocol: by the product's name; "none" for what is no VPN traffic.
        opens: whether it opens a session.
        why: for what is none, why: "ordinary", "fragment", "truncated" or "unknown"; else "".
    """

    protocol: str
    opens: bool
    why: str


def opens(protocol: str) -> Said:
    return Said(protocol, True, "")


def continues(protocol: str) -> Said:
    return Said(protocol, False, "")


ORDINARY = Said("none", False, "ordinary")


class Unread(Exception):
    """The headers cannot be read to their end, which is said of the frame: ``said``."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.said = Said("none", False, why)


def truncated() -> Unread:
    """A header that is announced is not all there, or says that it is shorter than it can be."""
    return Unread("truncated")


def unknown() -> Unread:
    """It is no IP, or stacked deeper than is looked."""
    return Unread("unknown")


def fragment() -> Unread:
    """It is not its datagram's first fragment, and so has no header to read."""
    return Unread("fragment")
