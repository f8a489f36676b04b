"""What belongs together: the table, what follows from it for terms, and lists in every format."""

import json
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.allowlist.allowlist import Allowlist
from control.allowlist.companions import completed, lacking
from control.allowlist.entry import MAX_PORT_RANGES, Entry, PortRange, Terms, merged
from control.allowlist.formats import CSV, JSON, NDJSON, read, write
from control.fault import Refused
from control.protocols import NEEDED_PORTS, needed_ports, with_companions
from control.vocabulary import VPN_PROTOCOLS
from tests import companions
from tests.companions import NEEDED, REFUSED, TAKEN, WHOLE, Said

PREFIX = "203.0.113.7"


@pytest.mark.parametrize("protocol", VPN_PROTOCOLS)
def test_the_table(protocol: str) -> None:
    assert set(with_companions([protocol])) == WHOLE[protocol]
    assert set(NEEDED_PORTS[protocol]) == NEEDED.get(protocol, set())


sets_of_protocols = st.sets(st.sampled_from(VPN_PROTOCOLS))


@given(sets_of_protocols, sets_of_protocols)
def test_it_is_followed_to_its_end(one: set[str], more: set[str]) -> None:
    whole = with_companions(one)
    assert set(whole) == companions.whole(one)
    assert whole == tuple(name for name in VPN_PROTOCOLS if name in whole), "in their order"
    assert with_companions(whole) == whole, "idempotent"
    assert set(whole) <= set(with_companions(one | more)), "monotone"
    assert needed_ports(one) == needed_ports(whole) == tuple(sorted(companions.needed(one)))


ports_of_an_entry = st.sets(st.sampled_from([1, 499, 500, 501, 1701, 1723, 4500, 51820]), max_size=MAX_PORT_RANGES).map(
    lambda ports: merged((port, port) for port in ports)
)


@given(sets_of_protocols, ports_of_an_entry)
def test_terms_are_completed_once(protocols: set[str], ports: tuple[PortRange, ...]) -> None:
    terms = Terms(tuple(name for name in VPN_PROTOCOLS if name in protocols), ports, "ours")
    whole = completed(terms)
    entry = Entry(ip_network(PREFIX), *(getattr(terms, name) for name in ("protocols", "ports", "note")))
    assert whole == companions.completed(entry).terms
    assert completed(whole) == whole
    assert not lacking(whole.protocols, whole.ports)
    assert bool(lacking(terms.protocols, ports)) == (whole.ports != ports)
    assert completed(replace(terms, also=terms)) == replace(whole, also=whole)


def as_row(said: Said) -> dict[str, object]:
    return {"prefix": PREFIX} | {name: each for name, each in zip(("protocols", "ports"), said, strict=True) if each}


def as_csv(said: Said) -> bytes:
    return f"prefix,protocols,ports\n{PREFIX},{' '.join(said[0])},{' '.join(map(str, said[1]))}\n".encode()


def as_csv_of_another_order(said: Said) -> bytes:
    return f"ports,protocols,prefix\n{';'.join(map(str, said[1]))},{';'.join(said[0])},{PREFIX}\n".encode()


FORMATS: dict[str, tuple[str, Callable[[Said], bytes]]] = {
    "csv": (CSV, as_csv),
    "csv of another order": (CSV, as_csv_of_another_order),
    "json": (JSON, lambda said: json.dumps([as_row(said)]).encode()),
    "ndjson": (NDJSON, lambda said: json.dumps(as_row(said)).encode()),
}


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_takes_a_whole_vpn(form: str) -> None:
    media_type, wrote = FORMATS[form]
    for said, shown in TAKEN:
        text = write(read(wrote(said), media_type), JSON)
        assert json.loads(text) == {"entries": [json.loads(json.dumps(as_row(shown)))]}, said


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_refuses_what_would_break_itself(form: str) -> None:
    media_type, wrote = FORMATS[form]
    for said, why, mend in REFUSED:
        with pytest.raises(Refused) as refused:
            read(wrote(said), media_type)
        (fault,) = refused.value.faults
        assert fault.where.endswith(", ports")
        assert (fault.why, fault.mend) == (why, mend), said


def test_what_was_packed_before_is_as_it_was() -> None:
    """An edge's disk, and what the feed gave: digests stay, and nothing is refused at an upgrade."""
    old = Allowlist.from_entries([
        Entry(ip_network("203.0.113.1"), ("pptp",)),
        Entry(ip_network("203.0.113.2"), ("ike",), ((500, 500),)),
        Entry(ip_network("203.0.113.3"), ("esp",), ((9, 9),)),
    ])  # fmt: skip
    assert Allowlist.unpack(old.pack()) == old
