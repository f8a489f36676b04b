"""The program lets whole VPNs through: by what is accepted today, and by what was before there were companions."""

from ipaddress import ip_network

from hypothesis import given, settings
from hypothesis import strategies as st

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import DEFAULT_BOUNDS, MAX_PORT_RANGES, Entry, merged
from control.allowlist.schema import read_row
from control.vocabulary import VPN_PROTOCOLS
from tests.companions import openings, whole
from tests.kernel.questions import ELSEWHERE
from tests.kernel.situations import Edge

PORTS = (1, 499, 500, 501, 1700, 1701, 1723, 4500, 4501, 51820)

entries = st.builds(
    Entry,
    st.sampled_from([ip_network("203.0.113.5"), ip_network("203.0.113.0/24"), ip_network("2001:db8:2::/48")]),
    st.sets(st.sampled_from(VPN_PROTOCOLS)).map(lambda names: tuple(n for n in VPN_PROTOCOLS if n in names)),
    st.sets(st.sampled_from(PORTS), max_size=MAX_PORT_RANGES).map(lambda ports: merged((each, each) for each in ports)),
)


def demand_whole(edge: Edge, entry: Entry) -> None:
    edge.register([entry])
    for protocol, port, sent in openings(entry, ELSEWHERE[entry.prefix.version]):
        answer = edge.probe(sent)
        assert (answer.protocol, answer.side) == (protocol, "destination"), (protocol, port)


@settings(max_examples=150, deadline=None)
@given(entry=entries)
def test_no_entry_breaks_itself(edge: Edge, entry: Entry) -> None:
    """Neither one of today nor one that was accepted earlier."""
    demand_whole(edge, entry)
    ports = [f"{first}-{last}" for first, last in entry.ports]
    read = read_row({"prefix": entry.text, "protocols": entry.protocols, "ports": ports}, DEFAULT_BOUNDS)
    if isinstance(read, Entry):
        demand_whole(edge, read)
        assert edge.lists.live is not None
        assert edge.lists.live.read() == Allowlist.from_entries([read]), "and what is accepted is what is let through"


@settings(max_examples=50, deadline=None)
@given(entry=entries.filter(lambda entry: entry.protocols), other=st.sampled_from(VPN_PROTOCOLS))
def test_what_does_not_belong_to_it_is_not_let_through(edge: Edge, entry: Entry, other: str) -> None:
    edge.register([entry])
    for protocol, port, sent in openings(Entry(entry.prefix, (other,)), ELSEWHERE[entry.prefix.version]):
        answer = edge.probe(sent)
        assert answer.protocol == protocol
        if protocol not in whole(entry.protocols):
            assert answer.side is None, (protocol, port)
