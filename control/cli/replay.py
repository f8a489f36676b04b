"""The command that runs captures through the program in the kernel."""

import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from control.allowlist.allowlist import Allowlist
from control.cli.context import as_json_option, pass_config
from control.cli.output import agent
from control.commands.client import AgentSocket
from control.commands.packets import RunPackets, pack_frames
from control.config import Config
from control.datapath.generations.lists import Lists
from control.datapath.probe.answer import Answer, answers_of
from control.datapath.probe.probe import Probe
from control.datapath.program import pins
from control.datapath.program.compile import schema
from control.fault import Fault, Kind, Refused
from control.host import rights
from control.replay import report
from control.replay.capture import CaptureSource, Stream
from control.replay.flows import Prober
from control.rollout.position import Provenance

STANDARD_INPUT = "-"


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("--as-if", type=click.Choice(["enforce"]), help="Answer as if every protocol were enforced.")
@as_json_option
@pass_config
def replay(config: Config, files: tuple[str, ...], as_if: str | None, as_json: bool) -> None:
    """Run the packets of captures through the program in the kernel and print what it says, flow by flow.

    FILES are pcap or pcapng, gzipped or not; - is standard input. It is the instance's own program with its live list
    and policies or, where the instance has none, one loaded for the purpose. Nothing is sent and nothing is counted.

    --as-if enforce says what would be dropped, were every protocol enforced for all flows; nothing is changed.
    """
    if files.count(STANDARD_INPUT) > 1:
        raise click.BadParameter("standard input can be read once: give - once", param_hint="FILES")
    sources = [_source(file) for file in files]
    if STANDARD_INPUT in files:
        _leave_interrupts_to_the_writer()
    with _prober(config) as prober:
        enforced = as_if is not None
        status = report.run(sources, prober, as_json=as_json, out=sys.stdout, err=sys.stderr, as_enforced=enforced)
    sys.exit(status)


def _source(file: str) -> CaptureSource:
    if file != STANDARD_INPUT:
        return Path(file)
    if sys.stdin.isatty():
        raise click.BadParameter("standard input is a terminal: send a capture into it", param_hint="FILES")
    return Stream(STANDARD_INPUT, sys.stdin.buffer)


def _leave_interrupts_to_the_writer() -> None:
    """Let the first Ctrl-C end only what writes the capture, and the capture with it; a second one is for us."""
    signal.signal(signal.SIGINT, lambda *_: signal.signal(signal.SIGINT, signal.default_int_handler))


class _AgentsProgram:
    """The program of a running agent, which runs packets for whoever may ask it."""

    def __init__(self, socket: AgentSocket) -> None:
        self._socket = socket

    def probe_all(self, frames: Sequence[bytes]) -> Iterable[Answer]:
        """Return the program's answers about frames.

        Raises:
            Refused: the agent does not run them, or is of another version.
        """
        said, records = self._socket.fetch(RunPackets(), pack_frames(frames))
        if said.source_digest != schema().hex():
            mend = "use the command of the agent's version, or restart the agent"
            fault = Fault(str(self._socket.path), "the agent's program is of another version than this command", mend)
            raise Refused(Kind.CONFLICT, "The agent is of another version", [fault])
        return answers_of(records, frames)


@contextmanager
def _prober(config: Config) -> Iterator[Prober]:
    """Give the agent's program, what is pinned where no agent is, or one that is loaded for the purpose.

    Raises:
        Refused: there is no agent that may be asked, and this user may neither open nor load a program.
    """
    socket = _AgentsProgram(agent(config))
    try:
        socket.probe_all([])
    except Refused as refused:
        if refused.kind not in (Kind.UNAVAILABLE, Kind.FORBIDDEN, Kind.BUSY):
            raise
        _demand_rights(refused)
    else:
        yield socket
        return
    pinned = pins.open_live(config.pins)
    if pinned is None:
        with pins.temporary(config.bpffs) as loaded:
            _register_nobody(loaded)
            yield Probe(loaded.asked)
        return
    try:
        yield Probe(pinned.asked)
    finally:
        pinned.close()


def _register_nobody(loaded: pins.Pinned) -> None:
    """Give a program an empty list: it refuses nobody while it has none, and so could not say whom it would."""
    lists = Lists(loaded, keep=1)
    lists.go_live(lists.stage(Allowlist.from_entries([]), Provenance(revision=1)))
    lists.close()


def _demand_rights(refused: Refused) -> None:
    """Refuse, as the agent did, who cannot do without one either."""
    if without := rights.lacking():
        why = f"without the agent it takes {', '.join(without)}, which this user has not"
        fault = Fault("the kernel's program", why, "have the agent run it, as said above; or run this as root")
        raise Refused(refused.kind, refused.title, [*refused.faults, fault]) from refused
