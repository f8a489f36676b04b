"""What `wicket explain` is told: where the program found what in a frame, and which entry matched."""

from dataclasses import asdict
from ipaddress import ip_network

import numpy as np
import pytest
from scapy.layers.inet6 import IPv6ExtHdrDestOpt
from scapy.packet import Packet, Padding, Raw

from control.allowlist.entry import Entry
from control.datapath.probe.answer import ANSWER, End, answer_of
from control.datapath.probe.probe import MOST
from control.vocabulary import PROTOCOLS
from lab.packets import CLIENT4, CLIENT6, LINKS, SERVER4, SERVER6, ether, ip4, ip6, noise, tcp, udp
from tests.kernel.questions import Question
from tests.kernel.situations import Edge
from tests.kernel.table.tunnels import SEALED

UDP = udp(noise(40), 53, 1053)
TCP = tcp(noise(40), 443, 1443, options=[("NOP", None)] * 4)

# what: the frame; family, IP protocol, ports, offset of IP, of the payload, and the payload's length
PLACES: dict[str, tuple[Packet, tuple[int, ...]]] = {
    "UDP": (ether() / ip4() / UDP, (4, 17, 1053, 53, 14, 42, 40)),
    "UDP behind IPv4 options": (ether() / ip4(options=b"\1" * 8) / UDP, (4, 17, 1053, 53, 14, 50, 40)),
    "UDP over IPv6": (ether() / ip6() / UDP, (6, 17, 1053, 53, 14, 62, 40)),
    "UDP behind an extension header": (ether() / ip6() / IPv6ExtHdrDestOpt() / UDP, (6, 17, 1053, 53, 14, 70, 40)),
    "UDP in QinQ": (LINKS["QinQ"] / ip4() / UDP, (4, 17, 1053, 53, 22, 50, 40)),
    "UDP in PPPoE": (LINKS["PPPoE"] / ip4() / UDP, (4, 17, 1053, 53, 22, 50, 40)),
    "UDP behind three labels": (LINKS["three MPLS labels"] / ip6() / UDP, (6, 17, 1053, 53, 26, 74, 40)),
    "TCP with options": (ether() / ip4() / TCP, (4, 6, 1443, 443, 14, 58, 40)),
    "ESP, which has no ports": (ether() / ip4() / SEALED, (4, 50, 0, 0, 14, 34, 72)),
    "no IP": (ether(type=0x88B5) / UDP, (0, 0, 0, 0, 0, 0, 0)),
    "a fragment": (ether() / ip4(frag=9, proto=17) / UDP, (4, 0, 0, 0, 14, 0, 0)),
}


@pytest.mark.parametrize(("packet", "expected"), PLACES.values(), ids=PLACES)
def test_where_things_are(edge: Edge, packet: Packet, expected: tuple[int, ...]) -> None:
    answer = edge.probe(bytes(packet))
    ports = [end.port if end else 0 for end in (answer.source, answer.destination)]
    offsets = answer.ip_offset, answer.payload_offset, answer.payload_length
    assert (answer.family, answer.ip_protocol, *ports, *offsets) == expected


@pytest.mark.parametrize("link", LINKS)
def test_the_ends_of_a_packet(edge: Edge, link: str) -> None:
    for ip, client, server in ((ip4(), CLIENT4, SERVER4), (ip6(), CLIENT6, SERVER6)):
        answer = edge.probe(bytes(LINKS[link] / ip / UDP))
        assert (answer.source, answer.destination) == (End(str(client), 1053), End(str(server), 53))


SHORT = udp(b"\x38" + noise(53), 1194)  # tls-auth's length, a reset's first byte: its replay id decides
EMPTY = tcp(b"", 1723, flags="S", options=[("NOP", None)] * 8)

# what: the packet, how many of its bytes the frame has, and whether what it is lies in those that are missing
WANTED: dict[str, tuple[Packet, int, bool]] = {
    "a whole packet": (ether() / ip4() / SHORT, 96, False),
    "cut behind what is asked for": (ether() / ip4() / SHORT, 60, True),
    "cut in front of its header's end": (ether() / ip4() / SHORT, 40, True),
    "cut in its IP header": (ether() / ip4() / SHORT, 30, True),
    "cut behind its payload, which is short": (ether() / ip4() / udp(b"\x38", 1194) / Padding(bytes(17)), 50, False),
    "of no payload, cut in its options": (ether() / ip4() / EMPTY, 56, False),
    "cut, and its length left to the card": (ether() / ip4(len=0) / SHORT, 40, True),
    "IPv6, cut, and its length left to the card": (ether() / ip6(plen=0) / SHORT, 60, True),
    "cut where nothing is asked for": (ether() / ip4() / udp(noise(200), 4433), 90, False),
}


@pytest.mark.parametrize(("packet", "size", "expected"), WANTED.values(), ids=WANTED)
def test_what_a_frame_lacks_is_told_where_it_matters(edge: Edge, packet: Packet, size: int, expected: bool) -> None:
    answer = edge.probe(bytes(packet)[:size])
    assert (answer.protocol, answer.short_read) == ("none", expected)


NO_ENDS = {
    "no IP": ether(type=0x88B5) / UDP,
    "an IPv4 header cut short": ether(type=0x0800) / Raw(b"\x45" + bytes(18)),
    "an IPv6 header cut short": ether(type=0x86DD) / Raw(b"\x60" + bytes(38)),
    "a header of another version": ether(type=0x0800) / Raw(b"\x65" + bytes(30)),
}


@pytest.mark.parametrize("packet", NO_ENDS.values(), ids=NO_ENDS)
def test_a_packet_without_ends(edge: Edge, packet: Packet) -> None:
    answer = edge.probe(bytes(packet))
    assert (answer.source, answer.destination, answer.matched) == (None, None, None)


@pytest.mark.parametrize("field", [name for name in ANSWER.names or () if not name.startswith("spare")])
def test_every_field_of_the_struct_is_told(field: str) -> None:
    """A field that nobody reads, or two that are mistaken for each other, would show here."""
    frame, raw = bytes(ether() / ip4() / UDP), np.zeros(1, ANSWER)
    raw["family"], raw["ip_offset"], raw["length"] = 4, 14, 120
    before = asdict(answer_of(raw[0], frame))
    raw[field] = {"family": 6, "ip_offset": 18, "length": 128}.get(field, 1)
    after = asdict(answer_of(raw[0], frame))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == TOLD_AS.get(field, {field})


TOLD_AS = {
    "length": {"prefix_length"},
    "rules": {"narrowed"},
    "bucket": {"exact_set"},
    "source_port": {"source"},
    "destination_port": {"destination"},
    "family": {"family", "prefix_length", "source", "destination"},
    "ip_offset": {"ip_offset", "source", "destination"},
}


@pytest.mark.parametrize(
    ("text", "protocols", "expected"),
    [
        ("203.0.113.5/32", (), (32, False, True)),
        ("203.0.113.5/32", ("wireguard",), (32, True, False)),
        ("203.0.113.4/31", (), (31, False, False)),
        ("203.0.0.0/16", ("wireguard", "ike"), (16, True, False)),
    ],
)
def test_which_entry_matched(edge: Edge, text: str, protocols: tuple[str, ...], expected: tuple[object, ...]) -> None:
    edge.register([Entry(ip_network(text), protocols)])
    answer = edge.probe(Question(CLIENT4, SERVER4).frame)
    assert (answer.side, answer.share) == ("destination", 0)
    assert (answer.prefix_length, answer.narrowed, answer.exact_set) == expected
    assert answer.matched == ip_network(text)


def test_which_generation_answers(edge: Edge) -> None:
    for _ in range(3):
        edge.register([Entry(ip_network(SERVER4))])
        assert edge.lists.live is not None
        assert edge.probe(Question(CLIENT4, SERVER4).frame).generation == edge.lists.live.slot


def test_a_frame_longer_than_a_test_run_takes(edge: Edge) -> None:
    answer = edge.probe(bytes(ether() / ip4() / udp(noise(9000), 53)))
    assert (answer.protocol, answer.payload_length) == ("none", 9000)
    assert len(bytes(ether() / ip4() / udp(noise(9000), 53))) > MOST


@pytest.mark.parametrize("size", [0, 1, 13])
def test_a_frame_shorter_than_its_ethernet_header(edge: Edge, size: int) -> None:
    with pytest.raises(ValueError, match=f"{size} bytes"):
        edge.probe(bytes(size))


@pytest.mark.parametrize("size", [14, 15, 34, 60, 1514, MOST])
@pytest.mark.parametrize("fill", [0x00, 0xFF, 0x45, 0x60])
def test_frames_of_one_byte_over_and_over(edge: Edge, size: int, fill: int) -> None:
    assert edge.probe(bytes([fill]) * size).protocol == PROTOCOLS[0]
