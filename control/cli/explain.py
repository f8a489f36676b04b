"""The command that says what the kernel makes of one packet, and why."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from control.allowlist.mapped import Address
from control.allowlist.prefix import read_address
from control.cli.context import as_json_option, pass_config
from control.cli.output import agent, print_json, print_table
from control.commands.packets import Explained, ExplainPacket, MatchedEntry
from control.config import Config
from control.datapath.probe import frames
from control.fault import BadValueError, Fault, Kind, Refused
from control.replay.capture import DamagedCaptureError, NotACaptureError, packets
from control.replay.link import UnsupportedLinkError, ethernet_frame
from control.vocabulary import VPN_PROTOCOLS


@click.command()
@click.option("--from", "source", default=None, help="Source address of a made-up packet.")
@click.option("--to", "destination", default=None, help="Its destination address.")
@click.option("--protocol", type=click.Choice(VPN_PROTOCOLS), default="wireguard", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), help="Its destination port.")
@click.option("--frame", "digits", help="An Ethernet frame in hexadecimal digits, instead.")
@click.option("--capture", type=click.Path(exists=True, path_type=Path), help="A packet of this capture, instead.")
@click.option("--packet", type=click.IntRange(1), default=1, show_default=True, help="Which packet of it.")
@as_json_option
@pass_config
def explain(
    config: Config,
    source: str | None,
    destination: str | None,
    protocol: str,
    port: int | None,
    digits: str | None,
    capture: Path | None,
    packet: int,
    as_json: bool,
) -> None:
    """Run one packet through the program in the kernel and print the way it took.

    Nothing is sent and nothing is counted.
    """
    if digits is None:
        frame = _of_capture(capture, packet) if capture else _made_up(source, destination, protocol, port)
        digits = frame.hex()
    result = agent(config).ask(ExplainPacket(packet=digits))
    if as_json:
        print_json(result)
        return
    verdict = "passes" if result.answer["verdict"] == "pass" else "is dropped"
    print_table(f"the packet {verdict}", ("", ""), _way(result))


def _way(result: Explained) -> Iterator[tuple[str, str]]:
    said, entry = result.answer, result.entry
    yield "parse", _headers(said)
    what = said["protocol"] if said["protocol"] != "none" else "no VPN protocol"
    yield "classify", f"{what}{', opens a session' if said['handshake'] else ''}"
    if said["protocol"] != "none":
        yield "look up", _found(said, entry, result.serial)
        if said["share"]:
            yield "decide", f"the flow is enforced from a share of {said['share']} % on"
    yield "verdict", f"{said['verdict']}: {said['reason']}"


def _headers(said: dict[str, Any]) -> str:
    if not said["family"]:
        return "no IP header"
    source, destination = (said[side] or {"port": 0} for side in ("source", "destination"))
    ports = f", port {source['port']} to {destination['port']}" if destination["port"] else ""
    return (
        f"IPv{said['family']} at byte {said['ip_offset']}, protocol {said['ip_protocol']}{ports}, "
        f"{said['payload_length']} bytes of payload at byte {said['payload_offset']}"
    )


def _found(said: dict[str, Any], entry: MatchedEntry | None, serial: int) -> str:
    if said["side"] is None:
        return f"neither side is on the list (serial {serial})"
    where = "exact set" if said["exact_set"] else f"hash map, prefix length {said['prefix_length']}"
    what = entry.prefix if entry else "an entry that is being changed"
    note = f" ({entry.note})" if entry and entry.note else ""
    return f"the {said['side']} is on the list: {what}{note}, in the {where}"


def _of_capture(capture: Path, number: int) -> bytes:
    try:
        for place, packet in enumerate(packets(capture), 1):
            if place == number:
                return ethernet_frame(packet.link, packet.content)
    except (NotACaptureError, DamagedCaptureError, UnsupportedLinkError, OSError) as error:
        unread = Fault(str(capture), str(error), "give a whole pcap or pcapng file of a known link type")
        raise Refused(Kind.UNREADABLE, "The capture cannot be read", [unread]) from error
    fault = Fault(str(capture), f"it has no packet {number}", "give a smaller --packet")
    raise Refused(Kind.UNREADABLE, "The packet is not in the capture", [fault])


def _made_up(source: str | None, destination: str | None, protocol: str, port: int | None) -> bytes:
    try:
        to = read_address(destination or "")
        nobody: Address = ipaddress.IPv4Address(0) if to.version == 4 else ipaddress.IPv6Address(0)
        return frames.frame(protocol, read_address(source) if source else nobody, to, port)
    except ValueError as error:
        why = error.why if isinstance(error, BadValueError) else str(error)
        mend = "give --to ADDRESS and, if you like, --from ADDRESS of the same family; or --frame, or --capture"
        raise Refused(Kind.BAD_REQUEST, "The packet cannot be made up", [Fault("--to", why, mend)]) from error
