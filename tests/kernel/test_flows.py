"""Whose packet a frame is: what replay names, against what the kernel read and against what the frame was built of."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from socket import AF_INET, AF_INET6, inet_ntop
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from control.allowlist.mapped import Address
from control.datapath.probe.frames import ETHERTYPE, TCP, UDP
from control.replay.flow import Flow
from control.replay.flows import replay
from lab.packets import word
from tests.kernel.situations import Edge
from tests.unit.test_capture import pcap, record

LINK_HEADERS, EXTENSION_HEADERS = 6, 8  # that the program looks behind, bpf/parse.h
TRANSPORT_BYTES = {UDP: 8, TCP: 20}
FRAGMENT, ESP = 44, 50
EXTENSIONS = {"hop-by-hop": 0, "routing": 43, "destination": 60, "mobility": 135, "HIP": 139, "shim6": 140}
PPP = {4: 0x0021, 6: 0x0057}  # RFC 1332, RFC 5072

Name = tuple[int, str, int, str, int]
"""Of a flow: the IP protocol, and the address and port of either end, the lower one first."""


@dataclass(frozen=True)
class Tag:
    """A VLAN tag, by its ethertype."""

    ethertype: int

    is_readable = True

    def bytes_before(self, after: int) -> bytes:
        return word(7, 2) + word(after, 2)


@dataclass(frozen=True)
class Label:
    """An MPLS label, the last of its stack or not."""

    is_last: bool
    ethertype: int = 0x8847

    is_readable = True

    def bytes_before(self, _after: int) -> bytes:
        return word(16 << 12 | self.is_last << 8 | 9)


@dataclass(frozen=True)
class Session:
    """A PPPoE session header: version and type in one byte, both 1 by RFC 2516, and a code, 0."""

    version_type: int
    code: int
    protocol: int | None = None
    """Of PPP; none: that of the IP packet behind."""
    ethertype: int = 0x8864

    @property
    def is_readable(self) -> bool:
        return (self.version_type, self.code, self.protocol) == (0x11, 0, None)

    def bytes_before(self, after: int) -> bytes:
        ppp = PPP[4 if after == 0x0800 else 6] if self.protocol is None else self.protocol
        return bytes([self.version_type, self.code]) + bytes(4) + word(ppp, 2)


@dataclass(frozen=True)
class Extension:
    """An IPv6 extension header; ``offset`` is a fragment header's, in units of 8 bytes."""

    number: int
    units: int = 0
    offset: int = 0

    def bytes_before(self, after: int) -> bytes:
        if self.number == FRAGMENT:
            return bytes([after, 0]) + word(self.offset << 3 | 1, 2) + bytes(4)
        return bytes([after, self.units]) + bytes(6 + 8 * self.units)


@dataclass(frozen=True)
class Frame:
    """A frame by its parts.

    Attributes:
        extensions: of IPv6; an IPv4 packet has ``options`` in their place.
        offset: of an IPv4 fragment, in units of 8 bytes.
        cut: bytes missing at the end.
    """

    link: tuple[Any, ...]
    source: Address
    destination: Address
    protocol: int
    ports: tuple[int, int]
    extensions: tuple[Extension, ...] = ()
    options: int = 0
    offset: int = 0
    cut: int = 0

    @property
    def headers(self) -> bytes:
        return self._link() + self._ip() + self._transport()

    @property
    def least_bytes(self) -> int:
        """What must be there for the flow to be known: the headers, all of them."""
        return len(self.headers)

    @property
    def content(self) -> bytes:
        whole = self.headers + bytes(12)
        return whole[: max(14, len(whole) - self.cut)]

    @property
    def name(self) -> Name | None:
        """The flow's name; None where the program cannot or does not look that deep."""
        is_readable = all(header.is_readable for header in self.link) and len(self.content) >= self.least_bytes
        is_later_fragment = self.offset or any(each.offset for each in self.extensions)
        if not is_readable or is_later_fragment:
            return None
        if len(self.link) > LINK_HEADERS or len(self.extensions) > EXTENSION_HEADERS:
            return None
        ports = self.ports if self.protocol in TRANSPORT_BYTES else (0, 0)
        lower, upper = sorted(zip((self.source.packed, self.destination.packed), ports, strict=True))
        kind = AF_INET if self.source.version == 4 else AF_INET6
        return self.protocol, inet_ntop(kind, lower[0]), lower[1], inet_ntop(kind, upper[0]), upper[1]

    def _link(self) -> bytes:
        ip = int.from_bytes(ETHERTYPE[self.source.version])
        types = [*(header.ethertype for header in self.link), ip]
        behind = zip(self.link, types[1:], strict=True)
        return bytes(12) + word(types[0], 2) + b"".join(header.bytes_before(after) for header, after in behind)

    def _ip(self) -> bytes:
        size, ends = len(self._transport()) + 12, self.source.packed + self.destination.packed
        if self.source.version == 4:
            total = word(20 + 4 * self.options + size, 2)
            head = bytes([0x45 + self.options, 0]) + total + bytes(2) + word(self.offset, 2)
            return head + bytes([64, self.protocol, 0, 0]) + ends + b"\1" * (4 * self.options)
        numbers = [*(each.number for each in self.extensions), self.protocol]
        behind = zip(self.extensions, numbers[1:], strict=True)
        extensions = b"".join(header.bytes_before(after) for header, after in behind)
        return b"\x60\0\0\0" + word(len(extensions) + size, 2) + bytes([numbers[0], 64]) + ends + extensions

    def _transport(self) -> bytes:
        ports = word(self.ports[0], 2) + word(self.ports[1], 2)
        if self.protocol == UDP:
            return ports + word(20, 2) + bytes(2)
        return ports + bytes(8) + b"\x50\x18" + bytes(6) if self.protocol == TCP else b""


def tags(most: int) -> Any:
    return st.lists(st.sampled_from([Tag(0x8100), Tag(0x88A8), Tag(0x9100)]), max_size=most)


SESSIONS = st.builds(
    Session, st.sampled_from([0x11, 0x11, 0x12, 0x21]), st.sampled_from([0, 0, 0xA7]), st.sampled_from([None, 0xC021])
)
LABELS = st.integers(1, 8).map(lambda count: (*[Label(False)] * (count - 1), Label(True)))
LINKS = st.builds(lambda tags, rest: (*tags, *rest), tags(8), st.just(()) | SESSIONS.map(lambda one: (one,)) | LABELS)
CHAINS = st.lists(
    st.builds(Extension, st.sampled_from(list(EXTENSIONS.values())), st.integers(0, 2))
    | st.builds(Extension, st.just(FRAGMENT), st.just(0), st.sampled_from([0, 0, 0, 9])),
    max_size=10,
).map(tuple)
COMMON: dict[str, Any] = {
    "link": LINKS,
    "protocol": st.sampled_from([UDP, UDP, TCP, 1, 50, 51, 132]),
    "ports": st.tuples(st.integers(1, 0xFFFF), st.integers(1, 0xFFFF)),
    "cut": st.just(0) | st.integers(0, 120),
}
FOUR, SIX = st.integers(1, (1 << 32) - 1).map(IPv4Address), st.integers(1, (1 << 128) - 1).map(IPv6Address)
FRAMES = st.builds(
    Frame, source=FOUR, destination=FOUR, options=st.integers(0, 10), offset=st.sampled_from([0, 0, 0, 9]), **COMMON
) | st.builds(Frame, source=SIX, destination=SIX, extensions=CHAINS, **COMMON)


def between6(*extensions: Extension, link: tuple[Any, ...] = (), protocol: int = UDP, cut: int = 0) -> Frame:
    ends = ip_address("2001:db8::9"), ip_address("2001:db8::10")
    return Frame(link, *ends, protocol, (40000, 51820), extensions, cut=cut)


def between4(options: int, protocol: int, cut: int) -> Frame:
    return Frame((), ip_address("192.0.2.9"), ip_address("192.0.2.10"), protocol, (40000, 51820), (), options, cut=cut)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("flows") / "one.pcap"


@given(FRAMES)
@example(between6(Extension(EXTENSIONS["mobility"])))
@example(between6(Extension(EXTENSIONS["HIP"], 1), Extension(EXTENSIONS["shim6"])))
@example(between6(link=(Tag(0x8100),) * LINK_HEADERS))
@example(between6(link=(Tag(0x8100),) * (LINK_HEADERS + 1)))
@example(between6(link=(Session(0x21, 0),)))
@example(between6(*[Extension(EXTENSIONS["destination"])] * (EXTENSION_HEADERS + 1)))
@example(between6(Extension(EXTENSIONS["destination"], 1), protocol=ESP, cut=12 + 8))
@example(between6(Extension(EXTENSIONS["destination"], 1), protocol=ESP, cut=12 + 9))
@example(between6(Extension(EXTENSIONS["destination"], 1), cut=12 + 1))
@example(between4(2, ESP, 12 + 8))
@example(between4(2, ESP, 12 + 9))
@example(between4(2, UDP, 12 + 1))
def test_a_flow_has_the_ends_that_the_kernel_read(edge: Edge, file: Path, frame: Frame) -> None:
    file.write_bytes(pcap(record(frame.content)))
    result = replay(file, edge)
    name = name_of(*result.flows) if result.flows else None
    assert name == frame.name
    assert result.strays == (name is None)
    if name:
        answer = edge.probe(frame.content)
        assert (answer.family, answer.ip_protocol) == (frame.source.version, name[0])
        assert answer.source and answer.destination
        assert sorted((answer.source.port, answer.destination.port)) == sorted((name[2], name[4]))


def name_of(flow: Flow) -> Name:
    return flow.ip_protocol, flow.a.address, flow.a.port, flow.b.address, flow.b.port
