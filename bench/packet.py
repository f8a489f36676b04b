"""What one packet costs: the program's own run time by BPF_PROG_TEST_RUN, on frames that come in at a real device."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from statistics import median
from typing import Any

from scapy.layers.inet import IP

from bench.cable import Cable, cable
from bench.kernel_lists import Loaded, random_list
from bench.place import place
from bench.report import Table, Value
from control.allowlist.allowlist import Allowlist
from control.allowlist.mapped import Address
from control.datapath.probe.frames import frame
from control.datapath.program.pins import temporary
from lab.packets import CLIENT4, CLIENT6, LINKS, SERVER4, SERVER6, noise, tcp4, udp4, udp6

REPEAT = 300_000  # runs in a measurement: some milliseconds
ROUNDS = 9
NOBODY4, NOBODY6 = ip_address("203.0.113.99"), ip_address("2001:db8:2::99")
REGISTERED = (f"{SERVER4}/32", f"{SERVER6}/128")
LENGTHS = ("203.1.0.0/16", "203.2.0.0/20", "203.3.0.0/24", "203.4.0.0/28", "2001:db8:8000::/34", "2001:db8:f::/48")
NOTES = (
    "ns: nanoseconds above an empty program on the same packet, the least and the median of the rounds;",
    "the same packet again and again, so that its entry is in the processor's caches: `flood` shows the other case;",
    "prefixes: four IPv4 lengths and two IPv6 lengths more, each of which is a look-up of its own",
)


def measure() -> Iterator[Table]:
    """Run packets through the product's program, with lists of several sizes, under enforce."""
    with place() as here, temporary(here.bpffs) as pinned, Loaded(pinned) as loaded, cable() as laid:
        loaded.decide("enforce")
        laid.attach(loaded.pin)  # a device is only one for test runs once it has its queues
        for name, held in _lists().items():
            loaded.hold(held)
            rows = [_row(laid, loaded.program, what, packet) for what, packet in _packets().items()]
            yield Table(f"a packet, list of {name}", rows, NOTES)


def _lists() -> Mapping[str, Allowlist]:
    return {
        "20 k": random_list(20_000, 1, *REGISTERED),
        "1 M": random_list(1_000_000, 1, *REGISTERED),
        "1 M and prefixes": random_list(1_000_000, 1, *REGISTERED, *LENGTHS),
    }


def _packets() -> Mapping[str, bytes]:
    """Return the frames by what they are."""
    tls = b"\x17\x03\x03\x04\0" + noise(1024)
    handshake = _vpn("wireguard", SERVER4)
    return {
        "QUIC": bytes(udp4(noise(1200), 443)),
        "QUIC, IPv6": bytes(udp6(noise(1200), 443)),
        "TLS": bytes(tcp4(tls, 443)),
        "WireGuard data, registered": bytes(udp4(b"\x04\0\0\0" + noise(1436), 51820)),
        "WireGuard handshake, registered": handshake,
        "same in QinQ": _behind("QinQ", handshake),
        "same in PPPoE": _behind("PPPoE", handshake),
        "same, IPv6": _vpn("wireguard", SERVER6),
        "WireGuard handshake, dropped": _vpn("wireguard", NOBODY4),
        "same in PPPoE in QinQ, dropped": _behind("PPPoE in QinQ", _vpn("wireguard", NOBODY4)),
        "same, IPv6, dropped": _vpn("wireguard", NOBODY6),
        "OpenVPN reset, registered": _vpn("openvpn", SERVER4),
        "OpenVPN reset, dropped": _vpn("openvpn", NOBODY4),
        "ESP, dropped": _vpn("esp", NOBODY4),
    }


def _vpn(protocol: str, server: Address) -> bytes:
    return frame(protocol, CLIENT4 if server.version == 4 else CLIENT6, server)


def _behind(link: str, ethernet: bytes) -> bytes:
    whole: Any = LINKS[link] / IP(ethernet[14:])
    return bytes(whole)


def _row(laid: Cable, program: int, what: str, packet: bytes) -> dict[str, Value]:
    """Take turns with an empty program, so that both meet the same weather."""
    costs, empties = [], []
    for _ in range(ROUNDS):
        empties.append(laid.cost(laid.program("pass"), packet, REPEAT))
        costs.append(laid.cost(program, packet, REPEAT))
    return {
        "packet": what,
        "empty ns": min(empties),
        "ns, least": min(costs) - min(empties),
        "ns, median": round(median(costs) - median(empties)),
    }
