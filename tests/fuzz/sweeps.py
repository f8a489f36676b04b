"""What is gone through one by one: truncations, fields at their bounds, tags, labels, options, extension headers."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random

from tests.fuzz import packets
from tests.fuzz.carriers import DO_NOT, EXTENSIONS, MORE, PPP, frame_head, ip4, ip6, transport
from tests.fuzz.mutations import HEADERS, LEAST, bounds
from tests.oracle import ip, link

SIZES = (1, 2, 4)
DEEPER = 2  # tags and extension headers more than are looked behind
OPTIONS = range(0, 44, 4)
OFFSETS = (0, 1, 0x1FFF)

Header = Callable[[int, bytes], bytes]
"""Puts an IP header in front of a packet, given the number of its protocol."""


def sweep(seeds: Sequence[bytes]) -> Iterator[bytes]:
    """Yield every frame that is gone through, in an order that is always the same."""
    yield from seeds
    yield from truncations(seeds)
    yield from carried()
    yield from at_bounds(seeds)


def truncations(seeds: Sequence[bytes]) -> Iterator[bytes]:
    for seed in seeds:
        for end in range(LEAST, len(seed)):
            yield seed[:end]


def at_bounds(seeds: Sequence[bytes]) -> Iterator[bytes]:
    """Each place of the headers as a field of one, two and four bytes."""
    for seed in seeds:
        for size, at in itertools.product(SIZES, range(min(len(seed), HEADERS))):
            field = seed[at : at + size]
            for value in sorted(bounds(int.from_bytes(field), len(field))):
                yield seed[:at] + value.to_bytes(len(field), "big") + seed[at + size :]


def carried() -> Iterator[bytes]:
    """A packet of each kind in each link, behind each IPv4 header and each chain of extension headers."""
    random = Random(1)
    contents = [kind(random) for kind in packets.KINDS for _ in range(3)]
    plain: dict[int, Header] = {4: ip4, 6: partial(ip6, chain=[])}
    odd = {4: list(headers4()), 6: list(headers6())}
    for content in contents:
        packet = transport(random, content)
        for version in PPP:
            for head in heads(version):
                yield head + plain[version](content.protocol, packet)
            for head in (frame_head(version, []), frame_head(version, [min(link.TAGS)], "labels", 2)):
                yield from (head + header(content.protocol, packet) for header in odd[version])


def heads(version: int) -> Iterator[bytes]:
    """Every nesting of tags, then labels or PPPoE, up to too many."""
    most = link.MOST_HEADERS + DEEPER
    for tags in range(most):
        for kinds in {*itertools.product(sorted(link.TAGS), repeat=min(tags, 2))}:
            nested = [*kinds, *[min(link.TAGS)] * (tags - len(kinds))]
            yield frame_head(version, nested)
            yield frame_head(version, nested, "PPPoE")
            yield from (frame_head(version, nested, "labels", labels) for labels in range(1, most))


def headers4() -> Iterator[Header]:
    for options, flags, offset in itertools.product(OPTIONS, (0, DO_NOT, MORE), OFFSETS):
        yield partial(ip4, options=options, flags=flags | offset)


def headers6() -> Iterator[Header]:
    """Chains of one kind up to too many; all of two and of three kinds; each longer, and as a later fragment."""
    for kind in EXTENSIONS:
        yield from (partial(ip6, chain=[_extension(kind)] * depth) for depth in range(1, ip.MOST_EXTENSIONS + DEEPER))
        yield from (partial(ip6, chain=[_extension(kind, units)]) for units in (1, 2, 31, 255))
    for depth in (2, 3):
        yield from (_chained(kinds) for kinds in itertools.product(EXTENSIONS, repeat=depth))
    for before, offset in itertools.product(range(ip.MOST_EXTENSIONS + 1), (1, 7, 8, 9, 0xFFF9)):
        later = ip.FRAGMENT_HEADER, b"\0" + packets.number(offset, 2) + bytes(4)
        yield partial(ip6, chain=[*[_extension(60)] * before, later])


def _chained(kinds: Sequence[int]) -> Header:
    return partial(ip6, chain=[_extension(kind) for kind in kinds])


def _extension(kind: int, units: int = 0) -> tuple[int, bytes]:
    if kind == ip.FRAGMENT_HEADER:
        return kind, b"\0\0\1" + bytes(4)
    return kind, packets.number(units, 1) + bytes(6 + 8 * min(units, 31))
