"""Bad input as a table: what is asked, how it is refused, and that the live list stays.

What arrives over HTTP (broken rows, duplicates, host bits, a /0, IPv4-mapped IPv6, 64 MB of nothing, a body cut off
half-way, a wrong token) has its own such tables: tests/api/test_bad_lists.py and tests/api/test_bad_requests.py. A
bpffs that takes no pin is in test_pins.py, a full disk in test_disk.py, a faulty configuration of a command in
tests/cli/test_configuration.py.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from control import config as configuration
from control.allowlist.allowlist import Allowlist
from control.commands.packets import pack_frames
from control.datapath.interfaces import links
from control.edge.commands.answering import answer
from control.edge.edge import Edge
from control.fault import Refused
from tests.edge.place import FEW, Place, hosts, is_live, listed, replace_list
from tests.edge.wired import Wired, wired
from tests.lab import foreign as stranger

Ask = Callable[[Wired, Edge], object]

THREE_FAULTS = 'lease = "1s"\nstate = "here"\n[[interfaces]]\nname = "eth0/1"\n'


class Bad(NamedTuple):
    """One row.

    Attributes:
        ask: does what is to be refused.
        where: words of each fault's place, one for each fault expected.
        why, mend: words that some fault's reason and its mend hold.
    """

    name: str
    ask: Ask
    kind: str
    where: tuple[str, ...]
    why: str
    mend: str


def verb(name: str, body: bytes = b"", **arguments: object) -> Ask:
    return lambda _, edge: answer(edge, {"verb": name, **arguments}, body)


def attach(interface: str, mode: str = "auto") -> Ask:
    return lambda wire, edge: wire.attach(edge, interface, mode)


def foreign(wire: Wired, edge: Edge) -> None:
    """Attach where somebody else's program is, which stays."""
    pin = wire.place.config.bpffs / f"foreign-{wire.namespace.name}"
    stranger.pin(pin)
    try:
        wire.ip(f"link set far xdpdrv pinned {pin}")
        wire.attach(edge)
    finally:
        assert wire.inside(links.all_links)["far"].program
        wire.ip("link set far xdpdrv off")
        pin.unlink()


def too_long(_: Wired, edge: Edge) -> None:
    edge.list.max_entries = 3
    replace_list(edge, hosts(4))


PACKED = hosts(1000).pack()

TABLE = [
    Bad("an unknown interface", attach("eth7"), "interface", ("eth7",), "no interface of that name", "far, near"),
    Bad("the loopback", attach("lo"), "interface", ("lo",), "the loopback", "subscribers"),
    Bad("a foreign XDP program", foreign, "foreign-program", ("far",), "'stranger'", "ip link set far xdp off"),
    Bad("detaching what is not there", lambda wire, edge: wire.detach(edge, "eth7"),
        "interface", ("eth7",), "no interface of that name", "far, near"),
    Bad("an empty list", lambda _, edge: replace_list(edge, Allowlist.empty()), "bad-list", ("the list",),
        "no entry", "--allow-empty"),
    Bad("a list that is too long", too_long, "too-large", ("the list",),
        "4 entries are more than the 3", "list.max_entries"),
    Bad("a list that somebody else changed", lambda _, edge: replace_list(edge, hosts(9), if_match='"0:1"'), "stale",
        ("If-Match",), 'you have read "0:1"', "read it again"),
    Bad("a packed list cut off", verb("replace", PACKED[:-3]), "bad-request", ("body",), "", "Allowlist.pack"),
    Bad("no packed list", verb("replace", b"192.0.2.1\n"), "bad-request", ("body",), "", "Allowlist.pack"),
    Bad("a batch divided wrongly", verb("change", PACKED + PACKED, add_size=7), "bad-request", ("body",), "",
        "Allowlist.pack"),
    Bad("an unknown verb", verb("reboot"), "bad-request", ("verb",), "'reboot'", "attach, bypass, change"),
    Bad("an unknown argument", verb("check", adress="192.0.2.1"), "bad-request", ("address", "adress"),
        "no such argument", "docs/agent.md"),
    Bad("no address", verb("check", address="192.0.2.300"), "invalid", ("address",),
        "192.0.2.300", "such as 192.0.2.1"),
    Bad("an address that is a number", verb("check", address=5), "bad-request", ("address",),
        "5: input should be a valid string", "docs/agent.md"),
    Bad("a frame that is none", verb("explain", packet="00" * 5), "bad-request", ("packet",), "5 bytes", "14 bytes"),
    Bad("frames cut off", verb("run", pack_frames([bytes(60)])[:-1]), "bad-request", ("body",), "the last frame is cut",
        "pack_frames"),
    Bad("a short frame among others", verb("run", pack_frames([bytes(60), bytes(13)])), "bad-request", ("body",),
        "13 bytes", "pack_frames"),
    Bad("too many frames", verb("run", pack_frames([bytes(14)] * 4097)), "bad-request", ("body",), "4096 frames",
        "pack_frames"),
    Bad("events of no packet at all", verb("events", rate=0), "bad-request", ("rate",), "0: input should be",
        "docs/agent.md"),
    Bad("a policy that is none", verb("set_policy", policy={"esp": "enforce"}), "bad-request", ("policy, esp",),
        "enforce", "docs/agent.md"),
    Bad("policies that are none", verb("set_policy", policy="enforce"), "bad-request", ("policy",),
        "enforce: input should be a valid dictionary", "docs/agent.md"),
    Bad("an unknown mode", verb("attach", interface="near", mode="fast"), "bad-request", ("mode",), "fast is no mode",
        "auto, native, generic"),
    Bad("an interface that is no text", verb("attach", interface=["near"]), "bad-request", ("interface",),
        "valid string", "docs/agent.md"),
    Bad("a list's flag that is no flag", verb("replace", PACKED, dry_run="no"), "bad-request", ("dry_run",),
        "no: input should be a valid boolean", "docs/agent.md"),
    Bad("a size that is none", verb("change", PACKED, add_size="x"), "bad-request", ("add_size",),
        "x: input should be a valid integer", "docs/agent.md"),
    Bad("a negative size", verb("change", PACKED, add_size=-5), "bad-request", ("body",), "", "Allowlist.pack"),
    Bad("a configuration with three faults", lambda *_: configuration.parse(THREE_FAULTS), "bad-configuration",
        ("line 1, lease", "line 2, state", "line 4, interfaces[0].name"), "no absolute path", "at least 10s"),
]  # fmt: skip


@pytest.fixture(scope="module")
def wire(module_place: Place) -> Iterator[Wired]:
    with wired(module_place) as wire:
        yield wire


@pytest.fixture(scope="module")
def running(wire: Wired) -> Iterator[Edge]:
    with wire.edge() as edge:
        yield edge


@pytest.mark.parametrize("bad", TABLE, ids=lambda bad: bad.name)
def test_bad_input_is_refused_and_the_list_stays(wire: Wired, running: Edge, bad: Bad) -> None:
    most = running.list.max_entries
    replace_list(running, listed())
    before, policies = running.list.state.local, running.datapath.controls.policies()
    with pytest.raises(Refused) as caught:
        bad.ask(wire, running)
    running.list.max_entries = most
    refused = caught.value
    assert (refused.kind, len(refused.faults)) == (bad.kind, len(bad.where)), str(refused)
    assert all(words in fault.where for words, fault in zip(bad.where, refused.faults, strict=True)), str(refused)
    assert any(bad.why in fault.why for fault in refused.faults), str(refused)
    assert any(bad.mend in fault.mend for fault in refused.faults), str(refused)
    assert all(fault.where and fault.why and fault.mend for fault in refused.faults)
    assert (running.list.state.local, running.datapath.controls.policies()) == (before, policies)
    assert is_live(running, listed(FEW))
    assert wire.states(running) == {}


@pytest.mark.parametrize(("count", "is_told"), [(8, False), (9, True), (10, True)])
def test_that_a_list_is_nearly_full_is_told(
    running: Edge, monkeypatch: pytest.MonkeyPatch, count: int, is_told: bool
) -> None:
    monkeypatch.setattr(running.list, "max_entries", 10)
    said = replace_list(running, hosts(count))
    assert (said.count, bool(said.warnings)) == (count, is_told)
    assert not is_told or "of the 10 that list.max_entries allows" in said.warnings[0]
