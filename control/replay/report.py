"""What a replay prints: a line of JSON a flow, or a table for people; besides, what could not be read."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from control.datapath.probe.answer import End
from control.replay.flows import NONE, Flow, Prober, Replay, counted, replay


def run(paths: Sequence[Path], prober: Prober, *, as_json: bool, out: TextIO, err: TextIO) -> int:
    """Replay capture files and print their flows to ``out``, what could not be read to ``err``.

    Returns:
        the exit status: 1 if a file was no capture at all or could not be opened, else 0.
    """
    replays = []
    for path in _watched(paths, err):
        result = replay(path, prober)
        replays.append(result)
        if as_json:
            out.writelines(f"{json.dumps(row)}\n" for row in rows(result))
    for result in replays:
        if result.unread:
            print(json.dumps(unread(result)) if as_json else complaint(result), file=err)
    if not as_json:
        Console(file=out).print(*tables(replays), summary(replays))
    return 0 if all(result.is_capture for result in replays) else 1


def rows(result: Replay) -> Iterator[dict[str, Any]]:
    """Yield a flat record for each flow, in the order of their first packets."""
    for flow in result.flows:
        yield {
            "file": str(result.path),
            "ip_proto": flow.ip_protocol,
            "addr_a": flow.a.address,
            "port_a": flow.a.port,
            "addr_b": flow.b.address,
            "port_b": flow.b.port,
            "packets": flow.packets,
            "protocol": flow.protocol,
            "handshakes": flow.handshakes,
            "passed": flow.passed,
            "dropped": flow.dropped,
        }


def unread(result: Replay) -> dict[str, Any]:
    """Return the record of what could not be read of a file, for programs."""
    return {"file": str(result.path), "is_capture": result.is_capture, "unread": result.unread}


def complaint(result: Replay) -> str:
    """Return one line that says what could not be read of a file, for people."""
    return f"{result.path}: {'; '.join(result.unread)}"


def tables(replays: Iterable[Replay]) -> Iterator[Table]:
    """Yield a table of the VPN flows of each file that has some; ordinary ones are the summary's."""
    for result in replays:
        vpn = [flow for flow in result.flows if flow.protocol != NONE]
        if vpn:
            yield _table(escape(str(result.path)), vpn)


def _table(title: str, flows: Iterable[Flow]) -> Table:
    shown = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    shown.add_column("protocol", no_wrap=True)
    shown.add_column("between", overflow="fold")
    for heading in ("packets", "handshakes", "passed", "dropped"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for flow in flows:
        between = f"{_spelt(flow.a)} and {_spelt(flow.b)}"
        counts = (flow.packets, flow.handshakes, flow.passed, flow.dropped)
        shown.add_row(flow.protocol, escape(between), *map(str, counts))
    return shown


def _spelt(end: End) -> str:
    """Return an end as people write it: RFC 3986's brackets where an IPv6 address has a port."""
    if not end.port:
        return end.address
    return f"[{end.address}]:{end.port}" if ":" in end.address else f"{end.address}:{end.port}"


def summary(replays: Sequence[Replay]) -> str:
    """Return one line on what the tables leave out."""
    ordinary = [flow for result in replays for flow in result.flows if flow.protocol == NONE]
    packets = counted(sum(flow.packets for flow in ordinary), "packet")
    dropped = sum(flow.dropped for flow in ordinary)
    strays = counted(sum(result.strays for result in replays), "packet")
    return (
        f"Not shown: {counted(len(ordinary), 'ordinary flow')} with {packets}, {dropped} of them dropped, "
        f"and {strays} outside any IP flow."
    )


def _watched(paths: Sequence[Path], err: TextIO) -> Iterable[Path]:
    """Return the paths, with progress on ``err`` where somebody watches."""
    console = Console(file=err)
    if not console.is_terminal:
        return paths
    return track(paths, description="replaying", console=console, transient=True)
