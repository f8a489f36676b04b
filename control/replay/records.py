"""What a replay says to programs: flat records, of each flow, of each file, and of all of them together."""

from collections.abc import Iterator, Sequence
from typing import Any

from control.replay.flow import Flow, Tally
from control.replay.flows import Replay

Record = dict[str, Any]
"""JSON types; ``record`` says of what it is: "flow", "file" or "all"."""


def records(result: Replay) -> Iterator[Record]:
    """Yield the flows of a file, in the order of their first packets, then the file."""
    for flow in result.flows:
        yield {"record": "flow", "file": result.name, **_flow(flow)}
    yield {
        "record": "file",
        "file": result.name,
        "is_capture": result.is_capture,
        **_sums([result]),
        "unread": result.unread,
    }


def total(replays: Sequence[Replay], *, as_enforced: bool = False) -> Record:
    """Return the record of all files together, which says whether verdicts are what enforcing would do."""
    as_if = "enforce" if as_enforced else None
    return {"record": "all", "files": len(replays), "as_if": as_if, **_sums(replays)}


def unread(result: Replay) -> Record:
    """Return the record of what could not be read of a file."""
    return {"file": result.name, "is_capture": result.is_capture, "unread": result.unread}


def _flow(flow: Flow) -> Record:
    return {
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
        "registered": flow.registered,
        "would_drop": flow.refusable,
        "cut": flow.cut,
        "verdict": flow.verdict,
        "protocols": dict(flow.protocols),
        "reasons": dict(flow.reasons),
    }


def _sums(replays: Sequence[Replay]) -> Record:
    flows = [flow for result in replays for flow in result.flows]
    tally = Tally.of(flows)
    return {
        "read": sum(result.read for result in replays),
        "in_flows": sum(result.in_flows for result in replays),
        "outside": sum(result.strays for result in replays),
        "cut": sum(result.cut for result in replays),
        "unread_packets": sum(result.unread_packets for result in replays),
        "dropped": sum(flow.dropped for flow in flows),
        "flows": len(flows),
        "vpn_flows": tally.vpn,
        "registered_flows": tally.registered,
        "would_drop_flows": tally.refusable,
        "unknown_flows": tally.unknown,
    }
