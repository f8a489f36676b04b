"""An edge that follows by a login that may read the list and report by functions: the same as by the owner's."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import func, select

from control.allowlist.allowlist import Allowlist
from control.allowlist.digest import Digest
from control.fault import Refused
from control.feed.database import RegistryFeed
from control.feed.feed import RESET, UseReport
from control.registry.publication import edges, following
from control.registry.store import roles
from control.registry.store.model import EdgeAck, EdgeReport, EdgeUse, FollowingEdge
from control.registry.store.rights import USUAL
from control.rollout.position import Position
from tests.edge.place import listed
from tests.registry.cast import OPERATOR, assemble, register
from tests.registry_roles.conftest import NORTH, OWNER, SOUTH, Site

NewFeed = Callable[[str, str], RegistryFeed]
LOGINS = [NORTH, USUAL.follower, OWNER]
NOTHING = Allowlist.empty()


def said(site: Site) -> tuple[dict[int, datetime], EdgeReport | None, dict[str, float]]:
    """Return what the registry has heard: serials with their times, the last report, prefixes in use."""
    with site.database.reading() as session:
        acks = {ack.serial: ack.at for ack in session.scalars(select(EdgeAck))}
        used = {row.first[-4:].hex(): row.seen for row in session.scalars(select(EdgeUse))}
        return acks, session.scalars(select(EdgeReport)).one_or_none(), used


def report(watched: float, used: Allowlist = NOTHING, since: float | None = None, held: int | None = 0) -> UseReport:
    """Return what an edge says whose entries had traffic a minute ago."""
    return UseReport(watched, since, used, np.full(len(used), 60.0), 2, held, datetime.now(UTC).timestamp())


def epoch_of(feed: RegistryFeed) -> str:
    return feed.snapshot(Position("", 0), Digest()).position.epoch


def words(feed: RegistryFeed) -> list[Callable[[], object]]:
    """Return all that an edge says."""
    epoch = epoch_of(feed)
    return [
        lambda: feed.acknowledge(epoch, [(0, 1.0)]),
        lambda: feed.report(report(1.0)),
        lambda: feed.report(report(2.0, since=1.0)),
    ]


@pytest.mark.parametrize("login", LOGINS)
def test_it_follows_from_the_first_list_on(site: Site, new_feed: NewFeed, login: str) -> None:
    cast = assemble(site.database)
    register(site.database, cast, "10.0.0.1", "10.0.0.2")
    feed = new_feed(login, "north")
    start = feed.snapshot(Position("", 0), Digest())
    assert {entry.text for entry in start.entries.entries()} == {"10.0.0.1", "10.0.0.2"}
    assert feed.wait(0), "it has to look once"
    register(site.database, cast, "10.0.0.3")
    assert feed.wait(30)
    deltas = feed.deltas(start.position, Digest.of(start.entries))
    assert deltas != RESET
    found = [(each.position.serial, {entry.text for entry in each.added.entries()}) for each in deltas]
    assert found == [(2, {"10.0.0.3"})]


@pytest.mark.parametrize("login", LOGINS)
def test_it_acknowledges_and_reports(site: Site, new_feed: NewFeed, login: str) -> None:
    site.add_edge("north")
    cast = assemble(site.database)
    register(site.database, cast, "10.0.0.1", "10.0.0.2")
    register(site.database, cast, "10.0.0.3")
    feed = new_feed(login, "north")
    epoch, now = epoch_of(feed), datetime.now(UTC)
    feed.acknowledge(epoch, [(1, now.timestamp()), (1, 5.0)])
    feed.acknowledge(epoch, [(1, 5.0), (2, now.timestamp())])
    feed.acknowledge(epoch, [])
    acks, nothing, _ = said(site)
    assert (set(acks), nothing) == ({1, 2}, None)
    assert all(abs(at - now) < timedelta(hours=1) for at in acks.values()), "the first word stands"
    assert feed.report(report(1000.0, listed(["10.0.0.1", "10.0.0.3"]), held=None))
    _, account, used = said(site)
    assert account is not None
    assert (account.watched, account.entries, account.held, account.retired_at) == (1000.0, 2, None, None)
    assert abs(account.ahead) < 3600
    assert used == {"0a000001": 940.0, "0a000003": 940.0}
    assert not feed.report(report(2000.0, since=999.0)), "that is not its last report"
    assert feed.report(report(2000.0, listed(["10.0.0.1"]), since=1000.0))
    assert said(site)[2] == {"0a000001": 1940.0, "0a000003": 940.0}
    assert feed.report(report(100.0)), "it has forgotten what it had watched"
    _, account, used = said(site)
    assert account is not None
    assert (account.watched, used) == (100.0, {"0a000001": -60.0, "0a000003": -1060.0})


@pytest.mark.parametrize("login", LOGINS)
def test_a_long_report_comes_in_parts(
    site: Site, new_feed: NewFeed, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("control.feed.database.MANY", 2)
    site.add_edge("north")
    addresses = [f"10.0.0.{number}" for number in range(1, 6)]
    register(site.database, assemble(site.database), *addresses)
    assert new_feed(login, "north").report(report(1000.0, listed(addresses)))
    _, account, used = said(site)
    assert (account is not None, len(used)) == (True, 5)


@pytest.mark.parametrize("login", LOGINS)
def test_one_that_was_retired_is_back_when_it_is_heard_from(site: Site, new_feed: NewFeed, login: str) -> None:
    id_ = site.add_edge("north")
    for speak in words(new_feed(login, "north"))[:2]:
        with site.database.writing(OPERATOR) as writing:
            edges.retire(writing, id_)
        speak()
        account = said(site)[1]
        assert account is not None and account.retired_at is None


@pytest.mark.parametrize("login", LOGINS)
def test_serials_that_were_never_given_are_gone(site: Site, new_feed: NewFeed, login: str) -> None:
    site.add_edge("north")
    feed = new_feed(login, "north")
    epoch = epoch_of(feed)
    for of, serial in ((epoch, 1), (epoch, -1), ("00" * 16, 0)):
        with pytest.raises(Refused) as refused:
            feed.acknowledge(of, [(0, 1.0), (serial, 1.0)])
        assert refused.value.kind == "gone"
    assert said(site)[0] == {}


def test_no_serial_was_there_before_it_was_given_or_after_it_is_said(site: Site, new_feed: NewFeed) -> None:
    site.add_edge("north")
    cast = assemble(site.database)
    register(site.database, cast, "10.0.0.1")
    register(site.database, cast, "10.0.0.2")
    feed = new_feed(NORTH, "north")
    feed.acknowledge(epoch_of(feed), [(0, 1.0), (1, 1.0), (2, 9e9)])
    acks = said(site)[0]
    assert acks[0] == datetime.fromtimestamp(1.0, UTC)
    assert acks[1] == site.value("SELECT at FROM publication WHERE serial = 1")
    assert acks[1] < acks[2] < datetime.now(UTC) + timedelta(days=1)


def test_of_an_address_that_never_was_on_the_list_nothing_is_kept(site: Site, new_feed: NewFeed) -> None:
    site.add_edge("north")
    register(site.database, assemble(site.database), "10.0.0.1")
    assert new_feed(NORTH, "north").report(report(1000.0, listed(["10.0.0.1", "203.0.113.9", "10.0.0.0/24"])))
    assert said(site)[2] == {"0a000001": 940.0}


@pytest.mark.parametrize("login", [NORTH, USUAL.follower])
def test_an_edge_is_entered_first(site: Site, new_feed: NewFeed, login: str) -> None:
    for speak in words(new_feed(login, "north")):
        with pytest.raises(Refused, match="wicket registry edges add") as refused:
            speak()
        assert refused.value.kind == "not-found"
    with site.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(FollowingEdge)) == 0


@pytest.mark.parametrize(
    ("login", "edge", "may"),
    [
        (NORTH, "north", True),
        (SOUTH, "north", False),
        (USUAL.follower, "north", False),
        (NORTH, "free", False),  # who has an edge of its own speaks for no other
        (SOUTH, "free", True),
        (OWNER, "north", True),
    ],
)
def test_where_an_edge_is_bound_only_its_login_speaks_for_it(
    site: Site, new_feed: NewFeed, login: str, edge: str, may: bool
) -> None:
    site.add_edge("north", NORTH)
    site.add_edge("free")
    for speak in words(new_feed(login, edge)):
        if may:
            speak()
            continue
        with pytest.raises(Refused, match="not for the login") as refused:
            speak()
        assert refused.value.kind == "forbidden"
    acks, account, _ = said(site)
    assert (bool(acks), account is not None) == (may, may)


def test_who_may_write_itself_writes_itself(site: Site) -> None:
    found = {}
    for login in (*USUAL, NORTH, OWNER, "postgres"):
        database = site.open(login)
        found[login] = following.by_functions(database)
        database.close()
    assert found == dict.fromkeys((*USUAL, NORTH), True) | dict.fromkeys((OWNER, "postgres"), False)


def test_a_registry_without_the_functions_says_what_to_run_and_is_followed(site: Site, new_feed: NewFeed) -> None:
    register(site.database, assemble(site.database), "10.0.0.1")
    site.sql(*(f"DROP FUNCTION {name}" for name in ("follower_acknowledge", "follower_goes_on", "follower_report")))
    feed = new_feed(NORTH, "north")
    assert len(feed.snapshot(Position("", 0), Digest()).entries) == 1
    for speak in words(feed):
        with pytest.raises(Refused, match="wicket registry roles") as refused:
            speak()
        assert refused.value.kind == "unavailable"
    roles.make(site.database, USUAL)
    site.add_edge("north")
    for speak in words(feed):
        speak()
    assert set(said(site)[0]) == {0}
