"""A flood through a pair of veth: how many packets a second each program gets through, on one processor."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import addresses, peers
from bench.cable import Cable, cable
from bench.kernel_lists import Loaded, random_list
from bench.place import place
from bench.report import Table, Value
from control.datapath.probe.frames import SHAPES
from control.datapath.program.pins import temporary
from lab.command import run
from lab.packets import noise, udp4
from lab.stage.namespace import Namespace

FRAMES = 1_000_000
ROUNDS = 5
SIZES = {"20 k": 20_000, "1 M": 1_000_000}
OF_LIST, OF_FLOOD = 1, 2  # seeds: one address in 2000 or so is drawn for both
ENDS = 1_000_000
HANDSHAKE = bytes(udp4(SHAPES["wireguard"].payload, SHAPES["wireguard"].port))
QUIC = bytes(udp4(noise(1200), 443))
REFUSE = f"udp length 156 @th,64,32 0x01000000 ip daddr != @{peers.SET} ip saddr != @{peers.SET}"
CHAIN = f"chain raw {{\ntype filter hook prerouting priority raw\n{REFUSE} drop\n}}\n"
NOTES = (
    "M/s: million packets in a second of one processor, sender and receiver together, the median of the rounds;",
    "share: of what an empty program does with the same packets in the same round, which other machines compare with",
)


@dataclass(frozen=True, slots=True)
class Flood:
    """What is sent.

    Attributes:
        name: in the table.
        frame: the packet.
        sender: the program of bench/programs.c that sends it.
    """

    name: str
    frame: bytes
    sender: str


FIXED = Flood("one end", HANDSHAKE, "send_fixed")
RANDOM = Flood("a million ends", HANDSHAKE, "send_random")
ORDINARY = Flood("QUIC", QUIC, "send_fixed")


def measure() -> Iterator[Table]:
    """Send handshakes to unregistered ends under enforce, then what passes, then the handshakes to nftables."""
    with place() as here, temporary(here.bpffs) as pinned, Loaded(pinned) as loaded, cable() as laid:
        dropped, passed = [], []
        for size, count in SIZES.items():
            loaded.hold(random_list(count, OF_LIST))
            laid.aim(HANDSHAKE, addresses.some(ENDS, OF_FLOOD))
            loaded.decide("enforce")
            dropped += [_row(laid, here.bpffs, loaded.pin, "drop", size, flood) for flood in (FIXED, RANDOM)]
            loaded.decide("monitor")
            passed += [_row(laid, here.bpffs, loaded.pin, "pass", size, ORDINARY)]
            laid.aim(HANDSHAKE, addresses.some(count, OF_LIST))
            registered = Flood("WireGuard, all registered", HANDSHAKE, "send_random")
            passed += [_row(laid, here.bpffs, loaded.pin, "pass", size, registered)]
        yield Table("unregistered WireGuard handshakes, enforced", [*dropped, *_by_nftables(laid, here.bpffs)], NOTES)
        yield Table("what passes, with the network stack behind it", passed, NOTES)


def _row(laid: Cable, bpffs: Path, pin: Path, empty: str, size: str, flood: Flood) -> dict[str, Value]:
    """Take turns with the empty program, so that both meet the same weather."""
    ours, empties = [], []
    for _ in range(ROUNDS):
        laid.attach(laid.pin(empty, bpffs))
        empties.append(_rate(laid, flood, lambda: _received(laid.namespace)))
        laid.attach(pin)
        ours.append(_rate(laid, flood, lambda: _received(laid.namespace)))
    return _figures("wicketgate", size, flood, ours, empties)


def _by_nftables(laid: Cable, bpffs: Path) -> list[dict[str, Value]]:
    """Let nftables refuse the same, as early as it can: prerouting, raw."""
    if not peers.has_nftables():
        return []
    laid.aim(HANDSHAKE, addresses.some(ENDS, OF_FLOOD))
    empty = laid.pin("drop", bpffs)
    rows = []
    for size, count in SIZES.items():
        script = peers.nft_set(addresses.texts(addresses.some(count, OF_LIST)), CHAIN)
        run(*laid.namespace.enter(), "nft", "-f", "-", text=script, seconds=120)
        for flood in (FIXED, RANDOM):
            ours, empties = [], []
            for _ in range(ROUNDS):
                laid.attach(empty)
                empties.append(_rate(laid, flood, lambda: _received(laid.namespace)))
                laid.attach(laid.pin("pass", bpffs))
                ours.append(_rate(laid, flood, lambda: _refused(laid.namespace)))
            rows.append(_figures("nftables", size, flood, ours, empties))
        run(*laid.namespace.enter(), "nft", "delete", "table", "ip", "bench")
    return rows


def _figures(who: str, size: str, flood: Flood, ours: list[float], empties: list[float]) -> dict[str, Value]:
    share = median(mine / empty for mine, empty in zip(ours, empties, strict=True))
    return {
        "who": who,
        "list": size,
        "packets to": flood.name,
        "M/s": round(median(ours), 2),
        "empty M/s": round(median(empties), 2),
        "share": round(share, 2),
    }


def _rate(laid: Cable, flood: Flood, counter: Callable[[], int]) -> float:
    """Return how many million packets ``counter`` counts in a processor's second."""
    before = counter()
    took = laid.send(flood.sender, flood.frame, FRAMES)
    return (counter() - before) / took / 1e6


def _received(inside: Namespace) -> int:
    """Return how many frames the far end's program was asked about."""
    (link,) = json.loads(run(*inside.enter(), "ip", "-json", "-statistics", "link", "show", "far"))
    return int(link["stats64"]["rx"]["packets"])


def _refused(inside: Namespace) -> int:
    """Return how many packets came to nftables and no further: routing would have found no way for them.

    nft itself reads the whole set before it says what a counter has: at a million, that takes longer than the flood.
    """
    names, values = inside.inside(lambda: Path("/proc/thread-self/net/snmp").read_text()).splitlines()[:2]
    ip = dict(zip(names.split(), values.split(), strict=True))
    return int(ip["InReceives"]) - int(ip["InAddrErrors"])
