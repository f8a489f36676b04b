"""Lists as dicts of prefixes and terms, drawn at random, old ones among them, and what their terms allow."""

from ipaddress import ip_network

from hypothesis import strategies as st

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Entry, Prefix, Terms
from control.vocabulary import PROTOCOLS, VPN_PROTOCOLS
from tests.companions import needed, whole

NETWORKS = ("192.0.2.1", "192.0.2.2", "198.51.100.0/24", "198.51.100.0/25", "2001:db8::1")
PREFIXES = [ip_network(network) for network in NETWORKS]
BOUNDARIES = (0, 9, 10, 11, 15, 20, 21, 25, 499, 500, 501, 1701, 1723, 4499, 4500, 4501, 0xFFFF)
"""Ports around the edges of every range below, and of those that a protocol cannot do without."""

Model = dict[Prefix, Terms]

terms = st.builds(
    Terms,
    protocols=st.sets(st.sampled_from(("wireguard", "openvpn", "ike", "esp", "pptp"))).map(
        lambda names: tuple(sorted(names, key=PROTOCOLS.index))
    ),
    ports=st.sampled_from([(), ((10, 10),), ((11, 20),), ((15, 25),), ((10, 10), (500, 500))]),
    note=st.sampled_from(["", "ours"]),
)
models = st.dictionaries(st.sampled_from(PREFIXES), terms, max_size=len(PREFIXES))


def listed(model: Model) -> Allowlist:
    """The list that a dict says."""
    return Allowlist.from_entries(
        [Entry(prefix, each.protocols, each.ports, each.note) for prefix, each in model.items()]
    )


def model_of(allowlist: Allowlist) -> Model:
    """The dict that a list says, with terms that no entry of a file could have."""
    return {entry.prefix: allowlist.terms_table[allowlist.terms[row]] for row, entry in enumerate(allowlist.entries())}


def allowed(each: Terms | None) -> set[tuple[str, int]]:
    """What terms allow, by what they say and what belongs to that."""
    if each is None:
        return set()
    ports = {port for port in BOUNDARIES if not each.ports or any(first <= port <= last for first, last in each.ports)}
    ports |= needed(each.protocols)
    return {(protocol, port) for protocol in whole(each.protocols) or VPN_PROTOCOLS for port in ports} | allowed(
        each.also
    )
