"""By which registration the feed has an entry: asked of the registry when somebody wants to know, and only then."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from control.cli import main
from control.commands.client import AgentSocket
from control.commands.packets import ReadRegistration
from control.config import load
from control.datapath import datapath
from control.fault import Refused
from control.feed.database import RegistryFeed
from lab import gateway
from tests.feed.conftest import Registry
from tests.feed.following import NAME, until
from tests.feed.test_agent import is_live, process, table

pytestmark = pytest.mark.usefixtures("copied_program")


class Edge:
    """An agent that follows the registry, and the command line beside it."""

    def __init__(self, file: Path, socket: AgentSocket) -> None:
        self.file, self.socket = file, socket

    def wicket(self, *words: str) -> str:
        """What a command prints."""
        done = CliRunner().invoke(main, ["--config", str(self.file), *words], catch_exceptions=False)
        assert done.exit_code == 0, done
        return done.stdout

    def explain(self, address: str) -> tuple[dict[str, Any], str]:
        """What is said of a packet to an address, in JSON and in words."""
        words = ("explain", "--to", address, "--protocol", "ike")
        return json.loads(self.wicket(*words, "--json")), " ".join(self.wicket(*words).split())


@contextmanager
def edge(directory: Path, bpffs: Path, feed: str) -> Iterator[Edge]:
    file = gateway.configure(directory, bpffs, gateway.free_port(), feed)
    try:
        with process(file, signal.SIGTERM) as socket:
            yield Edge(file, socket)
    finally:
        datapath.remove(load(file).pins)


def test_explain_names_source_and_registration(tmp_path: Path, bpffs: Path, registry: Registry) -> None:
    registry.register("10.0.1.0/24")
    with edge(tmp_path, bpffs, table(registry.url)) as here:
        until(lambda: is_live(here.socket, "10.0.1.9"))
        here.wicket("allow", "add", "10.0.0.2", "--protocol", "openvpn", "--note", "ours")
        here.wicket("allow", "add", "192.0.2.1")
        for address, prefix in (("10.0.0.1", "10.0.0.1"), ("10.0.1.9", "10.0.1.0/24")):
            said, shown = here.explain(address)
            assert (said["entry"]["sources"], said["registration"]) == (["feed"], registry.ids[prefix])
            assert f"listed feed's list (registration {registry.ids[prefix]}): everything" in shown
        said, shown = here.explain("10.0.0.2")
        assert (said["entry"]["sources"], said["registration"]) == (["local", "feed"], registry.ids["10.0.0.2"])
        assert f"listed local list: openvpn; feed's list (registration {registry.ids['10.0.0.2']}): everything" in shown
        said, shown = here.explain("192.0.2.1")
        assert (said["entry"]["sources"], said["registration"]) == (["local"], None)
        assert "listed local list: everything" in shown
        assert registry.ids["10.0.0.1"] in here.wicket("explain", "--to", "10.0.0.1")


def test_what_the_registry_has_no_more(registry: Registry) -> None:
    feed = RegistryFeed(registry.url, NAME)
    try:
        assert feed.registration(ip_network("10.0.0.1")) == registry.ids["10.0.0.1"]
        assert feed.registration(ip_network("10.0.0.0/31")) is None, "exactly this prefix"
        registry.revoke("10.0.0.1")
        assert feed.registration(ip_network("10.0.0.1")) is None
    finally:
        feed.close()


def test_without_the_registry_explain_goes_on(tmp_path: Path, bpffs: Path, registry: Registry) -> None:
    with edge(tmp_path, bpffs, table(registry.url)) as here:
        until(lambda: is_live(here.socket, "10.0.0.1"))
        registry.sql("ALTER TABLE listing RENAME COLUMN registration_id TO gone")
        said, shown = here.explain("10.0.0.1")
        assert (said["answer"]["reason"], said["registration"]) == ("registered", None)
        assert "feed's list (registration not known: " in shown and shown.endswith("pass: registered")


def test_where_no_feed_is_followed(tmp_path: Path, bpffs: Path) -> None:
    with edge(tmp_path, bpffs, "") as here:
        with pytest.raises(Refused, match="There is no registry"):
            here.socket.ask(ReadRegistration(prefix="10.0.0.1"))
        with pytest.raises(Refused, match="The prefix is not understood"):
            here.socket.ask(ReadRegistration(prefix="10.0.0.300"))
