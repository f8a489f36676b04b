"""A flood through a pair of veth: how many packets in a second of one processor each program gets through.

The sender's work and the receiver's are both in it, and an empty program's rate in the same round is what others are
held against. "Cold": each packet goes to a random one of a million addresses, so that every look-up misses the caches.
"""

from collections.abc import Mapping
from pathlib import Path

from bench import addresses
from bench.addresses import Addresses
from bench.cable import Cable, WrongVerdictError, cable
from bench.figures.figure import M_S
from bench.figures.record import EMPTY, TODAY
from bench.packets.contenders import Contender, at_end, refusing
from bench.packets.frames import HANDSHAKE, QUIC
from bench.run import Program, Run, hold, programs

FRAMES = 400_000  # of a round
ROUNDS = 5
ENDS = 1_000_000
OF_LIST, OF_FLOOD = 1, 2  # seeds: one address in 2000 or so is drawn for both
MOST = 0.9  # of what comes, that is dropped where a flood is to be: one end in 2000 is registered by chance
SIZES = {"20k": 20_000, "1m": 1_000_000}

Contenders = Mapping[str, Contender]


def measure(run: Run) -> None:
    """Send handshakes to unregistered ends, then what passes, with the network stack behind it."""
    run.record.repetitions["flood"] = ROUNDS
    ends = addresses.some(ENDS, OF_FLOOD)
    with cable() as laid, cable() as bare, programs(run, laid) as loaded:
        bare.receive_without_program()
        for name, size in SIZES.items():
            run.tell(f"filling in {name}")
            registered = addresses.some(size, OF_LIST)
            hold(loaded, size, OF_LIST)
            with refusing(run.here.bpffs, registered) as peers:
                everybody = {**_sides(laid, loaded, "drop", run.here.bpffs), **peers}
                warm = "drop_warm" if name == "20k" else f"drop_warm_{name}"
                _measure(run, warm, everybody, "send_fixed")
                _aim(everybody, ends)
                _measure(run, f"drop_cold_{name}", everybody, "send_random")
            passing = {**_sides(laid, loaded, "pass", run.here.bpffs), "no_program": at_end(bare, None)}
            _aim(passing, registered)
            _measure(run, f"registered_cold_{name}", passing, "send_random")
        _measure(run, "ordinary_flood", passing, "send_fixed", QUIC)


def _sides(laid: Cable, loaded: Mapping[str, Program], empty: str, bpffs: Path) -> Contenders:
    """Return the product's programs, and the empty one that does what they are to do with all packets."""
    ours = {who: at_end(laid, program.pin) for who, program in loaded.items()}
    return {EMPTY: at_end(laid, laid.pin(empty, bpffs)), **ours}


def _aim(contenders: Contenders, ends: Addresses) -> None:
    for laid in {id(contender.laid): contender.laid for contender in contenders.values()}.values():
        laid.aim(HANDSHAKE, ends)


def _measure(run: Run, name: str, contenders: Contenders, sender: str, frame: bytes = HANDSHAKE) -> None:
    """Take turns, so that all meet the same weather; then hold that each side did with them what it was to do."""
    run.tell(name)
    before = {who: side.ask("counts") for who, side in run.sides.items()}
    rates: dict[str, list[float]] = {who: [] for who in contenders}
    for _ in range(ROUNDS):
        for who, contender in contenders.items():
            rates[who].append(contender.rate(sender, frame, FRAMES))
    for who, side in run.sides.items():
        came, dropped = ((side.ask("counts")[what] - before[who][what]) for what in ("packets", "dropped"))
        if not (dropped > came * MOST if name.startswith("drop") else dropped == 0):
            raise WrongVerdictError(f"{who}: {dropped} of {came} packets were dropped, in {name}")
    run.record.share_of_empty(name, rates)
    run.record.add(f"{name}_rate", M_S, rates[TODAY])
