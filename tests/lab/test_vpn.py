"""What the peers of a VPN are told fits together, and is taken by daemons as the virtual machines run them."""

from __future__ import annotations

import re

import pytest

from lab.command import run
from lab.network import SIDES, Peers, Side
from lab.stage.stage import Stage
from lab.vpn import l2tp, openvpn, strongswan, wireguard
from lab.waiting import listens, wait_for

PEERS = {4: Peers(3, "45.83.16.13", "45.83.64.13"), 6: Peers(3, "2a0d:5600:16::d", "2a0d:5600:64::d")}
IDENTITY = openvpn.Identity("root.crt", "own.crt", "own.key")


def said(text: str, name: str) -> str:
    """What a configuration says to a name."""
    (value,) = re.findall(rf"^\s*{name} = (.*)$", text, re.MULTILINE)
    return str(value)


@pytest.mark.parametrize("version", PEERS)
def test_wireguards_peers_know_each_other_and_nobody_else(version: int) -> None:
    told = wireguard.settings(PEERS[version])
    public = {side: run("wg", "pubkey", text=said(text, "PrivateKey")).strip() for side, text in told.items()}
    assert public["server"] == said(told["client"], "PublicKey")
    assert public["client"] == said(told["server"], "PublicKey")
    assert said(told["client"], "Endpoint") == f"{PEERS[version].server_in_url}:{said(told['server'], 'ListenPort')}"
    assert wireguard.settings(PEERS[version])["client"] != told["client"], "keys are new each time"


@pytest.mark.parametrize("version", PEERS)
@pytest.mark.parametrize("transport", [True, False])
def test_strongswans_connections_mirror_each_other(version: int, transport: bool) -> None:
    client, server = (strongswan.connection(side, PEERS[version], transport=transport) for side in ("client", "server"))
    for mine, theirs in (("local_addrs", "remote_addrs"), ("local_ts", "remote_ts")):
        assert said(client, mine) == said(server, theirs)
        assert said(client, theirs) == said(server, mine)
    assert (said(client, "local_addrs"), said(client, "remote_addrs")) == (PEERS[version].client, PEERS[version].server)


@pytest.mark.parametrize(("transport", "words"), [("udp", ["udp4", "udp4"]), ("tcp", ["tcp4-server", "tcp4-client"])])
def test_openvpns_client_goes_where_its_server_listens(transport: openvpn.Transport, words: list[str]) -> None:
    server, client = (openvpn.command(side, PEERS[4], IDENTITY, transport=transport) for side in SIDES)
    assert [side[side.index("--proto") + 1] for side in (server, client)] == words
    remote = client.index("--remote")
    assert client[remote + 1 : remote + 3] == (server[server.index("--local") + 1], server[server.index("--port") + 1])


def test_l2tps_client_goes_where_its_server_listens_and_gets_its_inner_address() -> None:
    server, client = (l2tp.settings(side, PEERS[4], "options") for side in SIDES)
    assert said(client, "lns") == said(server, "listen-addr") == PEERS[4].server
    assert said(server, "ip range") == "10.200.3.2-10.200.3.2"
    assert said(server, "local ip") == "10.200.3.1"


@pytest.mark.parametrize(("nat_t", "transport"), [(False, False), (True, False), (False, True)])
def test_a_strongswan_that_leaves_esp_to_the_kernel_takes_its_connection(nat_t: bool, transport: bool) -> None:
    with Stage() as stage:
        for side in SIDES:
            assert "loaded connection 'ike3'" in loaded(stage, side, nat_t=nat_t, transport=transport)


def loaded(stage: Stage, side: Side, *, nat_t: bool, transport: bool) -> str:
    """Start a daemon with one connection; what swanctl says."""
    socket, settings, connections = (stage.directory / f"{side}-{name}" for name in ("vici", "daemon", "connections"))
    settings.write_text(strongswan.daemon(socket, userspace=False))
    connections.write_text(strongswan.connection(side, PEERS[4], nat_t=nat_t, transport=transport))
    environment = f"STRONGSWAN_CONF={settings}"
    stage.spawn_private(stage.internet, "env", environment, strongswan.CHARON, log=side)
    wait_for(lambda: listens(socket), "strongSwan listens")
    words = ("--load-all", "--file", str(connections), "--uri", f"unix://{socket}")
    return run("env", environment, "swanctl", *words)
