"""The command that shows sampled packets as they come."""

import json
import time
from dataclasses import asdict

import click

from control.cli.context import as_json_option, pass_config
from control.cli.output import agent
from control.commands.packets import MOST_RATE, SamplePackets
from control.config import Config
from control.datapath.probe.events import Event, Events
from control.datapath.program import pins
from control.fault import Fault, Kind, Refused

RENEW, LASTS = 5.0, 15.0  # s: sampling ends by itself when nobody reads on
PAUSE = 0.1  # s


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
    pinned = pins.open_live(config.pins)
    if pinned is None:
        fault = Fault(str(config.pins), "no program of this version is pinned there", "start wicketd")
        raise Refused(Kind.UNAVAILABLE, "The instance is not in the kernel", [fault])
    try:
        ring, ends_at = Events(pinned.maps["events"]), time.monotonic() + (seconds or float("inf"))
        renew_at = 0.0
        while time.monotonic() < ends_at:
            if time.monotonic() >= renew_at:
                agent(config).ask(SamplePackets(rate=rate, responders=responders, seconds=LASTS))
                renew_at = time.monotonic() + RENEW
            for event in ring.read():
                click.echo(json.dumps(asdict(event)) if as_json else _line(event))
            time.sleep(PAUSE)
    finally:
        agent(config).ask(SamplePackets(rate=0))
        pinned.close()


def _line(event: Event) -> str:
    what = f"{event.protocol}{' handshake' if event.handshake else ''}"
    end = f"{event.address} port {event.port}" if event.address else "-"
    return f"{event.seconds:>14.3f}  {event.verdict} {event.reason:<13} {what:<22} {event.bytes:>5} bytes  {end}"
