"""The command that shows sampled packets as they come."""

import contextlib
import time
from collections.abc import Iterator

import click

from control.cli.context import as_json_option, pass_config
from control.cli.output import agent
from control.commands.client import AgentSocket
from control.commands.packets import MOST_RATE, ReadEvents, SampledPacket
from control.config import Config
from control.fault import Refused

PAUSE = 0.2  # s


@click.command()
@click.option(
    "--rate", type=click.IntRange(1, MOST_RATE), default=100, show_default=True, help="Show one packet in so many."
)
@click.option("--responders", is_flag=True, help="Tell where unregistered handshakes go, too.")
@click.option("--for", "seconds", type=click.FloatRange(0), help="Stop after so many seconds; by default on Ctrl-C.")
@as_json_option
@pass_config
def events(config: Config, rate: int, responders: bool, seconds: float | None, as_json: bool) -> None:
    """Show sampled packets that look like VPN, as they come.

    Off unless somebody looks. No subscriber's address is shown: only the registered end of a packet or, with
    --responders, the end that an unregistered handshake goes to. Nothing is kept.
    """
    for event in followed(agent(config), ReadEvents(rate=rate, responders=responders), seconds):
        click.echo(event.model_dump_json() if as_json else _line(event))


def followed(socket: AgentSocket, question: ReadEvents, seconds: float | None) -> Iterator[SampledPacket]:
    """Yield sampled packets as they come, for so many seconds; none: until whoever asks has enough."""
    ends_at, is_over = time.monotonic() + (seconds or float("inf")), False
    try:
        while not is_over:
            is_over = time.monotonic() >= ends_at
            said = socket.ask(question.model_copy(update={"leave": is_over}))
            question = question.model_copy(update={"reader": said.reader, "after": said.after})
            if said.missed:
                click.echo(f"{said.missed:,} more were sampled than could be shown", err=True)
            yield from said.events
            if not is_over:
                time.sleep(min(PAUSE, max(0.0, ends_at - time.monotonic())))
    finally:
        if not is_over:  # by Ctrl-C, above all; when it cannot be said, sampling ends by itself
            with contextlib.suppress(Refused):
                socket.ask(question.model_copy(update={"leave": True}))


def _line(event: SampledPacket) -> str:
    what = f"{event.protocol}{' handshake' if event.handshake else ''}"
    end = f"{event.address} port {event.port}" if event.address else "-"
    return f"{event.seconds:>14.3f}  {event.verdict} {event.reason:<13} {what:<22} {event.bytes:>5} bytes  {end}"
