"""Each page of the manual, put together."""

import click

from api.server import main as wicket_api
from control.agent import main as wicketd
from control.cli import main as wicket
from control.config import reference
from manual import commands, roff
from manual.roff import Page

WICKET = Page("wicket", 1, "keep registered VPN traffic flowing: the command line")
WICKETD = Page("wicketd", 8, "the agent of a Wicketgate edge")
WICKET_API = Page("wicket-api", 8, "the HTTP API of a Wicketgate edge and of the registry")
WICKET_TOML = Page("wicket.toml", 5, "configuration of wicketd, wicket and wicket-api")

OF_WICKETD = "Whatever ends it, the kernel goes on with the last list. Only `wicket detach` takes the program out."
OF_WICKET_API = "The registry is a part of it that `registry.enabled` of its configuration switches on."
EXIT_STATUS = (
    ("0", "Done."),
    ("1", "Refused, and nothing has changed; from `wicket doctor`: something is missing; from `allow check`: no."),
    ("2", "The command line itself is wrong."),
)
ENVIRONMENT = (
    ("WICKET_CONFIG", "The configuration to read when `--config` names none."),
    ("WICKET_REGISTRY_AS", "What `wicket registry --as` is when it is not given."),
    ("WICKET_REGISTRY_TOKEN", "A token of whoever `wicket registry --as` names."),
)
FILES = (
    ("/etc/wicketgate/wicket.toml", "The configuration of an edge."),
    ("/etc/wicketgate/api.toml", "The configuration of the API and the registry."),
    ("/etc/credstore/", "Where systemd takes the URLs with passwords from."),
    ("/var/lib/wicketgate/", "The agent's state: what was accepted last."),
    ("/var/lib/wicketgate-api/", "The API's state: its token, and the registry's database where that is SQLite."),
    ("/run/wicketgate/main/agent.sock", "The agent's socket: who may write to it may change the list."),
    ("/sys/fs/bpf/wicketgate/", "The program and its maps in the kernel, pinned."),
    (
        "/usr/share/doc/wicketgate-edge/",
        "The documentation. Before anything is enforced read providers.md: what else speaks these protocols at a "
        "provider. A list of local exceptions to start from is examples/local-exceptions.csv.",
    ),
)
EXAMPLE = """
[[interfaces]]
name = "eth0"
mode = "native"

[list]
max_entries = 2000000
"""


def pages(version: str) -> dict[str, str]:
    """Return the text of each page by the name of its file."""
    texts = {
        WICKET: _wicket(),
        WICKETD: _daemon("wicketd", wicketd, OF_WICKETD),
        WICKET_API: _daemon("wicket-api", wicket_api, OF_WICKET_API),
        WICKET_TOML: _settings(),
    }
    return {page.file: roff.head(page, version) + text + _see_also(page) for page, text in texts.items()}


def _wicket() -> str:
    return (
        roff.section("SYNOPSIS")
        + commands.synopsis("wicket", wicket)
        + roff.section("DESCRIPTION")
        + commands.description(wicket)
        + roff.prose("A refusal goes to standard error, with `--json` as one object.")
        + roff.section("OPTIONS")
        + commands.options("wicket", wicket)
        + roff.section("COMMANDS")
        + commands.subcommands("wicket", wicket)
        + roff.section("EXIT STATUS")
        + roff.tagged(EXIT_STATUS)
        + roff.section("ENVIRONMENT")
        + roff.tagged(ENVIRONMENT)
        + _files()
    )


def _daemon(name: str, command: click.Command, more: str) -> str:
    return (
        roff.section("SYNOPSIS")
        + commands.synopsis(name, command)
        + roff.section("DESCRIPTION")
        + commands.description(command)
        + roff.prose(more)
        + roff.section("OPTIONS")
        + commands.options(name, command)
        + _files()
    )


def _settings() -> str:
    rows = ((each.name, f"{each.description} ({each.type}, {_default(each.default)})") for each in reference())
    return (
        roff.section("DESCRIPTION")
        + roff.prose(
            "A file in TOML. Everything has a default. A file that has a fault is refused as a whole, and every fault "
            "is named with its line. It is read at the start only.\n\n"
            'A duration is a whole number and a unit in quotes, "30s", "15m", "1h" or "1d"; a size is one in B, KiB, '
            "MiB or GiB. A name with a dot is in a table: `list.max_entries` is `max_entries` below `[list]`, and "
            "`interfaces[].name` is `name` below each `[[interfaces]]`."
        )
        + roff.section("SETTINGS")
        + roff.tagged(rows)
        + roff.section("EXAMPLE")
        + roff.verbatim(EXAMPLE)
        + _files()
    )


def _default(default: str) -> str:
    return default if default == "required" else f"by default {default}"


def _files() -> str:
    return roff.section("FILES") + roff.tagged(FILES)


def _see_also(page: Page) -> str:
    others = [each for each in (WICKET, WICKET_TOML, WICKET_API, WICKETD) if each != page]
    return roff.section("SEE ALSO") + roff.inline(", ".join(f"`{each.name}`({each.section})" for each in others)) + "\n"
