"""Edges with limits, and what is asked of what they hold."""

from ipaddress import ip_network
from typing import Any

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Entry
from control.commands.held import DropHeld, HeldDecided, HeldItem, ReadHeld, ReleaseHeld, ShowHeld
from control.commands.history import RollBack, RolledBack
from control.commands.list import ListChanged
from control.config import Config
from control.config.guard import GuardSettings
from control.edge.commands import held, history
from control.edge.edge import Edge
from control.rollout.change import NONE
from control.rollout.origin import Door, Origin

ANNA = Origin(Door.API, "token anna", "a test", person="anna")


def guarded(config: Config, guard: GuardSettings) -> Config:
    """A configuration with other limits."""
    return config.model_copy(update={"guard": guard})


def ten(*without: int) -> Allowlist:
    """Ten addresses, less some of them by their number."""
    numbers = [number for number in range(1, 11) if number not in without]
    return Allowlist.from_entries(Entry(ip_network(f"192.0.2.{number}")) for number in numbers)


def push(edge: Edge, new: Allowlist, origin: Origin = ANNA, **options: Any) -> ListChanged:
    """Make another list the local one."""
    with edge.turn(origin) as turn:
        return edge.list.replace(turn, new, origin, **options)


def change(edge: Edge, add: Allowlist, remove: Allowlist = NONE, origin: Origin = ANNA, **options: Any) -> ListChanged:
    """Add to the local list and remove from it."""
    with edge.turn(origin) as turn:
        return edge.list.change(turn, add, remove, origin, **options)


def items(edge: Edge) -> list[HeldItem]:
    """What is held."""
    return held.read(edge, ReadHeld(), b"").items


def release(edge: Edge, name: str | None, person: str = "anna") -> HeldDecided:
    """Say that what is held be done."""
    assert name
    return held.release(edge, ReleaseHeld(id=name, door=Door.API, person=person), b"")


def drop(edge: Edge, name: str | None) -> HeldDecided:
    """Say that it not be done."""
    assert name
    return held.drop(edge, DropHeld(id=name), b"")


def would_cut(edge: Edge, name: str | None) -> list[str]:
    """Whom it would cut to release what is held."""
    assert name
    return [entry.prefix for entry in held.show(edge, ShowHeld(id=name), b"").cut.entries]


def roll_back(edge: Edge, revision: int, **options: Any) -> RolledBack:
    """Go back to a revision."""
    return history.roll_back(edge, RollBack(revision=revision, **options), b"")


def texts(allowlist: Allowlist) -> set[str]:
    """The prefixes of a list."""
    return {entry.text for entry in allowlist.entries()}
