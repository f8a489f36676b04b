"""Two ends of a cable in a network namespace of their own, and the programs that send into it and stand at its end.

Frames are sent by a program that redirects what a test run hands it: they enter the far end as raw frames, without
an skb, as a network card's driver would deliver them. From a socket they would cost more than what is measured.
"""

import itertools
import os
import socket
import struct
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.addresses import Addresses
from bench.figures.record import EMPTY
from bench.peers import namespace
from control.datapath import syscall
from control.datapath.program.headers import build_tree, lay_tree
from lab.command import run
from lab.packets import ether
from lab.stage.namespace import Namespace

SOURCE = Path(__file__).with_name("programs.c")
XDP = 6  # BPF_PROG_TYPE_XDP, <linux/bpf.h>
LIVE_FRAMES = 2  # BPF_F_TEST_XDP_LIVE_FRAMES, <linux/bpf.h>
BATCH = 64  # frames, as a driver polls
DROP, PASS = 1, 2  # enum xdp_action, <linux/bpf.h>
END = np.dtype([("address", ">u4"), ("check", ">u2"), ("spare", np.uint16)])


@dataclass(frozen=True, slots=True)
class Turns:
    """How programs are run in turns.

    Attributes:
        count: how many turns each has.
        repeat: how many runs a turn is.
        processor: on which.
    """

    count: int
    repeat: int
    processor: int


class WrongVerdictError(Exception):
    """What was measured is not what was to be measured."""


class Cable:
    """A pair of veth, "near" and "far", and the compiled programs of bench/programs.c."""

    def __init__(self, inside: Namespace, compiled: Any) -> None:
        self._compiled, self.namespace = compiled, inside
        self.far = inside.inside(lambda: socket.if_nametoindex("far"))
        self._fds: dict[str, int] = {}
        self._kept = itertools.count()

    def program(self, name: str) -> int:
        """Return the file descriptor of one of our programs, by its function's name."""
        if name not in self._fds:
            self._fds[name] = self._compiled.load_func(name, XDP).fd
        return self._fds[name]

    def pin(self, name: str, directory: Path) -> Path:
        """Pin one of our programs in a directory of a bpffs, and return where."""
        path = directory / name
        if not path.exists():
            syscall.pin(self.program(name), str(path))
        return path

    def attach(self, pin: Path) -> None:
        """Let the program that is pinned there stand at the far end, in native mode, whatever stood there before."""
        run(*self.namespace.enter(), "ip", "-force", "link", "set", "far", "xdpdrv", "pinned", str(pin))

    def keep_attached(self, pin: Path) -> None:
        """Let a program stand at the end of another cable, beside this one, on which nothing is sent.

        With a program that stands nowhere each test run begins and ends by rewriting the kernel's way to programs
        (bpf_dispatcher_change_prog), which takes as long as a thousand packets.
        """
        name = f"kept{next(self._kept)}"
        self.namespace.ip_batch([f"link add {name} type veth peer name {name}-far", f"link set {name}-far up"])
        run(*self.namespace.enter(), "ip", "link", "set", f"{name}-far", "xdpdrv", "pinned", str(pin))

    def detach(self) -> None:
        """Let no program stand at the far end."""
        run(*self.namespace.enter(), "ip", "link", "set", "far", "xdpdrv", "off")

    def receive_without_program(self) -> None:
        """Let the far end take frames for the stack though no program stands there."""
        run(*self.namespace.enter(), "ethtool", "--offload", "far", "gro", "on")

    def aim(self, frame: bytes, ends: Addresses) -> None:
        """Let ``send_random`` send ``frame``, which holds IPv4, to these ends."""
        words = np.frombuffer(frame[14:34], ">u2").astype(np.uint64)
        others = int(words.sum() - words[5] - words[8] - words[9])  # without checksum and destination
        sums = others + (ends >> np.uint32(16)).astype(np.uint64) + (ends & np.uint32(0xFFFF))
        sums = (sums & np.uint64(0xFFFF)) + (sums >> np.uint64(16))
        sums = (sums & np.uint64(0xFFFF)) + (sums >> np.uint64(16))
        table = self._compiled["ends"]
        values = np.zeros(table.max_entries, END)
        values["address"], values["check"] = np.resize(ends, len(values)), np.resize(0xFFFF - sums, len(values))
        syscall.update_batch(table.map_fd, np.arange(len(values), dtype=np.uint32), values)

    def send(self, name: str, frame: bytes, count: int) -> float:
        """Send a frame so many times, with one of our sending programs; return the seconds of one processor it took.

        The far end's work is among them: it is done on the same processor, in the sender's time. (But not where the
        kernel keeps the time of interrupts apart, CONFIG_IRQ_TIME_ACCOUNTING.)
        """
        return self.namespace.inside(lambda: _send(self.program(name), frame, count))

    def costs(self, programs: Mapping[str, int], frame: bytes, turns: Turns, verdict: int | None) -> dict[str, float]:
        """Return the nanoseconds that a run of each program takes on a frame that came in at the far end.

        They take turns, so that all meet the same weather; the best turn of each counts, since whatever disturbs a run
        makes it slower. It is the thread's own time: the kernel tells whole nanoseconds, of which some need but five.

        Raises:
            WrongVerdictError: a program decided otherwise than by ``verdict``, unless that is None.
        """
        return self.namespace.inside(lambda: _costs(programs, frame, turns, verdict, self.far))


@contextmanager
def cable(queues: int = 1) -> Iterator[Cable]:
    """Lay a cable, with the programs for it; it is gone afterwards.

    With as many queues as processors, what a processor sends it receives too, beside the others.
    """
    with namespace() as inside:
        for scope in ("all", "default"):  # so that nothing is on the cable but what we send
            inside.sysctl(f"ipv6/conf/{scope}/disable_ipv6", 1)
        far = f"far address {ether().dst}"  # or the stack takes frames to it for somebody else's
        many = f"numtxqueues {queues} numrxqueues {queues}"
        made = f"link add near {many} type veth peer name {far} {many}"
        inside.ip_batch([made, "link set near up", "link set far up"])
        inside.wait_for_carrier("near", "far")
        near = inside.inside(lambda: socket.if_nametoindex("near"))
        compiled = _compiled(near)
        try:
            yield Cable(inside, compiled)
        finally:
            compiled.cleanup()


def _compiled(near: int) -> Any:
    from bcc import BPF  # not above: whoever wants another benchmark needs no compiler

    with tempfile.TemporaryDirectory(prefix="wicket-headers-") as scratch:
        flags = [f"-DNEAR={near}"]
        if build_tree() is None:
            flags += lay_tree(Path(scratch))
            os.environ["BCC_KERNEL_SOURCE"] = scratch
        return BPF(text=SOURCE.read_text(), cflags=flags)


def send_on(laid: Cable, name: str, frame: bytes, count: int, processor: int) -> float:
    """Send a frame so many times, with one of our sending programs, on a processor of its own; return its seconds."""
    return laid.namespace.inside(lambda: _send(laid.program(name), frame, count, processor))


def _send(program: int, frame: bytes, count: int, processor: int | None = None) -> float:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed) if processor is None else processor})
    began = time.thread_time()
    try:
        _test_run(program, frame, count, flags=LIVE_FRAMES, batch=BATCH)
        return time.thread_time() - began
    finally:
        os.sched_setaffinity(0, allowed)


def _costs(
    programs: Mapping[str, int], frame: bytes, turns: Turns, verdict: int | None, ingress: int
) -> dict[str, float]:
    os.sched_setaffinity(0, {turns.processor})  # the thread's, which ends with this
    best = dict.fromkeys(programs, float("inf"))
    for _ in range(turns.count):
        for name, fd in programs.items():
            began = time.thread_time_ns()
            decided = _test_run(fd, frame, turns.repeat, ingress=ingress)
            best[name] = min(best[name], (time.thread_time_ns() - began) / turns.repeat)
            if verdict not in (None, decided) and name != EMPTY:
                raise WrongVerdictError(f"{name}: the verdict is {decided}, not {verdict}")
    return best


def _test_run(program: int, frame: bytes, repeat: int, *, ingress: int = 0, flags: int = 0, batch: int = 0) -> int:
    """Run BPF_PROG_TEST_RUN, with members of union bpf_attr that syscall.test_run leaves alone; return the verdict."""
    data = np.frombuffer(frame, np.uint8)
    context = np.array([0, len(frame), 0, ingress, 0, 0], np.uint32)  # struct xdp_md
    given = (context.nbytes, 0, syscall.pointer(context), 0) if ingress else (0, 0, 0, 0)
    attributes = struct.pack(
        "IIIIQQIIIIQQIIII",
        *(program, 0, len(frame), 0, syscall.pointer(data), 0, repeat, 0),
        *(*given, flags, 0, batch, 0),
    )
    left = syscall.bpf(syscall.PROG_TEST_RUN, attributes)[1]
    return int(struct.unpack_from("I", left, 4)[0])
