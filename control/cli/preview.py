"""What enforcing would refuse, shown before it is done: by the counters, by what is sampled, and who else speaks it."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import click

from control.cli import elsewhere
from control.cli.events import followed
from control.cli.output import agent, print_table
from control.commands.packets import OTHER_TERMS, ReadCounters, ReadEvents
from control.commands.policy import Preview, Rule, SetPolicy
from control.config import Config
from control.protocols import ALWAYS_REFUSABLE
from control.vocabulary import PROTOCOLS, REFUSABLE

LOOKS = 5.0
"""Seconds for which it is looked where it goes, unless somebody says otherwise."""

MOST = 10
"""Ends that are told."""

SAMPLES = 1000
"""Packets a second that are about to be sampled, however much traffic there is."""

COUNTED = 0.5
"""Seconds for which traffic is counted, to see how much there is."""


class Refusable(NamedTuple):
    """An end of traffic that would be refused, and how many packets of it were sampled.

    Attributes:
        end: address and port; None: of a protocol without handshakes it is not known which end is the subscriber's.
        is_listed: whether it is on the list, for other protocols or ports.
    """

    protocol: str
    end: str | None
    sampled: int
    is_listed: bool


@dataclass(frozen=True, slots=True)
class Refusals:
    """What rules would refuse.

    Attributes:
        rates: of each protocol, by its counters.
        ends: where most of it goes now; None: it was not looked.
    """

    rates: Sequence[Preview]
    ends: Sequence[Refusable] | None

    @property
    def record(self) -> dict[str, Any]:
        """It in JSON types."""
        return {
            "preview": [rate.model_dump() for rate in self.rates],
            "responders": [each._asdict() for each in self.ends or ()],
            "hints": list(self.hints),
        }

    @property
    def hints(self) -> Iterable[str]:
        """Lines on what else speaks these protocols."""
        return elsewhere.hints(rate.protocol for rate in self.rates if rate.share)

    def show(self, *, err: bool = False) -> None:
        """Print it, or say it on standard error."""
        rows = [
            (each.protocol, f"{each.share} %", _rate(each.hour), _rate(each.day), f"{each.known_s / 3600:.1f} h")
            for each in self.rates
        ]
        columns = ("protocol", "share", "last hour", "last day", "known of it")
        print_table("packets a second that would have been refused", columns, rows, err=err)
        if self.ends is not None:
            print_table("where most of it goes now", ("protocol", "end", "sampled", ""), map(_row, self.ends), err=err)
        for hint in self.hints:
            click.echo(hint, err=err)


def foresee(config: Config, rules: dict[str, Rule], seconds: float | None) -> Refusals:
    """Return what rules would refuse; none or 0 seconds: without looking where it goes.

    Raises:
        Refused: the agent does.
    """
    rates = agent(config).ask(SetPolicy(policy=rules, dry_run=True)).preview
    return Refusals(rates, ends(config, tuple(rules), seconds) if seconds else None)


def ends(config: Config, protocols: Sequence[str], seconds: float) -> list[Refusable]:
    """Return where most of what would be refused goes, by what is sampled for so long; nothing is kept."""
    counts: Counter[tuple[str, str | None, bool]] = Counter()
    for event in followed(agent(config), ReadEvents(rate=_one_in(config), responders=True), seconds):
        if event.protocol in protocols and event.reason in REFUSABLE:
            end = f"{event.address} port {event.port}" if event.address else None
            counts[event.protocol, end, event.reason == OTHER_TERMS] += 1
    return [Refusable(name, end, count, is_listed) for (name, end, is_listed), count in counts.most_common(MOST)]


def _one_in(config: Config) -> int:
    """Return of how many packets one is to be sampled: of few, each; of many, as many as are of use."""
    before = _seen(config)
    time.sleep(COUNTED)
    return max(1, round((_seen(config) - before) / COUNTED / SAMPLES))


def _seen(config: Config) -> int:
    """Return how many packets that look like VPN have been counted."""
    counters = agent(config).ask(ReadCounters()).counters
    return sum(counter.packets for counter in counters if counter.protocol != PROTOCOLS[0])


def _row(each: Refusable) -> tuple[object, ...]:
    if each.end is None and each.protocol in ALWAYS_REFUSABLE:
        return each.protocol, "not told: which end is the subscriber's cannot be known", each.sampled, ""
    return each.protocol, each.end, each.sampled, "on the list, for something else" if each.is_listed else ""


def _rate(rate: float | None) -> str:
    return "not known" if rate is None else f"{rate:.2f}"
