"""What belongs together, typed by hand from the protocols' documents, and what follows from it for an entry."""

from collections.abc import Iterable

IPSEC = frozenset({"ike", "esp", "ah"})  # RFC 7296, section 1
PPTP = frozenset({"pptp", "gre_pptp"})  # RFC 2637, section 4

WHOLE = {
    "wireguard": frozenset({"wireguard"}),
    "openvpn": frozenset({"openvpn"}),
    **dict.fromkeys(IPSEC, IPSEC),
    "l2tp": IPSEC | {"l2tp"},  # RFC 3193
    **dict.fromkeys(PPTP, PPTP),
}
NEEDED = {
    "ike": {500, 4500},  # RFC 7296, section 2; RFC 3948
    "l2tp": {1701},  # RFC 2661, section 8.1
    "pptp": {1723},  # RFC 2637, section 3
}


def whole(protocols: Iterable[str]) -> set[str]:
    """All that an entry for protocols is for."""
    return set().union(*(WHOLE[name] for name in protocols))


def needed(protocols: Iterable[str]) -> set[int]:
    """The ports without which one of them does not work."""
    return set().union(*(NEEDED.get(name, set()) for name in whole(protocols)))
