"""What a replay prints: records for programs, or tables for people; besides, what could not be read."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from control.datapath.probe.answer import End
from control.replay.capture import CaptureSource
from control.replay.flow import NONE, Flow, Tally
from control.replay.flows import AsIfEnforced, Prober, Replay, counted, replay
from control.replay.records import records, total, unread

WIDTH = 120  # characters of a line where no terminal says how wide it is
AS_ENFORCED = "As if every protocol were enforced for all flows:"


def run(
    sources: Sequence[CaptureSource],
    prober: Prober,
    *,
    as_json: bool,
    out: TextIO,
    err: TextIO,
    as_enforced: bool = False,
) -> int:
    """Replay captures and print their flows to ``out``, what could not be read to ``err``.

    Args:
        as_enforced: give the verdicts that there would be, were every protocol enforced for all flows.

    Returns:
        the exit status: 1 if there was a capture of which nothing could be read, else 0.
    """
    replays = []
    if as_enforced:
        prober = AsIfEnforced(prober)
    for source in _watched(sources, err):
        result = replay(source, prober)
        replays.append(result)
        if as_json:
            out.writelines(f"{json.dumps(row)}\n" for row in records(result))
    for result in replays:
        if result.unread:
            print(json.dumps(unread(result)) if as_json else complaint(result), file=err)
    if as_json:
        print(json.dumps(total(replays, as_enforced=as_enforced)), file=out)
    else:
        console = Console(file=out, width=None if out.isatty() else WIDTH, highlight=False)
        if as_enforced:
            console.print(AS_ENFORCED)
        for paragraph in paragraphs(replays):
            console.print(paragraph, soft_wrap=isinstance(paragraph, str))
    return 1 if any(result.is_unreadable for result in replays) else 0


def complaint(result: Replay) -> str:
    """Return one line that says what could not be read of a file, for people."""
    return f"{result.name}: {'; '.join(result.unread)}"


def paragraphs(replays: Sequence[Replay]) -> Iterator[Table | str]:
    """Yield a line on each file, with a table of its VPN flows where it has some; then the sum of several files."""
    for result in replays:
        if result.is_capture:
            yield escape(f"{result.name}: {told([result])}")
        shown = [flow for flow in result.flows if flow.protocol != NONE]
        if shown:
            yield _table(shown)
    if len(replays) > 1:
        yield f"All {len(replays)} files: {told(replays)}"


def _table(flows: Iterable[Flow]) -> Table:
    """Return flows, two lines each: ends and counts stand below one another, so that 80 columns are enough."""
    shown = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    shown.add_column("protocol\nverdict", no_wrap=True)
    shown.add_column("between", min_width=21, overflow="fold")
    for headings in ("packets\nhandshakes", "registered\ncut", "dropped\nwould drop"):
        shown.add_column(headings, justify="right", no_wrap=True)
    shown.add_column("reasons")
    for flow in flows:
        reasons = "\n".join(f"{count} {reason}" for reason, count in flow.reasons.most_common())
        shown.add_row(
            f"{flow.protocol}\n{flow.verdict}",
            escape(f"{_spelt(flow.a)}\n{_spelt(flow.b)}"),
            f"{flow.packets}\n{flow.handshakes}",
            f"{flow.registered}\n{flow.cut}",
            f"{flow.dropped}\n{flow.refusable}",
            reasons,
        )
    return shown


def _spelt(end: End) -> str:
    """Return an end as people write it: RFC 3986's brackets where an IPv6 address has a port."""
    if not end.port:
        return end.address
    return f"[{end.address}]:{end.port}" if ":" in end.address else f"{end.address}:{end.port}"


def told(replays: Sequence[Replay]) -> str:
    """Return in words how many packets of captures were read and where they belong, and what becomes of the flows."""
    flows = [flow for result in replays for flow in result.flows]
    return f"{_packets(replays, len(flows))} {_fates(Tally.of(flows))}"


def _packets(replays: Sequence[Replay], flows: int) -> str:
    read, strays = sum(result.read for result in replays), sum(result.strays for result in replays)
    cut, missed = sum(result.cut for result in replays), sum(result.unread_packets for result in replays)
    where = f"{read - strays} in {counted(flows, 'flow')}, {strays} outside of any" if flows else "none in a flow"
    more = (f"; {cut} of them cut when captured" if cut else "") + (f"; {missed} not read" if missed else "")
    return f"{counted(read, 'packet')} read, {where}{more}."


def _fates(tally: Tally) -> str:
    """Say what becomes of the flows. Unknown are those of which too much was cut off to tell."""
    if not any(tally):
        return "No flows."
    if tally.vpn:
        is_or_are = "is" if tally.registered == 1 else "are"
        vpn = f"Of {counted(tally.vpn, 'VPN flow')} {tally.registered} {is_or_are} registered, "
        vpn += f"{tally.refusable} would be refused"
    else:
        vpn = "No VPN flow"
    unknown = f"; {counted(tally.unknown, 'unknown flow')}, cut too short to tell" if tally.unknown else ""
    return f"{vpn}{unknown}; {counted(tally.ordinary, 'ordinary flow')}."


def _watched(sources: Sequence[CaptureSource], err: TextIO) -> Iterable[CaptureSource]:
    """Return the sources, with progress on ``err`` where somebody watches."""
    console = Console(file=err)
    if not console.is_terminal:
        return sources
    return track(sources, description="replaying", console=console, transient=True)
