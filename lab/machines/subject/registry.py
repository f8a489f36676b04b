"""From an application in the registry, on PostgreSQL, to the kernel of an edge on another machine, and back."""

from __future__ import annotations

import secrets
import shlex
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lab.machines.lab import Lab
from lab.machines.machine import wait_for
from lab.machines.sessions.kinds import site
from lab.machines.sessions.wireguard import WireGuard
from lab.machines.subject.sessions import REFUSED_SECONDS, UP_SECONDS, attempt

_INDEX = 30  # of the session whose server is registered
_LIVE_SECONDS = 60.0
_COMMAND_SECONDS = 90.0  # the command line starts slowly on an emulated processor
_DIGEST = "0" * 64  # of the documents that the application refers to


@dataclass
class Desk:
    """Those who decide, with names of this run's own, at the registry's command line."""

    lab: Lab
    run: str
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def first(self) -> str:
        """The officer who imports and proposes."""
        return f"First {self.run}"

    @property
    def second(self) -> str:
        """The one who approves, and confirms what takes two."""
        return f"Second {self.run}"

    @property
    def provider(self) -> str:
        """The provider that gave the address."""
        return f"Net {self.run}"

    def say(self, *words: str, who: str = "", text: str | None = None) -> Any:
        """What `wicket registry … --json` says, done in somebody's name."""
        name = ["env", f"WICKET_REGISTRY_TOKEN={self.tokens[who]}"] if who else []
        command = shlex.join([*name, "wicket", "registry", *(["--as", who] if who else []), *words, "--json"])
        return self.lab.registry.json(command, seconds=_COMMAND_SECONDS, text=text)

    @cached_property
    def people(self) -> bool:
        """Enter them; the tables are made or brought up to date first."""
        self.say("upgrade")
        for who, kind in ((self.first, "officer"), (self.second, "officer"), (self.provider, "provider")):
            id_ = self.say(f"{kind}s", "add", who)["id"]
            self.tokens[who] = self.say("tokens", "create", "lab", "--scope", kind, "--holder", id_)["token"]
        return True

    def apply_for(self, prefix: str) -> None:
        """Have an application of a company, confirmed by the provider; it waits for an officer."""
        documents = f"identity=1={_DIGEST};incorporation=1={_DIGEST}"
        header = "registrant,kind,name,category,provider,prefixes,documents"
        row = f"{self.run},organisation,Company {self.run},company,{self.provider},{prefix},{documents}"
        self.say("import", "-", "--format", "csv", who=self.first, text=f"{header}\n{row}\n")
        self.say("applications", "confirm", "--all", who=self.provider)

    def revoke(self, prefix: str) -> None:
        """Have a live registration revoked by both officers."""
        said = self.say("registrations", "list", "--prefix", prefix)
        rows = said if isinstance(said, list) else said["items"]
        live = [row["id"] for row in rows if row["state"] in ("active", "expiring")]
        intent = self.say("intents", "propose", "revoke", *live, "--reason", "the lab ends", who=self.first)
        self.say("intents", "confirm", intent["id"], "--live", str(len(live)), who=self.second)


def registry(lab: Lab) -> None:
    """An address is registered, is live, carries a session under enforce, and is revoked."""
    session = WireGuard(site(lab, _INDEX, 4))
    server = session.site.peers.server
    desk = Desk(lab, secrets.token_hex(3))
    lab.gateway.guard(enforce=True)
    try:
        with lab.table.row("registry", "the edge follows it, on PostgreSQL", "a feed without trouble") as row:
            feed = lab.gateway.wicket("status")["feed"]
            contact = feed["contact"] if feed else None
            tables = lab.registry.run(
                "runuser -u postgres -- psql -At -l | cut -d'|' -f1 | grep -c wicket || true"
            ).strip()
            seen = f"serial {feed['serial']}, {contact['trouble'] or 'no trouble'}" if contact else "it follows no feed"
            row.see(
                f"{seen}, {tables} database of PostgreSQL", bool(contact and not contact["trouble"]) and tables == "1"
            )
        with lab.table.row("registry", "WireGuard before the approval", "not up") as row:
            assert desk.people
            desk.apply_for(server)
            trial = attempt(lab, session, REFUSED_SECONDS)
            row.see(trial.words, not trial.up and not trial.trouble)
        with lab.table.row("registry", "an officer approves", "live in the edge's kernel") as row:
            desk.say("applications", "approve", "--all", who=desk.second)
            took = wait_for(lambda: _listed(lab, server), f"{server} is on the list of the kernel", _LIVE_SECONDS)
            row.see(f"{took:.1f} s after the answer, one start of the command line included", True)
        with lab.table.row("registry", "WireGuard after it", "up") as row:
            trial = attempt(lab, session, UP_SECONDS)
            row.see(trial.words, trial.up)
        with lab.table.row("registry", "two officers revoke", "gone from the kernel") as row:
            desk.revoke(server)
            took = wait_for(lambda: not _listed(lab, server), f"{server} is gone from the kernel", _LIVE_SECONDS)
            row.see(f"{took:.1f} s after the answer, one start of the command line included", True)
    finally:
        lab.gateway.release()


def _listed(lab: Lab, address: str) -> bool:
    """What the program in the kernel says to a packet to an address."""
    return bool(
        lab.gateway.wicket("explain", "--to", address, "--protocol", "wireguard")["answer"]["reason"] == "registered"
    )
