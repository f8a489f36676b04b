"""What belongs together, typed by hand from the protocols' documents, and what follows from it for an entry."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6

from control.allowlist.entry import Entry, merged
from control.allowlist.mapped import Address
from control.datapath.probe.frames import PAYLOADS, frame
from control.vocabulary import VPN_PROTOCOLS
from lab.packets import ether, udp

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


def completed(entry: Entry) -> Entry:
    """An entry as the kernel has it, whatever it says."""
    protocols = tuple(name for name in VPN_PROTOCOLS if name in whole(entry.protocols))
    ports = merged([*entry.ports, *((port, port) for port in needed(entry.protocols))]) if entry.ports else ()
    return replace(entry, protocols=protocols, ports=ports)


def openings(entry: Entry, client: Address) -> Iterator[tuple[str, int, bytes]]:
    """The packets without which a VPN to an entry's first address does not come up: protocol, port, frame."""
    server = entry.prefix[0]
    fixed = set().union(*NEEDED.values())
    free = [first for first, _ in entry.ports if first not in fixed] or ([] if entry.ports else [51820])
    for protocol in sorted(whole(entry.protocols)):
        any_will_do = protocol in ("wireguard", "openvpn")
        for port in free[:1] if any_will_do else sorted(NEEDED.get(protocol, {0}) - {4500}):
            yield protocol, port, frame(protocol, client, server, port)
    if "ike" in whole(entry.protocols):
        header = (IP if server.version == 4 else IPv6)(src=str(client), dst=str(server))
        marked = bytes(4) + PAYLOADS["ike"]  # RFC 3948, section 2.2
        yield "ike", 4500, bytes(ether() / header / udp(marked, 4500, 4500))


Said = tuple[tuple[str, ...], tuple[int | str, ...]]
"""Protocols and ports, as they are written."""

TAKEN: list[tuple[Said, Said]] = [
    ((("pptp",), ()), (("pptp", "gre_pptp"), ())),
    ((("gre_pptp",), ()), (("pptp", "gre_pptp"), ())),
    ((("ike",), ()), (("ike", "esp", "ah"), ())),
    ((("esp",), ()), (("ike", "esp", "ah"), ())),
    ((("ah",), ()), (("ike", "esp", "ah"), ())),
    ((("l2tp",), ()), (("ike", "esp", "ah", "l2tp"), ())),
    ((("wireguard",), ()), (("wireguard",), ())),
    ((("openvpn", "gre_pptp", "wireguard"), ()), (("wireguard", "openvpn", "pptp", "gre_pptp"), ())),
    ((("l2tp", "pptp"), ()), (("ike", "esp", "ah", "l2tp", "pptp", "gre_pptp"), ())),
    ((("ike",), (500, 4500)), (("ike", "esp", "ah"), (500, 4500))),
    ((("esp",), ("400-5000",)), (("ike", "esp", "ah"), ("400-5000",))),
    ((("gre_pptp",), (1723,)), (("pptp", "gre_pptp"), (1723,))),
    ((("l2tp",), ("500-501", 1701, 4500)), (("ike", "esp", "ah", "l2tp"), ("500-501", 1701, 4500))),
    ((("wireguard",), (51820,)), (("wireguard",), (51820,))),
    ((("openvpn", "wireguard"), (1, 7)), (("wireguard", "openvpn"), (1, 7))),
    ((("wireguard", "ike"), (500, 4500, 51820)), (("wireguard", "ike", "esp", "ah"), (500, 4500, 51820))),
    (((), (500,)), ((), (500,))),
    (((), ()), ((), ())),
]
"""What every door takes, and what all of them show of it."""

GO = "ike, esp, ah go together, and ike needs"
OUT = "leave the ports out to register every port"
REFUSED: list[tuple[Said, str, str]] = [
    ((("ike",), (500,)), f"{GO} port 4500 too", f"write 500 4500, or {OUT}"),
    ((("ike",), (4500,)), f"{GO} port 500 too", f"write 500 4500, or {OUT}"),
    ((("esp",), (9,)), f"{GO} ports 500 and 4500 too", f"write 9 500 4500, or {OUT}"),
    ((("ah",), ("501-4499",)), f"{GO} ports 500 and 4500 too", f"write 500-4500, or {OUT}"),
    (
        (("l2tp",), (1701,)),
        "ike, esp, ah, l2tp go together, and ike needs ports 500 and 4500 too",
        f"write 500 1701 4500, or {OUT}",
    ),
    ((("l2tp",), (500, 4500)), "l2tp needs port 1701 too", f"write 500 1701 4500, or {OUT}"),
    ((("pptp",), (47,)), "pptp, gre_pptp go together, and pptp needs port 1723 too", f"write 47 1723, or {OUT}"),
    ((("gre_pptp",), (47,)), "pptp, gre_pptp go together, and pptp needs port 1723 too", f"write 47 1723, or {OUT}"),
    ((("wireguard", "ike"), (51820,)), f"{GO} ports 500 and 4500 too", f"write 500 4500 51820, or {OUT}"),
    ((("wireguard", "ah"), (1, 3, 5, 4500)), f"{GO} port 500 too", OUT),
    (
        (("l2tp", "pptp"), (1,)),
        "ike, esp, ah, l2tp go together, and ike needs ports 500 and 4500 too; l2tp needs port 1701 too; "
        "pptp, gre_pptp go together, and pptp needs port 1723 too",
        OUT,
    ),
]
"""What every door refuses, why, and the mend: the ports that would break it."""
