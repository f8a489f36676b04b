"""Outages by what is pushed: a list that is short, broken, too long, too wide, odd, or comes without end."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable
from typing import Any

from lab.faults.site import Site
from lab.outages.scenario import Safe, Watch
from lab.waiting import wait_for

NEW = "192.0.4.1"
MOST = 80_000  # list.max_entries here
GROWN = 70_000
FLOOD = 600  # changes
HELD = 3  # exit status


def registered_fail_with_the_unregistered(site: Site) -> Safe:
    """2024, nationwide: a list arrives 30 % short, and then empty."""
    servers = site.servers
    short = servers[len(servers) * 3 // 10 :]
    watch = Watch()
    status, told = _replace(site, [*short, NEW])
    empty, said = empty_list(site)
    assert (status, empty) == (HELD, HELD), (told, said)
    safe = watch.safe(told)
    held = json.loads(site.edge.wicket("held", "list", "--json"))
    shown = site.edge.wicket("held", "show", held[-1]["id"])
    assert all(server in shown for server in servers), shown
    assert _is_live(site, NEW), "what the short list added is live"
    assert all(_is_live(site, server) for server in servers)
    for item in held:
        site.edge.wicket("held", "drop", item["id"])
    put_back(site)
    return safe


def content_file_crashes_its_readers(site: Site) -> Safe:
    """CrowdStrike, July 2024: a malformed list, and one that is no list at all, by each way in."""
    watch = Watch()
    status, told = _replace(site, ["192.0.2.300", "not an address", "10.0.0.0/33"])
    assert status == 1, told
    garbage = bytes(range(256)) * 4096
    answers = [site.edge.put(garbage, Content_Type=kind) for kind in ("text/csv", "application/json")]
    assert all(400 <= answer.status < 500 for answer in answers), answers
    assert all(_is_live(site, server) for server in site.servers)
    return watch.safe(told)


def file_doubles_in_size(site: Site) -> Safe:
    """Cloudflare, November 2025: the list outgrows its map, and then what is allowed."""
    more = [f"2001:db8:{n >> 16:x}:{n & 0xFFFF:x}::/64" for n in range(GROWN)]
    watch = Watch()
    status, grown = _replace(site, [*site.servers, *more])
    assert status == 0, grown
    warned = site.edge.wicket("status")
    assert "nearly full" in warned, warned
    status, refused = _replace(site, [*site.servers, *(f"203.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(MOST))])
    assert status == 1, refused
    assert all(_is_live(site, server) for server in site.servers)
    safe = watch.safe(f"{_line(warned, 'nearly full')} / {refused}")
    put_back(site)
    return safe


def leak_to_the_whole_world(site: Site) -> Safe:
    """Pakistan, February 2008: entries as wide as the whole internet."""
    watch = Watch()
    status, told = site.edge.say("allow", "add", "0.0.0.0/0", "::/0", "128.0.0.0/1", "2000::/3")
    assert status == 1, told
    safe = watch.safe(told)
    status, unsaid = site.edge.say("allow", "add", "9.0.0.0/8")
    assert status == 1 and "--doubtful" in unsaid, unsaid
    return Safe(safe.safe_s, f"{told} / {_line(unsaid, 'wider')}")


def flood_of_changes(site: Site) -> Safe:
    """Optus, November 2023: changes without end, one after the other."""
    watch, slowest = Watch(), 0.0
    for number in range(FLOOD):
        answer = site.edge.patch({"add": [f"198.18.{number >> 8}.{number & 255}"]})
        assert answer.status == 200, answer.body
        if number % 50 == 0:
            began = time.monotonic()
            site.status()
            slowest = max(slowest, time.monotonic() - began)
    told = _line(site.edge.wicket("status"), "list")
    safe = watch.safe(f"{told}; status answered in {slowest:.2f} s at most")
    put_back(site)
    return safe


def one_valid_setting(site: Site) -> Safe:
    """Fastly, June 2021: an entry that is valid and like no other."""
    odd: list[dict[str, Any]] = [
        {"prefix": "::ffff:192.0.4.7", "protocols": ["ike", "esp"], "ports": ["1-65535"]},
        {"prefix": "192.0.5.0/31", "ports": [1, 65535, "500-501", 4500]},
        {"prefix": "2001:db8:ffff::/127", "protocols": ["gre_pptp"]},
        {
            "prefix": "192.0.6.0/32",
            "protocols": ["wireguard", "openvpn", "ike", "esp", "ah", "l2tp", "pptp", "gre_pptp"],
        },
        {"prefix": "8000::/17", "note": "ü" * 200},
        {"prefix": "2001:db8::1", "ports": ["65535-65535"]},
    ]
    watch = Watch()
    unsaid = site.edge.patch({"add": odd})
    assert unsaid.status == 422, unsaid.body
    answer = site.edge.patch({"add": odd}, "?doubtful=true")
    assert answer.status == 200, answer.body
    for address in ("192.0.4.7", "192.0.5.1", "2001:db8:ffff::1", "192.0.6.0", "2001:db8::1"):
        assert _covers(site, address), address
    safe = watch.safe(f"{answer.json['added']} entries live; {'; '.join(answer.json['warnings'])}")
    put_back(site)
    return safe


def _replace(site: Site, rows: Iterable[str], *options: str) -> tuple[int, str]:
    file = site.stage.directory / "pushed.csv"
    file.write_text("\n".join(["prefix", *rows]) + "\n")
    return site.edge.say("allow", "replace", str(file), "--format", "csv", *options)


def empty_list(site: Site, *options: str) -> tuple[int, str]:
    """Push a list without any entry, on purpose."""
    file = site.stage.directory / "empty.json"
    file.write_text('{"entries": []}')
    return site.edge.say("allow", "replace", str(file), "--allow-empty", *options)


def put_back(site: Site) -> None:
    """Have just the servers on the list again, as somebody does who has looked at what that cuts."""
    _replace(site, site.servers)
    for item in json.loads(site.edge.wicket("held", "list", "--json")):
        site.edge.wicket("held", "release", item["id"])
    assert site.status()["count"] == len(site.servers)


def _covers(site: Site, address: str) -> bool:
    return bool(site.edge.ask("GET", f"/v1/check?address={address}").json["registered"])


def _is_live(site: Site, address: str) -> bool:
    return bool(site.edge.ask("GET", f"/v1/check?address={address}").json["live"])


def _line(said: str, word: str) -> str:
    return next((re.sub(r"\s+", " ", line).strip() for line in said.splitlines() if word in line), "")


def wait_until_live(site: Site, addresses: Iterable[str]) -> None:
    """Wait until the kernel lets addresses through."""
    wanted = list(addresses)
    wait_for(lambda: all(_is_live(site, address) for address in wanted), "they are let through", pause=0.02)
