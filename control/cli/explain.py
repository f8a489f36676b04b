"""The command that says what the kernel makes of one packet, and why; or of one of every protocol."""

import ipaddress
from pathlib import Path
from typing import Any

import click

from control.allowlist.prefix import read_address
from control.cli import way
from control.cli.context import as_json_option, pass_config
from control.cli.output import agent, print_json, print_table
from control.cli.way import AskedPacket
from control.commands.packets import Explained, ExplainPacket
from control.config import Config
from control.datapath.probe import frames
from control.fault import BadValueError, Fault, Kind, Refused
from control.replay.capture import DamagedCaptureError, NotACaptureError, packets
from control.replay.link import UnsupportedLinkError, ethernet_frame
from control.vocabulary import VPN_PROTOCOLS


@click.command()
@click.option("--from", "source", default=None, help="Source address of a made-up packet.")
@click.option("--to", "destination", default=None, help="Its destination address.")
@click.option("--protocol", type=click.Choice(VPN_PROTOCOLS), help="Of the made-up packet; by default one of each.")
@click.option("--port", type=click.IntRange(0, 65535), help="Its destination port; by default the protocol's own.")
@click.option("--frame", "digits", help="An Ethernet frame in hexadecimal digits, instead.")
@click.option("--capture", type=click.Path(exists=True, path_type=Path), help="A packet of this capture, instead.")
@click.option("--packet", type=click.IntRange(1), default=1, show_default=True, help="Which packet of it.")
@as_json_option
@pass_config
def explain(
    config: Config,
    source: str | None,
    destination: str | None,
    protocol: str | None,
    port: int | None,
    digits: str | None,
    capture: Path | None,
    packet: int,
    as_json: bool,
) -> None:
    """Run one packet through the program in the kernel and print the way it took; or one of every protocol.

    Nothing is sent and nothing is counted.
    """
    if digits is not None:
        _one(config, digits, None, as_json)
    elif capture:
        given = _of_capture(capture, packet)
        _one(config, given.frame.hex(), given, as_json)
    elif protocol:
        _one(config, _made_up(source, destination, protocol, port).hex(), None, as_json)
    else:
        _each(config, {name: _made_up(source, destination, name, port) for name in VPN_PROTOCOLS}, as_json)


def _one(config: Config, digits: str, given: AskedPacket | None, as_json: bool) -> None:
    """Explain one packet, step by step."""
    result = agent(config).ask(ExplainPacket(packet=digits))
    given = given or AskedPacket(bytes.fromhex(digits))
    if as_json:
        print_json(_record(given, result))
        return
    verdict = "passes" if result.answer["verdict"] == "pass" else "is dropped"
    told = f"the packet {verdict}" if way.is_known(given, result.answer) else "what becomes of the packet is not known"
    print_table(told, ("", ""), way.way(given, result))


def _each(config: Config, made_up: dict[str, bytes], as_json: bool) -> None:
    """Explain a packet of each protocol, a row for each."""
    results = {name: agent(config).ask(ExplainPacket(packet=frame.hex())) for name, frame in made_up.items()}
    if as_json:
        records = [{"protocol": name} | _record(AskedPacket(made_up[name]), each) for name, each in results.items()]
        print_json({"packets": records})
        return
    columns = ("protocol", "port", "verdict", "reason", "on the list", "would have to be registered")
    print_table(_between(next(iter(results.values()))), columns, [_row(*each) for each in results.items()])
    entries = [entry for result in results.values() for entry in (result.entry, result.other)]
    if noted := list(way.noted(entries)):
        print_table("listed", ("", ""), noted)


def _record(given: AskedPacket, result: Explained) -> dict[str, Any]:
    """Return in JSON types what the agent replied, and whether the packet is whole enough to go by it."""
    whole = way.announced(given, result.answer) if given.length is None else given.length
    about = {"captured": len(given.frame), "length": whole, "is_known": way.is_known(given, result.answer)}
    return result.model_dump(mode="json") | about


def _between(result: Explained) -> str:
    source, destination = (result.answer[side]["address"] for side in ("source", "destination"))
    nobody = ipaddress.ip_address(source) in frames.NOBODY.values()
    return f"packets from {'anybody' if nobody else source} to {destination}"


def _row(protocol: str, result: Explained) -> tuple[object, ...]:
    said, entry = result.answer, result.entry or result.other
    port = said["destination"]["port"]
    missing = ""
    if said["protocol"] != protocol:
        missing = f"nothing: at that port it is not known as {protocol}"
    elif said["reason"] == "local":
        missing = f"nothing: {way.why_local(said)}"
    elif not said["side"]:
        missing = f"{result.inside or said['destination']['address']} for {protocol}"
        missing += f" on port {port}" if result.other and port else ""
    return (protocol, str(port or ""), said["verdict"], said["reason"], entry.prefix if entry else "", missing)


def _of_capture(capture: Path, number: int) -> AskedPacket:
    try:
        for place, packet in enumerate(packets(capture), 1):
            if place == number:
                frame = ethernet_frame(packet.link, packet.content)
                return AskedPacket(frame, packet.length + len(frame) - len(packet.content))
    except (NotACaptureError, DamagedCaptureError, UnsupportedLinkError, OSError) as error:
        unread = Fault(str(capture), str(error), "give a whole pcap or pcapng file of a known link type")
        raise Refused(Kind.UNREADABLE, "The capture cannot be read", [unread]) from error
    fault = Fault(str(capture), f"it has no packet {number}", "give a smaller --packet")
    raise Refused(Kind.UNREADABLE, "The packet is not in the capture", [fault])


def _made_up(source: str | None, destination: str | None, protocol: str, port: int | None) -> bytes:
    try:
        to = read_address(destination or "")
        return frames.frame(protocol, read_address(source) if source else frames.NOBODY[to.version], to, port)
    except ValueError as error:
        why = error.why if isinstance(error, BadValueError) else str(error)
        mend = "give --to ADDRESS and, if you like, --from ADDRESS of the same family; or --frame, or --capture"
        raise Refused(Kind.BAD_REQUEST, "The packet cannot be made up", [Fault("--to", why, mend)]) from error
