"""The manual pages have every command, option and setting, and roff has nothing to say about them."""

import re
import subprocess
from collections.abc import Iterator

import click
import pytest

from api.server import main as wicket_api
from control.agent import main as wicketd
from control.cli import main as wicket
from control.config import Setting, reference
from manual.commands import commands
from manual.pages import WICKET, WICKET_API, WICKET_TOML, WICKETD, pages
from manual.roff import Page

PAGES = pages("1.2.3")
COMMANDS = [
    (page, name, command)
    for page, root in ((WICKET, wicket), (WICKETD, wicketd), (WICKET_API, wicket_api))
    for name, command in commands(root, page.name)
]


def shown(page: str) -> str:
    """A page as man shows it on a wide terminal."""
    command = ["groff", "-man", "-Tutf8", "-ww", "-rLL=300n", "-P-c", "-P-b", "-P-u"]
    done = subprocess.run(command, input=page, capture_output=True, text=True, check=True, timeout=30)
    assert done.stderr == ""
    return done.stdout


SHOWN = {name: shown(text) for name, text in PAGES.items()}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_shown_without_a_warning_and_says_its_version(name: str) -> None:
    assert "wicketgate 1.2.3" in SHOWN[name]
    assert re.search(r"^NAME\n +\S+ - \S", SHOWN[name], re.MULTILINE)
    assert "\\" not in SHOWN[name]


def missing(page: Page, name: str, command: click.Command) -> Iterator[str]:
    """What a page does not say of a command: what it does, or an option."""
    text = SHOWN[page.file]
    if name == page.name:  # the page itself: its options come before those of the commands below it
        section = text.split("\nCOMMANDS\n")[0]
    else:
        section = re.split(r"\n(?=   \S|\S)", text.partition(f"\n   {name}\n")[2])[0]
    if not command.help or command.help.split()[0] not in section:
        yield f"{name}: what it does"
    for parameter in command.params:
        for option in parameter.opts if isinstance(parameter, click.Option) else ():
            if not re.search(rf"(^|[ ,/]){re.escape(option)}\b", section):
                yield f"{name} {option}"


def test_every_command_is_there_with_what_it_does_and_its_options() -> None:
    assert [word for page, name, command in COMMANDS for word in missing(page, name, command)] == []


def test_the_registry_is_read_although_it_is_read_late() -> None:
    assert "wicket registry backup" in [name for _, name, _ in COMMANDS]


def row(setting: str) -> str:
    """What the page of the configuration says of a setting; nothing if the setting is not there."""
    lines = re.search(rf"^ +{re.escape(setting)}(?=\s)\s+(.+(\n {{14}}.+)*)", SHOWN[WICKET_TOML.file], re.MULTILINE)
    return " ".join(lines[1].split()) if lines else ""


def default(setting: Setting) -> str:
    """A setting's type and default, as the page has them."""
    return f"({setting.type}, {'' if setting.default == 'required' else 'by default '}{setting.default})"


def test_every_setting_is_there_with_its_default() -> None:
    assert [name for name, _, _, description in reference() if description.replace("`", "") not in row(name)] == []
    assert [setting.name for setting in reference() if default(setting) not in row(setting.name)] == []
