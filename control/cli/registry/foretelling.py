"""What restoring a backup takes from the edges and brings them, told before it is done."""

from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from control.allowlist import formats
from control.allowlist.allowlist import Allowlist
from control.allowlist.naming import named
from control.cli.output import agent
from control.cli.registry.showing import show_fields
from control.commands.status import ReadStatus
from control.config import Config
from control.config.database_url import database_url
from control.fault import BadValueError, Fault, Kind, Refused
from control.registry.store import contents, listed
from control.registry.store.contents import Contents
from control.registry.store.database import Database
from control.rollout.change import Change

PATIENCE = 2.0
"""Seconds for which this machine's agent is waited for: there need not be one."""

NAMED = 10
"""Prefixes that are named of those that edges would hold, and of those that would be live anew."""

TITLE = "The list cannot be read"


def against(what: str) -> Allowlist:
    """Return the list that edges have by now: of a database's URL, of a newer backup, or of a file that is a list.

    Raises:
        Refused: "unreadable", "unavailable" or "bad-list": it is none of these.
    """
    if "://" in what:
        return _of_database(what)
    file = Path(what)
    if contents.is_one(file):
        return contents.read(file).live
    return formats.read(file.read_bytes(), None)


def foretold(config: Config, backup: Contents, now: datetime, what: str | None) -> dict[str, Any]:
    """Return what restoring would do to the edges, in JSON types; ``what`` is for ``against``."""
    return {
        "at": backup.at.isoformat(timespec="seconds"),
        "age_s": round((now - backup.at).total_seconds()),
        "rows": backup.rows,
        "epoch": backup.epoch,
        "serial": backup.serial,
        "entries": len(backup.live),
        "edges": backup.edges,
        "tokens_revoked": backup.tokens,
        "agent": _agent(config, backup),
        "against": _compared(what, against(what), backup.live) if what else None,
    }


def show(file: Path, told: dict[str, Any]) -> None:
    """Say it to a person."""
    fields: dict[str, object] = {
        "of": f"{told['at']}, {_age(told['age_s'])} ago",
        "rows": told["rows"],
        "live list": f"{told['entries']:,} entries, serial {told['serial']}; it begins a new epoch",
        "tokens": f"{told['tokens_revoked']:,} are good in it, and will be revoked: everybody needs a new one",
        "edges": _acknowledged(told["edges"], told["serial"]),
    }
    if it := told["agent"]:
        behind = "" if it["behind"] is None else f"; the backup is {it['behind']:,} serials behind that"
        fields["this edge"] = f"has {it['entries']:,} entries of serial {it['serial']}{behind}"
    if it := told["against"]:
        less = f"{it['lacks']:,} of its {it['entries']:,} entries, and has {it['narrower']:,} narrower"
        fields |= {
            "against": it["what"],
            "lacks": f"{less}: edges hold these until they are approved anew, or released",
            "lacks first": it["lacks_first"] or None,
            "brings": f"{it['brings']:,} more, or wider: live at once, also what was revoked since",
            "brings first": it["brings_first"] or None,
        }
    else:
        fields["against"] = "nothing: say with --against what edges have by now, to see what they would hold"
    show_fields(f"{file}, not restored yet", fields, as_json=False)


def _compared(what: str, there: Allowlist, live: Allowlist) -> dict[str, Any]:
    change = Change.to(there, live)
    cut, brings = change.cut, change.reverted().cut
    return {
        "what": "the database" if "://" in what else what,  # its URL may have a password
        "entries": len(there),
        "lacks": len(change.removed),
        "narrower": len(cut) - len(change.removed),
        "lacks_first": named(cut, NAMED),
        "brings": len(brings),
        "brings_first": named(brings, NAMED),
    }


def _agent(config: Config, backup: Contents) -> dict[str, Any] | None:
    """Return what this machine's edge has of a feed, where an agent answers and follows one."""
    try:
        feed = agent(config, PATIENCE).ask(ReadStatus()).feed
    except Refused:
        return None
    if feed is None:
        return None
    behind = feed.serial - backup.serial if feed.epoch == backup.epoch else None
    return {"epoch": feed.epoch, "serial": feed.serial, "entries": feed.count, "held": feed.held, "behind": behind}


def _of_database(url: str) -> Allowlist:
    try:
        url = database_url(url)
    except BadValueError as bad:
        raise Refused(Kind.INVALID, TITLE, [Fault("--against", bad.why, bad.mend)]) from bad
    file = url.removeprefix("sqlite:///")
    if file != url and not Path(file).exists():  # SQLite would make it
        raise Refused(Kind.UNREADABLE, TITLE, [Fault(file, "is not there", "name a database that is")])
    with closing(Database(url)) as database, database.reading() as session:
        return listed.now(session)


def _acknowledged(edges: dict[str, int | None], serial: int) -> str:
    """Return how far the edges were by then."""
    there = sum(acknowledged == serial for acknowledged in edges.values())
    never = sum(acknowledged is None for acknowledged in edges.values())
    earlier = len(edges) - there - never
    counts = f"{there:,} had acknowledged that serial, {earlier:,} an earlier one, {never:,} none"
    return f"{len(edges):,} known to it: {counts}"


def _age(seconds: int) -> str:
    days, hours = divmod(seconds // 3600, 24)
    return f"{days} d {hours} h" if days else f"{hours} h {seconds // 60 % 60} min"


def demand_sure(is_sure: bool, is_asked: bool) -> None:
    """Ask whether it is meant, on a terminal.

    Raises:
        Refused: "invalid": there is none to ask at.
        click.Abort: it is not.
    """
    if is_sure:
        return
    if not is_asked:
        fault = Fault(
            "--yes", "is missing, and there is nobody to ask", "look at it with --dry-run, and repeat it with --yes"
        )
        raise Refused(Kind.INVALID, "What it takes off the edges has to be looked at first", [fault])
    click.confirm("Restore it?", abort=True, err=True)
