"""wicket allow: the list."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import START_LIST, Cli
from tests.companions import REFUSED, TAKEN

PRINTED = ("192.0.2.1", "198.51.100.0/24", "2001:db8::/48")


def prefixes(wicket: Cli) -> list[str]:
    return [row["prefix"] for row in wicket("allow", "list", "--json").json["entries"]]


def test_list_prints_each_format(wicket: Cli) -> None:
    csv, ndjson, document = (wicket("allow", "list", "--format", kind).out for kind in ("csv", "ndjson", "json"))
    assert csv.splitlines() == ["prefix", *PRINTED]
    assert [json.loads(line)["prefix"] for line in ndjson.splitlines()] == list(PRINTED)
    assert [row["prefix"] for row in json.loads(document)["entries"]] == list(PRINTED)


def test_what_is_listed_can_be_pushed_again(wicket: Cli) -> None:
    for kind in ("csv", "ndjson", "json"):
        printed = wicket("allow", "list", "--format", kind).out
        answer = wicket("allow", "replace", "-", "--json", stdin=printed).json
        assert (answer["added"], answer["removed"]) == (0, 0)


def test_add(wicket: Cli) -> None:
    said = wicket.apart("allow", "add", "203.0.113.7", "2001:db8:7::/48")
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith("5 entries live, serial ") and said.out.endswith(": 2 added, 0 removed\n")
    assert set(prefixes(wicket)) == {*PRINTED, "203.0.113.7", "2001:db8:7::/48"}


def test_what_is_hardly_meant_is_added_with_a_warning(wicket: Cli) -> None:
    said = wicket.apart("allow", "add", "8.0.0.0/8", "10.1.2.3")
    assert said.status == 0 and said.out.endswith(": 2 added, 0 removed\n")
    assert said.err == "warning: private address space: 10.1.2.3\nwarning: wider than /16, or /32 for IPv6: 8.0.0.0/8\n"


def test_add_narrowed(wicket: Cli) -> None:
    options = [
        "--protocol",
        "wireguard",
        "--protocol",
        "openvpn",
        "--port",
        "51820",
        "--port",
        "1000-2000",
        "--note",
        "hq",
    ]
    answer = wicket("allow", "add", "203.0.113.7", *options, "--json").json
    assert answer["added"] == 1
    (row,) = (row for row in wicket("allow", "list", "--json").json["entries"] if row["prefix"] == "203.0.113.7")
    assert (row["protocols"], row["ports"], row["note"]) == (["wireguard", "openvpn"], ["1000-2000", 51820], "hq")


def test_what_belongs_together_is_added_together(wicket: Cli) -> None:
    said = wicket("allow", "add", "203.0.113.7", "--protocol", "pptp")
    assert said.out.startswith("for pptp, gre_pptp: what belongs together is registered together\n")
    for number, ((protocols, ports), (shown, on)) in enumerate(TAKEN):
        options = [f"--protocol={name}" for name in protocols] + [f"--port={each}" for each in ports]
        wicket("allow", "add", f"203.0.113.{number}", *options)
        rows = {row["prefix"]: row for row in wicket("allow", "list", "--json").json["entries"]}
        row = rows[f"203.0.113.{number}"]
        assert (row.get("protocols", []), row.get("ports", [])) == (list(shown), list(on))


def test_what_would_break_itself_is_refused_with_the_mend(wicket: Cli) -> None:
    for (protocols, ports), why, mend in REFUSED:
        options = [f"--protocol={name}" for name in protocols] + [f"--port={each}" for each in ports]
        (fault,) = wicket("allow", "add", "203.0.113.9", *options, "--json").refused["faults"]
        assert (fault["where"], fault["why"], fault["mend"]) == ("entries[0], ports", why, mend)
    assert "203.0.113.9" not in prefixes(wicket)


def test_remove(wicket: Cli) -> None:
    answer = wicket("allow", "remove", "192.0.2.1", "203.0.113.99", "--json").json
    assert (answer["count"], answer["removed"], answer["removed_in_use"], answer["in_use"]) == (2, 1, 0, [])
    assert prefixes(wicket) == list(PRINTED[1:])


def test_replace(wicket: Cli, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("203.0.113.1\n203.0.113.2\n")
    said = wicket("allow", "replace", str(file))
    assert said.out.startswith("2 entries live, serial ") and said.out.endswith(": 2 added, 3 removed\n")
    assert prefixes(wicket) == ["203.0.113.1", "203.0.113.2"]


@pytest.mark.parametrize(
    "words",
    [
        ("add", "203.0.113.9"),
        ("remove", "192.0.2.1"),
        ("replace", "-"),
        ("replace", "-", "--format", "csv"),
        ("replace", "-", "--allow-empty"),
    ],
    ids=" ".join,
)
def test_a_dry_run_changes_nothing(wicket: Cli, words: tuple[str, ...]) -> None:
    before = wicket("status", "--json").json["etag"]
    stdin = "203.0.113.1\n" if words[0] == "replace" else ""
    said = wicket("allow", *words, "--dry-run", stdin=stdin)
    assert said.status == 0 and " would be live, serial " in said.out
    answer = wicket("allow", *words, "--dry-run", "--json", stdin=stdin).json
    assert answer["live"] is False and answer["added"] + answer["removed"] > 0
    assert wicket("status", "--json").json["etag"] == before


def test_an_empty_list_is_refused(wicket: Cli) -> None:
    refused = wicket("allow", "replace", "-", "--json", stdin='{"entries": []}').refused
    (fault,) = refused["faults"]
    assert refused["kind"] == "bad-list"
    assert ("no entry" in fault["why"], "--allow-empty" in fault["mend"]) == (True, True)
    assert prefixes(wicket) == list(START_LIST)


def test_a_list_is_emptied_on_purpose(wicket: Cli) -> None:
    answer = wicket("allow", "replace", "-", "--allow-empty", "--json", stdin='{"entries": []}').json
    assert (answer["count"], answer["removed"]) == (0, 3)


BAD = [
    # command, standard input, kind, where of each fault, words
    (("add", "192.0.2.300"), "", ["entries[0], prefix"], "192.0.2.300"),
    (("add", "203.0.113.1", "x", "0.0.0.0/0"), "", ["entries[1], prefix", "entries[2], prefix"], "every address"),
    (("add", "203.0.113.1", "--port", "70000"), "", ["entries[0], ports"], "65535"),
    (("remove", "192.0.2.1/24"), "", ["entries[0], prefix"], "host bits"),
    (("replace", "-"), "192.0.2.1\ny\n192.0.2.1\n", ["row 2, prefix", "row 3, prefix"], "in row 1 already"),
    (("replace", "-", "--format", "json"), '{"entries": [', ["line 1, column"], "cut off"),
    (("replace", "-"), "", ["the list"], "0 bytes"),
]


@pytest.mark.parametrize(("words", "stdin", "places", "why"), BAD, ids=[" ".join(row[0]) for row in BAD])
def test_a_bad_row_is_named(wicket: Cli, words: tuple[str, ...], stdin: str, places: list[str], why: str) -> None:
    refused = wicket("allow", *words, "--json", stdin=stdin).refused
    assert refused["kind"] == "bad-list"
    assert len(refused["faults"]) == len(places), refused
    assert all(place in fault["where"] for place, fault in zip(places, refused["faults"], strict=True)), refused
    assert any(why in f"{fault['why']}; {fault['mend']}" for fault in refused["faults"]), refused

    said = wicket("allow", *words, stdin=stdin)
    assert (said.status, said.out) == (1, "")
    lines = said.err.splitlines()
    assert lines[0] == f"wicket: {refused['title']}"
    assert lines[1:] == [f"  {f['where']}: {f['why']}; {f['mend']}" for f in refused["faults"]]
    assert prefixes(wicket) == list(START_LIST)


def test_a_missing_file_is_said(wicket: Cli) -> None:
    said = wicket("allow", "replace", "/does/not/exist.csv")
    assert said.status == 2 and "No such file" in said.err
