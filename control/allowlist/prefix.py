"""Reading one address or prefix, with every reason to refuse it said in words."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from control.allowlist import mapped
from control.allowlist.entry import Bounds, Prefix
from control.allowlist.mapped import Address
from control.fault import BadValueError, shown

SPECIAL: tuple[tuple[Prefix, str], ...] = (
    (IPv4Network("0.0.0.0/32"), "the unspecified address"),  # RFC 1122, section 3.2.1.3
    (IPv4Network("224.0.0.0/4"), "multicast"),  # RFC 5771, section 3
    (IPv4Network("255.255.255.255/32"), "the broadcast address"),  # RFC 919, section 7
    (IPv6Network("::/128"), "the unspecified address"),  # RFC 4291, section 2.5.2
    (IPv6Network("ff00::/8"), "multicast"),  # RFC 4291, section 2.7
)
"""Addresses that are no one's. Those that are merely not routed (private, loopback, link-local) do no harm on a list:
whether they may be registered is the registry's business."""

LONGEST = 64
"""Characters of a text that can be a prefix, with a zone id to name; a megabyte is not even parsed."""

EXAMPLE = "write an address or a prefix, such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/48"


def read_prefix(value: object, bounds: Bounds) -> Prefix:
    """Return the prefix that an address or a prefix in text is; IPv4 written as IPv6 is the IPv4 prefix that it means.

    Raises:
        BadValueError: it is none, or none that a list may hold.
    """
    if isinstance(value, IPv4Network | IPv6Network):
        return value  # the scan has read it already
    if not isinstance(value, str):
        raise BadValueError(f"{shown(value)} is not text", EXAMPLE)
    text = value.strip()
    if not text:
        raise BadValueError("is empty", EXAMPLE)
    if len(text) > LONGEST:
        raise BadValueError(f"{shown(text)} is no address", EXAMPLE)
    if "%" in text:
        zone = text.partition("%")[2]
        mend = f"write the global address, without %{shown(zone)}"
        raise BadValueError(f"{shown(text)} has a zone id, which means something on one machine only", mend)
    prefix = _within_bounds(*_split(text), bounds)
    for network, what in SPECIAL:
        if prefix.version == network.version and prefix.overlaps(network):
            verb = "is" if prefix.subnet_of(network) else "holds"  # type: ignore[arg-type]  # same version
            raise BadValueError(
                f"{shown(text)} {verb} {what} ({network})", "write the public address of the end itself"
            )
    return prefix


def asked_prefix(text: str) -> Prefix:
    """Return the one prefix that a text means, for a question about it: however it is written, and whatever it holds.

    Raises:
        BadValueError: it is none.
    """
    text = text.strip()
    if "%" in text or len(text) > LONGEST:
        raise BadValueError(f"{shown(text)} is no address", EXAMPLE)
    address, length = _split(text)
    prefix = ip_network(address if length is None else f"{address}/{length}", strict=False)
    if prefix.version == 6 and prefix.overlaps(mapped.NETWORK):
        raise BadValueError(f"{text} holds {mapped.NETWORK}, every IPv4 address", EXAMPLE)
    return prefix


def read_address(text: str) -> Address:
    """Return one address in text, for a question about it; IPv4 written as IPv6 is the IPv4 address that it means.

    Raises:
        BadValueError: it is none; one with a zone (RFC 4007, section 11) means something on one machine only.
    """
    try:
        if "%" not in text:
            return mapped.folded(ip_address(text.strip()))
    except ValueError:
        pass
    raise BadValueError(f"{shown(text)} is no address", "write one, such as 192.0.2.1")


def _split(text: str) -> tuple[str, int | None]:
    """Return the address, once it is one, and the length written behind it."""
    address, slash, length = text.partition("/")
    leading = re.search(r"(?:^|\.)0+([0-9]+)", address) if "." in address and ":" not in address else None
    if leading:
        why = f"{shown(text)} has a number with a leading zero, which some programs take as octal"
        raise BadValueError(why, "write each number without leading zeros")
    try:
        read = ip_address(address)
    except ValueError:
        raise BadValueError(f"{shown(text)} is no address", EXAMPLE) from None
    if not slash:
        return str(mapped.folded(read)), None
    if not re.fullmatch(r"0|[1-9][0-9]{0,2}", length, re.ASCII) or int(length) > read.max_prefixlen:
        why = f"{shown(text)} has no prefix length from 0 to {read.max_prefixlen} behind the slash"
        raise BadValueError(why, _length_mend(address, length))
    if mapped.folded(read) != read and int(length) >= mapped.SHIFT:
        return str(mapped.folded(read)), mapped.own_length(int(length), 4)
    return address, int(length)


def _length_mend(address: str, length: str) -> str:
    """Return what to write, which is known when the length is a net mask."""
    try:
        network = ip_network(f"{address}/{length}", strict=False)
    except ValueError:
        return "write the number of leading bits, such as /24, or only the address"
    return f"write {network}"


def _within_bounds(address: str, length: int | None, bounds: Bounds) -> Prefix:
    """Return the prefix, which is neither too wide nor half an address."""
    text = address if length is None else f"{address}/{length}"
    prefix = ip_network(text, strict=False)
    if prefix.prefixlen == 0:
        raise BadValueError(f"{text} is every address there is", "write the prefixes that are registered")
    widest = bounds.widest(prefix)
    if prefix.prefixlen < widest:
        mend = f"write the prefixes that are registered, or allow wider ones by list.widest_ipv{prefix.version}"
        raise BadValueError(f"{text} is wider than /{widest}, the widest prefix allowed", mend)
    if prefix.version == 6 and prefix.overlaps(mapped.NETWORK):
        why = f"{text} holds {mapped.NETWORK}, every IPv4 address"
        raise BadValueError(why, "write the prefixes that are registered")
    if int(ip_address(address)) != int(prefix.network_address):
        raise BadValueError(f"{text} has host bits set", f"write {prefix} or {address}")
    return prefix
