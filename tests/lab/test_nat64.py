"""Subscribers behind NAT64, by a real translator: an IPv4 entry holds for the address inside its prefix (K4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from control.vocabulary import VPN_PROTOCOLS
from lab.gateway import free_port
from lab.guarding import EdgeGateway, guarding
from lab.sessions.kinds import start_all, stop_all, which_are_up
from lab.sessions.openvpn import OpenVpnKeys, OpenVpnSession
from lab.sessions.session import UP_SECONDS, Session, Site
from lab.sessions.wireguard import WireGuardSession
from lab.stage.stage import Stage
from lab.traffic.exchange import Responder
from lab.translator import WELL_KNOWN, Translator, embedded
from lab.vpn.authority import Authority

# Of every length that there is: RFC 6052, section 2.2.
OWN = (
    "2a0d:5601::/32",
    "2a0d:5602:1200::/40",
    "2a0d:5602:3456::/48",
    "2a0d:5602:789a:bc00::/56",
    "2a0d:5602:def0:1234::/64",
    "2a0d:5602:5678:9abc:0:1::/96",
)
ON_THE_EDGE = "2a0d:5603::/96"
REFUSED_SECONDS = 2.5  # the time of a second handshake; a session that is to come up does so in one


def configured(*prefixes: str) -> str:
    """The setting, as it stands in the file."""
    listed = ", ".join(f'"{prefix}"' for prefix in prefixes)
    return f"\n[nat64]\nprefixes = [{listed}]\n"


@dataclass(frozen=True)
class Lab:
    """Sessions of subscribers that have IPv6 alone, by the prefix through which they go."""

    gateway: EdgeGateway
    sessions: dict[str, list[Session]]
    configuration: str

    def through(self, *prefixes: str, registered: bool) -> list[Session]:
        """Those that go through some prefixes."""
        return [one for prefix in prefixes for one in self.sessions[prefix] if one.registered is registered]

    def configure(self, more: str) -> None:
        """Have the agent start with more settings."""
        self.gateway.kill_agent()
        self.gateway.config.write_text(self.configuration + more)
        self.gateway.start_agent()


@pytest.fixture(scope="module")
def lab(bpffs: Path) -> Iterator[Lab]:
    with Stage() as stage, guarding(stage, bpffs, free_port()) as gateway:
        responder = Responder()
        stage.on_close(responder)
        keys = OpenVpnKeys(Authority(stage.directory), stage.directory)
        over: list[Callable[[Site], Session]] = [
            partial(OpenVpnSession, keys=keys, mode="tls-crypt", transport=way) for way in ("udp", "tcp")
        ]
        sessions: dict[str, list[Session]] = {}
        for number, prefix in enumerate((WELL_KNOWN, ON_THE_EDGE, *OWN)):
            namespace = stage.edge if prefix == ON_THE_EDGE else stage.internet
            translator = Translator(stage, namespace, prefix, number)
            kinds = [WireGuardSession, *(over if prefix in (WELL_KNOWN, ON_THE_EDGE) else ())]
            sessions[prefix] = [
                kind(Site(stage, responder, before, registered, behind))
                for kind in kinds
                for registered in (True, False)
                for before, behind in (translator.peers(),)
            ]
            translator.start()
        lab = Lab(gateway, sessions, gateway.config.read_text())
        gateway.push(one.server_address for one in lab.through(*sessions, registered=True))
        yield lab


def started(sessions: list[Session], seconds: float) -> set[str]:
    """End sessions and start them anew; the servers of those that come up."""
    stop_all(sessions)
    start_all(sessions)
    up = which_are_up(sessions, seconds)
    stop_all(sessions)
    return {session.server_address for session, is_up in zip(sessions, up.values(), strict=True) if is_up}


def servers(sessions: list[Session]) -> set[str]:
    """Their addresses, as the list has them."""
    return {session.server_address for session in sessions}


@pytest.mark.parametrize(
    ("prefix", "address"),
    [  # RFC 6052, section 2.4
        ("2001:db8::/32", "2001:db8:c000:221::"),
        ("2001:db8:100::/40", "2001:db8:1c0:2:21::"),
        ("2001:db8:122::/48", "2001:db8:122:c000:2:2100::"),
        ("2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"),
        ("2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100:0"),
        ("2001:db8:122:344::/96", "2001:db8:122:344::c000:221"),
        (WELL_KNOWN, "64:ff9b::c000:221"),
    ],
)
def test_the_lab_puts_addresses_into_prefixes_as_the_standard_does(prefix: str, address: str) -> None:
    assert embedded(prefix, "192.0.2.33") == address


def test_everybody_gets_through_the_translators_while_nothing_is_enforced(lab: Lab) -> None:
    everybody = [one for sessions in lab.sessions.values() for one in sessions]
    assert started(everybody, UP_SECONDS) == servers(everybody)


def test_the_well_known_prefix_is_known_without_a_setting(lab: Lab) -> None:
    lab.gateway.set_policy("enforce", VPN_PROTOCOLS)
    registered, others = (lab.through(WELL_KNOWN, registered=registered) for registered in (True, False))
    assert started(registered, UP_SECONDS) == servers(registered)
    assert started(others, REFUSED_SECONDS) == set()
    # A prefix that nobody has told us of is no NAT64's.
    assert started(lab.through(ON_THE_EDGE, *OWN, registered=True), REFUSED_SECONDS) == set()


def test_an_operators_own_prefixes_are_known_by_the_setting(lab: Lab) -> None:
    lab.configure(configured(WELL_KNOWN, ON_THE_EDGE, *OWN))
    registered, others = (lab.through(*lab.sessions, registered=registered) for registered in (True, False))
    assert started(registered, UP_SECONDS) == servers(registered)
    assert started(others, REFUSED_SECONDS) == set()


def test_one_setting_turns_it_off(lab: Lab) -> None:
    lab.configure(configured())
    assert started(lab.through(*lab.sessions, registered=True), REFUSED_SECONDS) == set()
