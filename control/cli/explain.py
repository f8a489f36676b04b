"""The command that says what the kernel makes of one packet, and why; or of one of every protocol."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from control.allowlist.prefix import read_address
from control.cli import way
from control.cli.context import as_json_option, pass_config
from control.cli.output import agent, print_json, print_table
from control.cli.way import AskedPacket
from control.commands.packets import Explained, ExplainPacket, MatchedEntry, ReadRegistration
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
    registrations = _registrations(config, [result])
    if as_json:
        print_json(_record(given, result, registrations))
        return
    verdict = "passes" if result.answer["verdict"] == "pass" else "is dropped"
    told = f"the packet {verdict}" if way.is_known(given, result.answer) else "what becomes of the packet is not known"
    print_table(told, ("", ""), way.way(given, result, _words(registrations)))


def _each(config: Config, made_up: dict[str, bytes], as_json: bool) -> None:
    """Explain a packet of each protocol, a row for each."""
    results = {name: agent(config).ask(ExplainPacket(packet=frame.hex())) for name, frame in made_up.items()}
    registrations = _registrations(config, results.values())
    if as_json:
        packets = {name: AskedPacket(frame) for name, frame in made_up.items()}
        records = [{"protocol": name} | _record(packets[name], each, registrations) for name, each in results.items()]
        print_json({"packets": records})
        return
    columns = ("protocol", "port", "verdict", "reason", "on the list", "would have to be registered")
    print_table(_between(next(iter(results.values()))), columns, [_row(*each) for each in results.items()])
    if noted := list(way.noted(_entries(results.values()), _words(registrations))):
        print_table("listed", ("", ""), noted)


def _entries(results: Iterable[Explained]) -> Iterator[MatchedEntry]:
    yield from (entry for result in results for entry in (result.entry, result.other) if entry)


def _registrations(config: Config, results: Iterable[Explained]) -> dict[str, str | Refused | None]:
    """Return by which registration the feed has each of its prefixes that were found, or why that is not known."""
    found: dict[str, str | Refused | None] = {}
    for prefix in {entry.prefix: entry for entry in _entries(results) if way.FEED in entry.sources}:
        try:
            found[prefix] = agent(config).ask(ReadRegistration(prefix=prefix)).registration
        except Refused as refused:  # the registry may be gone: what the kernel does stands without it
            found[prefix] = refused
    return found


def _words(registrations: Mapping[str, str | Refused | None]) -> dict[str, str]:
    return {
        prefix: f"registration not known: {found.faults[0].why}"
        if isinstance(found, Refused)
        else f"registration {found}"
        if found
        else "which has no registration of it any more"
        for prefix, found in registrations.items()
    }


def _record(given: AskedPacket, result: Explained, registrations: Mapping[str, str | Refused | None]) -> dict[str, Any]:
    """Return in JSON types what the agent replied, by which registration, and whether the packet is whole enough."""
    whole = way.announced(given, result.answer) if given.length is None else given.length
    (found,) = [registrations.get(entry.prefix) for entry in _entries([result])] or [None]
    return result.model_dump(mode="json") | {
        "registration": found if isinstance(found, str) else None,
        "captured": len(given.frame),
        "length": whole,
        "is_known": way.is_known(given, result.answer),
    }


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
