"""The command that runs captures through the program in the kernel."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from control.cli.context import as_json_option, pass_config
from control.cli.output import agent
from control.commands.client import AgentSocket
from control.commands.packets import RunPackets, pack_frames
from control.config import Config
from control.datapath.probe.answer import Answer, answers_of
from control.datapath.probe.probe import Probe
from control.datapath.program import pins
from control.datapath.program.compile import schema
from control.fault import Fault, Kind, Refused
from control.host import rights
from control.replay import report
from control.replay.flows import Prober


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@as_json_option
@pass_config
def replay(config: Config, files: tuple[Path, ...], as_json: bool) -> None:
    """Run the packets of captures through the program in the kernel and print what it says, flow by flow.

    FILES are pcap or pcapng. It is the instance's own program with its live list and policies or, where the
    instance has none, one loaded for the purpose. Nothing is sent and nothing is counted.
    """
    with _prober(config) as prober:
        sys.exit(report.run(files, prober, as_json=as_json, out=sys.stdout, err=sys.stderr))


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
            yield Probe(loaded.program)
        return
    try:
        yield Probe(pinned.program)
    finally:
        pinned.close()


def _demand_rights(refused: Refused) -> None:
    """Refuse, as the agent did, who cannot do without one either."""
    if without := rights.lacking():
        why = f"without the agent it takes {', '.join(without)}, which this user has not"
        fault = Fault("the kernel's program", why, "have the agent run it, as said above; or run this as root")
        raise Refused(refused.kind, refused.title, [*refused.faults, fault]) from refused
