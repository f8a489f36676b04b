"""Lists that a random walk does not reach: every length at once, a full map, a set that grows, a foreign list."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import numpy as np
import pytest

from control.allowlist.allowlist import Allowlist
from control.allowlist.columnar import Columns, of_ipv4
from control.allowlist.entry import Entry, Prefix
from control.rollout.change import SMALL
from control.vocabulary import VPN_PROTOCOLS, constant
from lab.packets import CLIENT4, CLIENT6, SERVER4, SERVER6
from tests.kernel.questions import ELSEWHERE, Question, about, around, registered_end
from tests.kernel.situations import Edge

NOTHING = Allowlist.empty()
BUCKET = constant("WIDE_SLOTS")  # hosts
FAMILIES: dict[int, type[IPv4Network] | type[IPv6Network]] = {32: IPv4Network, 128: IPv6Network}


def of_every_length(bits: int, step: int = 1) -> Iterator[Prefix]:
    """Prefixes of 2 bits and more that do not overlap: ones, and a zero at the end (10, 110, 1110, …)."""
    for length in range(2, bits + 1, step):
        yield FAMILIES[bits](((1 << length) - 2 << bits - length, length))


@pytest.mark.parametrize("bits", FAMILIES)
def test_every_length_at_once(edge: Edge, bits: int) -> None:
    widest = FAMILIES[bits]((1 << bits - 1, 1))
    edge.register(map(Entry, [*of_every_length(bits), widest]))
    for prefix in of_every_length(bits):
        for address in (prefix[0], prefix[-1]):
            answer = edge.probe(Question(ELSEWHERE[address.version], address).frame)
            assert (answer.side, answer.prefix_length) == ("destination", prefix.prefixlen)
    last = edge.probe(Question(ELSEWHERE[widest.version], widest[-1]).frame)
    assert (last.side, last.prefix_length) == ("destination", 1)


@pytest.mark.parametrize("bits", FAMILIES)
@pytest.mark.parametrize("in_place", [False, True])
def test_a_length_between_two_that_are_there(edge: Edge, bits: int, in_place: bool) -> None:
    """Even lengths are listed, odd ones are asked for too; added one by one they come in no order."""
    entries = list(map(Entry, of_every_length(bits, step=2)))
    edge.register([] if in_place else entries)
    for entry in entries[1::2] + entries[::2] if in_place else ():
        edge.change([entry], [])
    for prefix in of_every_length(bits):
        answer = edge.probe(Question(ELSEWHERE[prefix.version], prefix[0]).frame)
        assert answer.prefix_length == (0 if prefix.prefixlen % 2 else prefix.prefixlen)


@pytest.mark.parametrize("size", [3, 100, 5_000, 200_000, 300_000])
def test_hosts_are_where_numpy_put_them(edge: Edge, size: int) -> None:
    """Both languages hash alike, whatever the table's size and kind: hosts are found, nearly all in their bucket."""
    random = np.random.default_rng(size)
    hosts = np.unique(random.integers(1 << 24, 1 << 32, size, np.uint32))
    edge.register(Allowlist(of_ipv4(hosts)))
    asked = random.choice(hosts, min(size, 1000), replace=False).tolist()
    answers = [edge.probe(Question(CLIENT4, ip_address(address)).frame) for address in asked]
    assert {(answer.side, answer.prefix_length) for answer in answers} == {("destination", 32)}
    assert sum(answer.exact_set for answer in answers) > 0.9 * len(answers)


@pytest.mark.parametrize("size", [3, 100, 5_000, 100_000])
def test_ipv6_hosts_are_where_numpy_put_them(edge: Edge, size: int) -> None:
    random = np.random.default_rng(size)
    low = np.unique(random.integers(1, 1 << 63, size, np.uint64))
    high = np.full(len(low), 0x20010DB8_00000000, np.uint64)
    edge.register(
        Allowlist.from_rows(Columns(high, low, np.full(len(low), 128, np.uint8), np.zeros(len(low), np.uint32)))
    )
    asked = random.choice(low, min(size, 1000), replace=False).tolist()
    frames = [Question(CLIENT6, ip_address(0x20010DB8 << 96 | address)).frame for address in asked]
    answers = list(edge.probe_all(frames))
    assert {(answer.side, answer.prefix_length) for answer in answers} == {("destination", 128)}
    assert sum(answer.exact_set for answer in answers) > 0.9 * len(answers)
    strangers = [Question(CLIENT6, ip_address(0x20010DB9 << 96 | address)).frame for address in asked]
    assert {answer.side for answer in edge.probe_all(strangers)} == {None}


@pytest.mark.parametrize("plain", [True, False], ids=["the exact set grows", "the map of ends grows"])
def test_what_is_full_becomes_bigger_by_itself(edge: Edge, plain: bool) -> None:
    edge.register([])
    first = edge.lists.live
    assert first is not None
    hosts = np.arange(0xC6120000, 0xC6120000 + 4 * SMALL, dtype=np.uint32)  # 198.18.0.0, for benchmarks
    protocols = () if plain else ("wireguard",)
    held: list[Entry] = []
    for start in range(0, len(hosts), SMALL):
        batch = [Entry(IPv4Network(host), protocols) for host in hosts[start : start + SMALL].tolist()]
        held += batch
        edge.change(batch, [], held)
        assert edge.lists.live is not None and edge.lists.live.holds(Allowlist.from_entries(held))
    live = edge.lists.live
    assert live is not None and live is not first
    assert live.buckets > first.buckets if plain else live.capacity > first.capacity
    for entry in (*held[:: len(held) // 100], held[-1]):
        assert edge.probe(Question(CLIENT4, entry.prefix[0]).frame).side == "destination"
    assert edge.probe(Question(CLIENT4, ip_address(int(hosts[-1]) + 1)).frame).side is None


def test_more_generations_than_there_is_room_for(edge: Edge) -> None:
    """The oldest that is not live makes room; what is live stays."""
    edge.register([Entry(ip_network(SERVER4))])
    live = edge.lists.live
    for _ in range(10):
        edge.stage([Entry(ip_network(SERVER6))])
    assert edge.lists.live is live
    assert edge.probe(Question(CLIENT4, SERVER4).frame).side == "destination"
    assert len(edge.lists.held) == 8
    edge.lists.retire()
    assert len(edge.lists.held) == 2


NARROWED = {
    "one protocol": Entry(ip_network(SERVER4), ("wireguard",)),
    "every protocol but one": Entry(ip_network(SERVER4), tuple(name for name in VPN_PROTOCOLS if name != "openvpn")),
    "one wire protocol of a VPN, as was taken once": Entry(ip_network(SERVER4), ("pptp",)),
    "the other one": Entry(ip_network(SERVER4), ("gre_pptp",)),
    "what is carried, without its carrier": Entry(ip_network(SERVER4), ("l2tp",)),
    "its carrier": Entry(ip_network(SERVER4), ("ah",)),
    "one port of two": Entry(ip_network(SERVER4), ("ike",), ((500, 500),)),
    "no port of two": Entry(ip_network(SERVER4), ("wireguard", "esp"), ((51820, 51820),)),
    "one port": Entry(ip_network(SERVER4), (), ((51820, 51820),)),
    "port 0 to 65535": Entry(ip_network(SERVER4), (), ((0, 65535),)),
    "four ranges": Entry(ip_network(SERVER4), (), ((1, 1), (500, 500), (1194, 1723), (65535, 65535))),
    "a prefix, IPv6": Entry(ip_network("2001:db8:2::/48"), ("ike", "esp"), ((500, 500), (4500, 4500))),
    "the client's port": Entry(ip_network(CLIENT4), (), ((40000, 40000),)),
    "all but the client's port": Entry(ip_network(CLIENT4), (), ((0, 39999), (40001, 65535))),
}


@pytest.mark.parametrize("entry", NARROWED.values(), ids=NARROWED)
def test_narrowed_entries(edge: Edge, entry: Entry) -> None:
    edge.register([entry])
    other = ELSEWHERE[entry.prefix.version]
    for protocol in VPN_PROTOCOLS:
        ports = [0] if protocol in ("esp", "ah", "gre_pptp") else [PORTS[protocol]]
        ports += [1, 499, 500, 501, 51819, 51820, 51821, 65535] if protocol in ("wireguard", "openvpn") else []
        for port in ports:
            for ends in ((other, entry.prefix[0]), (entry.prefix[0], other)):
                question = Question(*ends, protocol, port)
                answer = edge.probe(question.frame)
                assert (answer.protocol, answer.side) == (protocol, registered_end([entry], question)), question
                assert answer.narrowed == (answer.side is not None)


PORTS = {"wireguard": 51820, "openvpn": 1194, "ike": 500, "l2tp": 1701, "pptp": 1723}


def test_a_wider_plain_prefix_lets_through_what_a_narrowed_host_does_not(edge: Edge) -> None:
    entries = [Entry(ip_network(SERVER4), ("esp",)), Entry(ip_network("203.0.113.0/24"))]
    edge.register(entries)
    answer = edge.probe(Question(CLIENT4, SERVER4).frame)
    assert (answer.side, answer.prefix_length, answer.narrowed) == ("destination", 24, False)


def test_both_ends_are_registered(edge: Edge) -> None:
    edge.register(Entry(ip_network(end)) for end in (CLIENT4, SERVER4))
    assert edge.probe(Question(CLIENT4, SERVER4).frame).side == "destination"
    assert edge.probe(Question(SERVER4, CLIENT4).frame).side == "destination"


def test_address_0_is_no_free_slot(edge: Edge) -> None:
    """A free slot is 0: the address 0.0.0.0 must not be found there, whatever bucket it falls in."""
    zero = ip_address("0.0.0.0")
    edge.register([])
    assert edge.probe(Question(CLIENT4, zero).frame).side is None
    edge.register([Entry(IPv4Network((host, 32))) for host in range(1, 20 * BUCKET)])
    assert edge.probe(Question(CLIENT4, zero).frame).side is None
    edge.register([Entry(ip_network("0.0.0.0/8"))])
    assert edge.probe(Question(CLIENT4, zero).frame).side == "destination"


def test_an_ipv6_address_is_not_the_ipv4_address_in_it(edge: Edge) -> None:
    edge.register([Entry(ip_network(SERVER4))])
    lookalikes = [ip_address(f"::ffff:{SERVER4}"), ip_address(f"::{SERVER4}"), ip_address(f"64:ff9b::{SERVER4}")]
    for address in lookalikes:
        assert edge.probe(Question(ELSEWHERE[6], address).frame).side is None


def test_neighbours_of_hosts_and_prefixes(edge: Edge) -> None:
    entries = [Entry(ip_network(text)) for text in ("198.51.100.0/23", "203.0.113.7/32", "2001:db8:2::/47", "fd00::1")]
    edge.register(entries)
    for question in about(address for entry in entries for address in around(entry.prefix)):
        assert edge.probe(question.frame).side == registered_end(entries, question)
