"""The manual pages have every command, option and setting, and roff has nothing to say about them."""

import re
import subprocess

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


@pytest.mark.parametrize(("page", "name", "command"), COMMANDS, ids=[name for _, name, _ in COMMANDS])
def test_a_command_is_there_with_what_it_does_and_its_options(page: Page, name: str, command: click.Command) -> None:
    text = SHOWN[page.file]
    if name == page.name:  # the page itself: its options come before those of the commands below it
        section = text.split("\nCOMMANDS\n")[0]
    else:
        section = re.split(r"\n(?=   \S|\S)", text.split(f"\n   {name}\n")[1])[0]
    assert command.help and command.help.split()[0] in section
    for parameter in command.params:
        for option in parameter.opts if isinstance(parameter, click.Option) else ():
            assert re.search(rf"(^|[ ,/]){re.escape(option)}\b", section), option


def test_the_registry_is_read_although_it_is_read_late() -> None:
    assert "wicket registry backup" in [name for _, name, _ in COMMANDS]


@pytest.mark.parametrize("setting", reference(), ids=lambda setting: setting.name)
def test_a_setting_is_there_with_its_default(setting: Setting) -> None:
    name, kind, default, description = setting
    row = re.search(rf"^ +{re.escape(name)}(?=\s)\s+(.+(\n {{14}}.+)*)", SHOWN[WICKET_TOML.file], re.MULTILINE)
    assert row, name
    text = " ".join(row[1].split())
    assert description.replace("`", "") in text
    assert f"({kind}, {'' if default == 'required' else 'by default '}{default})" in text
