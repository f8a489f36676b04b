"""What the agent's socket offers: each verb with its arguments and its answer."""

import inspect
import ipaddress
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_type_hints

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Entry, port_text
from control.allowlist.prefix import read_address
from control.datapath.probe.answer import Answer
from control.datapath.probe.frames import SHAPES, frame
from control.datapath.program.compile import schema
from control.edge.edge import Edge
from control.fault import BadValueError, Fault, Kind, Refused, shown
from control.vocabulary import ATTACH_MODES

Result = tuple[dict[str, Any], bytes]
NOBODY: dict[int, ipaddress.IPv4Address | ipaddress.IPv6Address] = {
    4: ipaddress.IPv4Address(0),
    6: ipaddress.IPv6Address(0),
}  # which no list can hold
# Of each type that an argument may have: what it is called, and which values of JSON are of it.
ARGUMENTS: dict[Any, tuple[str, Any]] = {
    str: ("text", str),
    str | None: ("text", (str, type(None))),
    bool: ("true or false", bool),
    int: ("number", int),
    float: ("number", (int, float)),
    dict[str, dict[str, Any]]: ("object", dict),
}
MEMORY_PAGE = os.sysconf("SC_PAGE_SIZE")


def answer(edge: Edge, request: dict[str, Any], body: bytes) -> Result:
    """Do what one request asks for.

    Raises:
        Refused: as the edge refuses, or the verb or its arguments are not known.
    """
    verb = request.pop("verb", None)
    if not isinstance(verb, str) or verb not in VERBS:
        fault = Fault("verb", f"{verb!r} is not known", f"use one of {', '.join(sorted(VERBS))}")
        raise Refused(Kind.BAD_REQUEST, "The agent does not know this verb", [fault])
    try:
        bound = inspect.signature(VERBS[verb]).bind(edge, body, **request)
    except TypeError as error:
        fault = Fault(verb, str(error), "see docs/agent.md for each verb's arguments")
        raise Refused(Kind.BAD_REQUEST, "The arguments are wrong", [fault]) from error
    _check_types(verb, request)
    result = VERBS[verb](*bound.args, **bound.kwargs)
    return result if isinstance(result, tuple) else (result, b"")


def _status(edge: Edge, _body: bytes) -> dict[str, Any]:
    lists, controls = edge.datapath.lists, edge.datapath.controls
    live = lists.live
    return {
        "instance": edge.config.instance,
        "epoch": edge.store.epoch.hex(),
        "serial": edge.serial,
        "etag": edge.version.etag,
        "count": len(edge.list),
        "live": {"serial": edge.live.number, "count": edge.live.union.count},
        "feed": _feed(edge),
        "schema": schema().hex(),
        "generation": live
        and {
            "slot": live.slot,
            "serial": live.serial,
            "ends": live.used,
            "ends_capacity": live.capacity,
            "buckets": live.buckets,
            "held": [held.serial for held in lists.held],
        },
        "interfaces": edge.interfaces.states(),
        "lease": {"seconds": edge.config.lease, "left": round(controls.lease_left(), 1)},
        "policy": _policies(edge),
        "pinned": edge.datapath.is_pinned(),
        "uptime_s": round(time.monotonic() - edge.started_at, 1),
        "memory_bytes": _memory(),
        "pid": os.getpid(),
    }


def _feed(edge: Edge) -> dict[str, Any] | None:
    """Return how the feed's list stands; none where none is followed, nor was."""
    position, contact = edge.live.position, edge.contact
    if contact is None and not position.epoch:
        return None
    held = {"epoch": position.epoch, "serial": position.serial, "count": len(edge.live.followed)}
    return held | {"contact": contact and contact.to_dict()}


def _list(edge: Edge, _body: bytes) -> Result:
    with edge.lock:
        held, version = edge.list, edge.version
    head = {"epoch": version.epoch.hex(), "serial": version.serial, "count": len(held), "etag": version.etag}
    return head, held.pack()


def _replace(
    edge: Edge, body: bytes, if_match: str | None = None, dry_run: bool = False, allow_empty: bool = False
) -> dict[str, Any]:
    return edge.replace(_unpacked(body), if_match=if_match, dry_run=dry_run, allow_empty=allow_empty)


def _change(
    edge: Edge, body: bytes, add_size: int, if_match: str | None = None, dry_run: bool = False
) -> dict[str, Any]:
    add, remove = _unpacked(body[:add_size]), _unpacked(body[add_size:])
    return edge.change(add, remove, if_match=if_match, dry_run=dry_run)


def _policy(edge: Edge, _body: bytes) -> dict[str, Any]:
    return {"policy": _policies(edge), "etag": edge.policy_etag}


def _set_policy(
    edge: Edge, body: bytes, policy: dict[str, dict[str, Any]], if_match: str | None = None
) -> dict[str, Any]:
    edge.set_policies(policy, if_match)
    return _policy(edge, body)


def _check(edge: Edge, _body: bytes, address: str) -> dict[str, Any]:
    """Look an address up in the list, and ask the kernel about a packet to it that the entry lets through."""
    asked = _address(address)
    entry = edge.live.union.covering(ipaddress.ip_network(asked))
    protocol = next((name for name in SHAPES if entry and name in entry.protocols), "wireguard")
    port = entry.ports[0][0] if entry and entry.ports else None
    said = edge.datapath.probe.probe(frame(protocol, NOBODY[asked.version], asked, port))
    return {
        "address": str(asked),
        "registered": entry is not None,
        "live": said.reason == "registered",
        "prefix": entry.text if entry else None,
        "sources": _sources(edge, entry),
        "serial": edge.serial,
    }


def _counters(edge: Edge, _body: bytes) -> dict[str, Any]:
    return {"counters": [asdict(count) for count in edge.datapath.controls.counts()]}


def _attach(edge: Edge, _body: bytes, interface: str, mode: str = "auto") -> dict[str, Any]:
    if mode not in ATTACH_MODES:
        fault = Fault("mode", f"{shown(mode)} is no mode", f"give one of {', '.join(ATTACH_MODES)}")
        raise Refused(Kind.BAD_REQUEST, "The mode is not known", [fault])
    with edge.lock:
        return edge.interfaces.attach(interface, mode)


def _detach(edge: Edge, _body: bytes, interface: str | None = None) -> dict[str, Any]:
    with edge.lock:
        return {"detached": edge.interfaces.detach(interface)}


def _explain(edge: Edge, _body: bytes, packet: str) -> dict[str, Any]:
    try:
        said = edge.datapath.probe.probe(bytes.fromhex(packet))
    except ValueError as error:
        fault = Fault("packet", str(error), "give an Ethernet frame of at least 14 bytes in hexadecimal digits")
        raise Refused(Kind.BAD_REQUEST, "The frame cannot be run", [fault]) from error
    return {"answer": asdict(said), "entry": _matched(edge, said), "serial": edge.serial}


def _sample(edge: Edge, _body: bytes, rate: int, responders: bool = False, seconds: float = 15.0) -> dict[str, Any]:
    edge.sample(rate, responders, seconds)
    return {"rate": rate}


VERBS: dict[str, Callable[..., Result | dict[str, Any]]] = {
    "attach": _attach,
    "change": _change,
    "check": _check,
    "counters": _counters,
    "detach": _detach,
    "explain": _explain,
    "list": _list,
    "policy": _policy,
    "replace": _replace,
    "sample": _sample,
    "set_policy": _set_policy,
    "status": _status,
}


def _check_types(verb: str, arguments: dict[str, Any]) -> None:
    hints, faults = get_type_hints(VERBS[verb]), []
    for name, value in arguments.items():
        what, types = ARGUMENTS[hints[name]]
        if not isinstance(value, types):
            faults.append(Fault(name, f"{shown(value)} is no {what}", "see docs/agent.md for each verb's arguments"))
    if faults:
        raise Refused(Kind.BAD_REQUEST, "The arguments are wrong", faults)


def _unpacked(body: bytes) -> Allowlist:
    try:
        return Allowlist.unpack(body)
    except ValueError as error:
        fault = Fault("body", str(error), "send what Allowlist.pack makes, of the same version")
        raise Refused(Kind.BAD_REQUEST, "The list is not packed as it should be", [fault]) from error


def _policies(edge: Edge) -> dict[str, dict[str, Any]]:
    return {name: asdict(policy) for name, policy in edge.datapath.controls.policies().items()}


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return read_address(text)
    except BadValueError as error:
        fault = Fault("address", error.why, error.mend)
        raise Refused(Kind.INVALID, "The address is not understood", [fault]) from error


def _matched(edge: Edge, said: Answer) -> dict[str, Any] | None:
    """Return the entry that let a packet through, with the operator's note."""
    entry = edge.live.union.find(said.matched) if said.matched else None
    if entry is None:
        return None
    return {
        "prefix": entry.text,
        "protocols": entry.protocols,
        "ports": [port_text(ports) for ports in entry.ports],
        "note": entry.note,
        "sources": _sources(edge, entry),
    }


def _sources(edge: Edge, entry: Entry | None) -> list[str]:
    """Return which lists hold an entry's prefix: "local", "feed", or both."""
    lists = {"local": edge.live.local, "feed": edge.live.followed}
    return [name for name, each in lists.items() if entry and each.find(entry.prefix)]


def _memory() -> int:
    """Return how many bytes of memory this process has in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * MEMORY_PAGE
