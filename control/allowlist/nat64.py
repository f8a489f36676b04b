"""IPv4 addresses inside IPv6 ones, as a NAT64 translates them: RFC 6052.

Whoever has IPv6 alone, as in most mobile networks, reaches an IPv4 server by such an address. bpf/nat64.h reads the
same.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network

from control.fault import BadValueError, shown
from control.vocabulary import constant

WELL_KNOWN = "64:ff9b::/96"
"""The prefix that needs no agreement: RFC 6052, section 2.1."""

LENGTHS = (32, 40, 48, 56, 64, 96)
"""That such a prefix can have: RFC 6052, section 2.2."""

MOST = constant("TRANSLATIONS")
"""Prefixes that the program looks behind."""

_ZERO_BITS = 0xFF << 56  # 64 to 71, "reserved for compatibility": RFC 6052, section 2.2


def read_prefix(text: str) -> IPv6Network:
    """Return a prefix of NAT64.

    Raises:
        BadValueError: it is none.
    """
    mend = f"write one of IPv6 with a length of {', '.join(map(str, LENGTHS))}, such as {WELL_KNOWN} (RFC 6052)"
    try:
        prefix = IPv6Network(text)
    except ValueError as error:
        raise BadValueError(f"{shown(text)} is no IPv6 prefix: {error}", mend) from error
    if prefix.prefixlen not in LENGTHS:
        raise BadValueError(f"{prefix} is {prefix.prefixlen} bits long, which no prefix of NAT64 is", mend)
    if int(prefix.network_address) & _ZERO_BITS:
        raise BadValueError(f"{prefix} has bits set among 64 to 71, which are zero in NAT64", mend)
    if prefix[0].ipv4_mapped is not None or not int(prefix[0]):
        raise BadValueError(f"{prefix} means IPv4 itself, and no NAT64", mend)
    return prefix


def inside(address: IPv6Address, length: int) -> IPv4Address:
    """Return the IPv4 address inside an address whose NAT64 prefix is so many bits long, one of ``LENGTHS``."""
    number = int(address)
    if length == 96:
        return IPv4Address(number & 0xFFFF_FFFF)
    upper, lower = number >> 64, number & 0x00FF_FFFF_FFFF_FFFF  # what follows the zero bits: 56 of them
    return IPv4Address(((upper << 56 | lower) >> (120 - length - 32)) & 0xFFFF_FFFF)


def around(prefix: IPv6Network, address: IPv4Address) -> IPv6Address:
    """Return the address by which a NAT64 of this prefix reaches an IPv4 one."""
    length = prefix.prefixlen
    if length == 96:
        return IPv6Address(int(prefix.network_address) | int(address))
    without_zeros = int(address) << (120 - length - 32)
    upper, lower = without_zeros >> 56, without_zeros & 0x00FF_FFFF_FFFF_FFFF
    return IPv6Address(int(prefix.network_address) | upper << 64 | lower)
