"""An edge as a witness of its registry's audit: what it has seen it keeps, whatever becomes of the registry."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from control.cli import main
from control.commands.heads import ReadHeads
from control.edge.commands import heads
from control.edge.edge import Edge
from control.registry.audit import anchors, verify
from control.registry.audit.chain import Tampering
from control.registry.jobs import calendar
from control.witness.head import read
from control.witness.head import sign as sign_by
from lab.gateway import running
from tests.edge.place import Place
from tests.feed.conftest import Registry
from tests.feed.following import following, is_whole, let_through, status, until
from tests.registry.key import key

pytestmark = pytest.mark.usefixtures("copied_program")


def kept(edge: Edge) -> list[str]:
    return [head.line for head in heads.read(edge, ReadHeads(), b"").heads]


def doubt(edge: Edge) -> str:
    feed = status(edge).feed
    return (feed and feed.contact and feed.contact.doubt) or ""


def found(registry: Registry, lines: list[str]) -> list[Tampering]:
    """What verifying finds of a registry, by what an edge has kept."""
    given = list(anchors.in_text("\n".join(lines), "edge north"))
    with registry.database.reading() as session:
        return list(verify.findings(session, key().read().public.hex(), given))


def sign(registry: Registry) -> None:
    calendar.sign_head(registry.database, now=True)


def test_an_edge_keeps_each_head_and_each_removals_at_once(place: Place, registry: Registry) -> None:
    sign(registry)
    with following(place, registry.url) as edge:
        until(lambda: len(kept(edge)) == 1)
        registry.revoke("10.0.0.1")
        until(lambda: let_through(edge, "10.0.0.1") == [False] and len(kept(edge)) == 2)
        assert heads.read(edge, ReadHeads(after=1), b"").heads[0].line == kept(edge)[1]
    sign(registry)
    with following(place, registry.url) as edge:  # another start
        until(lambda: len(kept(edge)) == 3)
        assert (doubt(edge), found(registry, kept(edge))) == ("", [])


def test_what_was_cut_off_the_audit_is_found_by_what_the_edge_has_kept(place: Place, registry: Registry) -> None:
    with following(place, registry.url) as edge:
        until(lambda: (contact := edge.contact) and is_whole(edge) and not contact.unacknowledged)
    sign(registry)
    with registry.database.reading() as session:
        seq, digest = session.execute(text("SELECT audit_seq, audit_hash FROM ledger")).one()
    sign(registry)
    with following(place, registry.url) as edge:
        until(lambda: len(kept(edge)) == 2)
        with registry.database._engine_for("writing").begin() as bare:
            names = ["audit_is_kept_from_update", "audit_is_kept_from_delete"]
            for name in names if registry.database.is_sqlite else ["audit_is_kept"]:
                bare.execute(text(f"DROP TRIGGER {name}" + ("" if registry.database.is_sqlite else " ON audit")))
            bare.execute(text("DELETE FROM audit WHERE seq > :seq"), {"seq": seq})
            bare.execute(text("DELETE FROM audit_head WHERE number > 1"))
            bare.execute(text("UPDATE ledger SET audit_seq = :seq, audit_hash = :hash"), {"seq": seq, "hash": digest})
        assert found(registry, []) == []  # nothing in the registry itself can tell
        assert [each.what for each in found(registry, kept(edge))] == [
            "removed: it was the last one once, by head 2 of edge north"
        ]
        until(lambda: doubt(edge) == "the feed no longer has head 2 of its audit as it was")
        registry.register("10.0.0.9")
        sign(registry)
        until(lambda: len(kept(edge)) == 3)
        assert "two heads 2" in doubt(edge)
        until(lambda: let_through(edge, "10.0.0.9") == [True])  # whatever it doubts, what is added is live


def test_a_head_that_is_not_signed_is_said_and_not_kept(place: Place, registry: Registry) -> None:
    sign(registry)
    with following(place, registry.url) as edge:
        until(lambda: len(kept(edge)) == 1)
        sign(registry)
        until(lambda: len(kept(edge)) == 2)
        registry.sql("""INSERT INTO audit_head (number, at, line) SELECT 3, at,
                        replace(replace(line, '"number"\\:2', '"number"\\:3'), '"count"\\:2', '"count"\\:1')
                        FROM audit_head WHERE number = 2""")
        registry.register("10.0.0.9")  # at the latest now it looks
        until(lambda: doubt(edge) == "head 3 of the feed is not signed")
        assert len(kept(edge)) == 2


def test_a_keeper_with_the_key_is_found_by_asking_the_edge(registry: Registry, tmp_path: Path, bpffs: Path) -> None:
    """The agent and the API of an edge, and `wicket registry audit verify --edge` beside the registry."""
    sign(registry)
    with running(tmp_path, bpffs, more=f'[feed]\nurl = "{registry.url}"\npoll = "1s"\n') as gateway:

        def seen() -> list[dict[str, object]]:
            answer: list[dict[str, object]] = gateway.ask("GET", "/v1/heads", token=None).json["heads"]
            return answer

        until(lambda: len(seen()) == 1)
        beside = tmp_path / "beside.toml"
        beside.write_text(
            f'state = "{tmp_path}/beside"\n[registry]\nurl = "{registry.url}"\nkey = "{key().path}"\n'
            f'witnesses = ["north=http://127.0.0.1:{gateway.port}"]\n'
        )

        def verified() -> dict[str, Any]:
            words = ("registry", "audit", "verify", "--edge", "north", "--json")
            said: dict[str, Any] = json.loads(CliRunner().invoke(main, ["--config", str(beside), *words]).stdout)
            return said

        assert verified()["whole"]
        (line,) = [str(head["line"]) for head in seen()]
        head = read(line).head
        forged = sign_by(key().read().heads, replace(head, count=head.count + 1))
        registry.sql(f"UPDATE audit_head SET line = '{forged.line.replace(':', chr(92) + ':')}' WHERE number = 1")
        assert [each["what"] for each in verified()["findings"]] == [
            "is another than head 1: there were two of that number"
        ]
        until(lambda: b"wicketgate_feed_audit_doubted 1.0" in gateway.ask("GET", "/metrics").body)
