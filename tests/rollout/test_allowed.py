"""What several entries let through together, held against what each says by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.allowlist.entry import PLAIN, Terms
from control.fault import Refused
from control.protocols import PORTLESS
from control.rollout.allowed import Allowed, demand_use
from control.vocabulary import VPN_PROTOCOLS
from tests.rollout.lists import BOUNDARIES, allowed, terms

several = st.lists(st.builds(lambda one, also: Terms(one.protocols, one.ports, "", also), terms, st.none() | terms),
                   max_size=3)  # fmt: skip


def lets_through(each: list[Terms], protocol: str, port: int) -> bool:
    """By what the entries say; the kernel compares no ports where there are none."""
    return any((protocol, port if protocol not in PORTLESS else any_) in allowed(one)
               for one in each for any_ in BOUNDARIES)  # fmt: skip


@given(several)
def test_it_is_what_any_of_them_lets_through(each: list[Terms]) -> None:
    found = Allowed.by(each)
    for protocol in VPN_PROTOCOLS:
        for port in BOUNDARIES[1:]:
            expected = lets_through(each, protocol, port)
            if protocol in PORTLESS:
                assert (found.example(protocol, None) == (protocol, None)) is expected
                assert found.example(protocol, port) is None
            else:
                assert (found.example(protocol, port) == (protocol, port)) is expected
    assert [*found.ports] == [name for name in VPN_PROTOCOLS if any(lets_through(each, name, p) for p in BOUNDARIES)]


@given(several)
def test_an_example_is_let_through(each: list[Terms]) -> None:
    found = Allowed.by(each)
    for protocol in (None, *VPN_PROTOCOLS):
        for port in (None, *BOUNDARIES[1:]):
            example = found.example(protocol, port)
            if example is not None:
                name, at = example
                assert protocol in (None, name) and port in (None, at)
                assert name in found.ports and (at is None or lets_through(each, name, at))


@pytest.mark.parametrize(
    ("each", "extent"),
    [
        ([], None),
        ([PLAIN], "everything"),
        ([Terms(("ike",))], "some"),
        ([Terms((), ((500, 500),))], "some"),
        ([Terms(("ike",)), PLAIN], "everything"),
        ([Terms(VPN_PROTOCOLS[:4]), Terms(VPN_PROTOCOLS[4:])], "everything"),
        (
            [Terms(PORTLESS, ((9, 9),)), Terms(tuple(name for name in VPN_PROTOCOLS if name not in PORTLESS))],
            "everything",
        ),
    ],
)
def test_whether_it_is_everything(each: list[Terms], extent: str | None) -> None:
    assert Allowed.by(each).extent == extent


def test_as_lists_write_it() -> None:
    ports = ((1194, 1194), (1723, 1723), (2000, 3000))
    found = Allowed.by([Terms(("openvpn", "pptp", "gre_pptp"), ports), Terms(("openvpn",), ((1195, 1195),))])
    assert found.written == {
        "openvpn": ["1194-1195", "1723", "2000-3000"],
        "pptp": ["1194", "1723", "2000-3000"],
        "gre_pptp": [],
    }


@pytest.mark.parametrize("protocol", PORTLESS)
def test_a_port_of_what_has_none(protocol: str) -> None:
    demand_use(protocol, None)
    with pytest.raises(Refused, match="has no ports"):
        demand_use(protocol, 9)
