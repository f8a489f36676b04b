"""An edge tells the registry which of its entries are in use, how many it has, and how many of them it holds."""

import contextlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from control.datapath.probe.frames import frame
from control.edge.edge import Edge
from control.edge.reporter import AGAIN, Reporter
from control.feed.database import RegistryFeed
from control.feed.feed import UseReport
from control.registry.access.actor import CLOCK
from control.registry.endings import dates
from control.registry.intents.lines import lines
from control.registry.publication import edges
from control.registry.store.model import EdgeUse, Registration
from control.registry.store.writing import Expiry
from tests.edge.place import Place
from tests.edge.wired import Wired, wired
from tests.feed.conftest import Registry
from tests.feed.following import NAME, followed, is_whole, let_through, until
from tests.registry.cast import OFFICER, RULES

pytestmark = pytest.mark.usefixtures("copied_program")

NOBODY = ip_address("203.0.113.200")


class Counting(RegistryFeed):
    """A registry that counts what it is told."""

    def __init__(self, url: str) -> None:
        super().__init__(url, NAME)
        self.told: list[set[str]] = []

    def report(self, report: UseReport) -> bool:
        taken = super().report(report)
        if taken:
            self.told.append({entry.text for entry in report.used.entries()})
        return taken


@dataclass
class Reporting:
    """An edge that follows a registry, and reports when it is told to."""

    edge: Edge
    feed: Counting
    reporter: Reporter
    wire: Wired

    def talk(self, *addresses: str) -> None:
        """Have WireGuard's handshakes come to addresses, and report."""
        seen = sum(count.packets for count in self.edge.datapath.controls.counts()) + len(addresses)
        self.wire.send([frame("wireguard", NOBODY, ip_address(address), None) for address in addresses])
        until(lambda: sum(count.packets for count in self.edge.datapath.controls.counts()) >= seen)
        self.reporter.report()


@contextmanager
def reporting(place: Place, registry: Registry) -> Iterator[Reporting]:
    """Start one."""
    feed = Counting(registry.url)
    with contextlib.closing(feed), wired(place) as wire, wire.edge() as edge, followed(edge, registry.url):
        until(lambda: let_through(edge, "10.0.0.1") == [True] and is_whole(edge))
        wire.attach(edge)
        yield Reporting(edge, feed, Reporter(edge, feed, 60.0), wire)


def in_use(registry: Registry) -> set[str]:
    with registry.database.reading() as session:
        found = [session.get_one(Registration, id_) for id_ in registry.ids.values()]
        return {line.prefix for line in lines(session, found) if line.in_use}


def test_the_registry_hears_of_its_own_entries_with_traffic_and_of_no_others(place: Place, registry: Registry) -> None:
    registry.register("10.0.4.0/24")
    with reporting(place, registry) as it:
        until(lambda: let_through(it.edge, "10.0.4.9") == [True] and is_whole(it.edge))
        it.talk("10.0.0.1", "10.0.4.9", "192.0.2.1", "203.0.113.9")
        assert it.feed.told == [{"10.0.0.1", "10.0.4.0/24"}]
        assert in_use(registry) == {"10.0.0.1", "10.0.4.0/24"}
        with registry.database.reading() as session:
            ((name, said),) = edges.reports(session)
            assert session.scalar(select(func.count()).select_from(EdgeUse)) == 2, "nobody else's address is kept"
        assert said is not None
        assert (name, said.entries, said.held, abs(said.ahead) < 60) == (NAME, 3, 0, True)


def test_what_is_said_is_not_said_again_before_an_hour(
    place: Place, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reporting(place, registry) as it:
        it.talk("10.0.0.1")
        it.talk("10.0.0.1", "10.0.0.2")
        monkeypatch.setattr("control.edge.reporter.AGAIN", 0.0)
        it.talk("10.0.0.1")
        assert it.feed.told == [{"10.0.0.1"}, {"10.0.0.2"}, {"10.0.0.1", "10.0.0.2"}]
        assert AGAIN == 3600.0


def test_a_registry_that_was_put_back_hears_everything_again(place: Place, registry: Registry) -> None:
    with reporting(place, registry) as it:
        it.talk("10.0.0.1")
        registry.sql("DELETE FROM edge_use", "UPDATE edge_report SET watched = watched - 1")
        it.reporter.report()
        assert (it.feed.told, in_use(registry)) == ([{"10.0.0.1"}] * 2, {"10.0.0.1"})


def test_how_many_it_holds_is_said(place: Place, registry: Registry) -> None:
    with reporting(place, registry) as it:
        registry.register("10.0.0.3")
        until(lambda: let_through(it.edge, "10.0.0.3") == [True])
        registry.put_back(1, 2)
        until(lambda: it.edge.feed.held == 1)
        it.reporter.report()
        with registry.database.reading() as session:
            ((_, said),) = edges.reports(session)
        assert said is not None
        assert (said.entries, said.held) == (3, 1)


def test_an_edge_may_be_newer_than_the_tables(place: Place, registry: Registry) -> None:
    registry.database.downgrade("0004")
    with reporting(place, registry) as it:
        it.talk("10.0.0.1")
        registry.database.upgrade()
        it.reporter.report()
        assert in_use(registry) == {"10.0.0.1"}


def test_what_is_in_use_stays_when_its_end_has_come_and_the_rest_leaves(place: Place, registry: Registry) -> None:
    registry.database.rules = replace(RULES, expiry=Expiry(1, timedelta(0), timedelta(0)))
    registry.register("10.0.0.3", "10.0.0.4")
    with reporting(place, registry) as it:
        until(lambda: let_through(it.edge, "10.0.0.4") == [True] and is_whole(it.edge))
        it.talk("10.0.0.1")
        with registry.database.writing(OFFICER) as writing:
            writing.session.execute(update(Registration).values(valid_until=writing.now))
        is_more = True
        while is_more:
            with registry.database.writing(CLOCK) as writing:
                is_more = dates.tick(writing).is_more
        addresses = [f"10.0.0.{number}" for number in (1, 3, 4)]
        until(lambda: let_through(it.edge, *addresses) == [True, False, False])
        assert let_through(it.edge, "10.0.0.2") == [True], "the local list has it"


def test_a_registry_that_is_gone_costs_a_line_of_the_log(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with place.edge() as edge:
        reporter = Reporter(edge, RegistryFeed(f"sqlite:///{tmp_path}/nowhere.db", NAME), 0.05)
        reporter.start()
        until(lambda: "not reported" in capsys.readouterr().out)
        time.sleep(0.5)
        reporter.stop()
        assert "not reported" not in capsys.readouterr().out, "it says so once"
