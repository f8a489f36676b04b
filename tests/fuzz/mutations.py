"""Small damage: a field at its bounds, bits, bytes gone or more, two frames spliced."""

from collections.abc import Callable, Sequence
from random import Random

LEAST = 14  # bytes of a frame that the kernel runs a program on: Ethernet's header
MOST = 3520  # the same: what fits a page beside its head- and tailroom
HEADERS = 120  # bytes from the beginning, where most fields are


def mutated(random: Random, frame: bytes, others: Sequence[bytes]) -> bytes:
    """Return a frame with one to four damages."""
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        frame = random.choice(DAMAGES)(random, frame, others)
    return fitting(frame)


def fitting(frame: bytes) -> bytes:
    """Return the frame in a size that the kernel takes."""
    return frame[:MOST].ljust(LEAST, b"\0")


def bounds(value: int, size: int) -> set[int]:
    """Return what a field of so many bytes is tried with: 0, 1, the most, one more and one less than it is."""
    most = (1 << 8 * size) - 1
    return {0, 1, most, most - 1, (most >> 1) + 1, value - 1 & most, value + 1 & most} - {value}


def _place(random: Random, frame: bytes) -> int:
    return random.randrange(min(len(frame), HEADERS) if random.randrange(4) else len(frame))


def _field(random: Random, frame: bytes, others: Sequence[bytes]) -> bytes:
    size, at = random.choice((1, 1, 2, 2, 4)), _place(random, frame)
    field = frame[at : at + size]
    values = sorted(bounds(int.from_bytes(field), len(field)))
    return frame[:at] + random.choice(values).to_bytes(len(field), "big") + frame[at + size :]


def _bit(random: Random, frame: bytes, others: Sequence[bytes]) -> bytes:
    at = _place(random, frame)
    return frame[:at] + bytes([frame[at] ^ 1 << random.randrange(8)]) + frame[at + 1 :]


def _byte(random: Random, frame: bytes, others: Sequence[bytes]) -> bytes:
    at = _place(random, frame)
    return frame[:at] + bytes([random.randrange(256)]) + frame[at + 1 :]


def _cut(random: Random, frame: bytes, others: Sequence[bytes]) -> bytes:
    return frame[: max(LEAST, random.randrange(len(frame)))]


def _gone(random: Random, frame: bytes, others: Sequence[bytes]) -> bytes:
    at = _place(random, frame)
    return fitting(frame[:at] + frame[at + random.choice((1, 2, 4, 8, 16)) :])


def _more(random: Random, frame: bytes, others: Sequence[bytes]) -> bytes:
    at = random.choice((_place(random, frame), len(frame)))
    return frame[:at] + random.choice((bytes, random.randbytes))(random.choice((1, 2, 4, 8, 16))) + frame[at:]


def _twice(random: Random, frame: bytes, others: Sequence[bytes]) -> bytes:
    """A piece once more: a tag, a label or an extension header, when it is hit."""
    at, size = _place(random, frame), random.choice((4, 4, 8, 20, 40))
    return frame[: at + size] + frame[at : at + size] + frame[at + size :]


def _splice(random: Random, frame: bytes, others: Sequence[bytes]) -> bytes:
    other = random.choice(others)
    return fitting(frame[: _place(random, frame)] + other[_place(random, other) :])


DAMAGES: tuple[Callable[[Random, bytes, Sequence[bytes]], bytes], ...] = (
    _field, _field, _field, _bit, _bit, _byte, _cut, _gone, _more, _twice, _splice,
)  # fmt: skip
