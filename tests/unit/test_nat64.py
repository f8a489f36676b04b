"""Prefixes of NAT64 as they are set (RFC 6052, section 2.2), and addresses inside."""

from ipaddress import IPv4Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.allowlist import nat64
from control.fault import BadValueError

WRONG = {
    "203.0.113.0/24": "no IPv6 prefix",
    "none": "no IPv6 prefix",
    "2001:db8::1/96": "no IPv6 prefix",
    "2001:db8::/95": "95 bits long",
    "2001:db8::/128": "128 bits long",
    "2001:db8:0:0:ff00::/96": "64 to 71",
    "::ffff:0:0/96": "means IPv4 itself",
    "::/96": "means IPv4 itself",
}


@pytest.mark.parametrize(("text", "why"), WRONG.items(), ids=WRONG)
def test_what_is_no_prefix(text: str, why: str) -> None:
    with pytest.raises(BadValueError) as raised:
        nat64.read_prefix(text)
    assert why in raised.value.why
    assert "RFC 6052" in raised.value.mend or "zero" in raised.value.why or "IPv4" in raised.value.why


@given(
    address=st.integers(0, 0xFFFF_FFFF).map(IPv4Address),
    length=st.sampled_from(nat64.LENGTHS),
    high=st.integers(1, (1 << 32) - 1),
)
def test_what_is_put_inside_is_found_there(address: IPv4Address, length: int, high: int) -> None:
    prefix = IPv6Network((high << 96, length))
    around = nat64.around(prefix, address)
    assert around in prefix
    assert nat64.inside(around, length) == address
    assert int(around) >> 56 & 0xFF == 0
