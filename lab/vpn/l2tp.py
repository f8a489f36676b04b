"""What L2TP's peers are told: xl2tpd.conf(5), and pppd(8) for what runs inside."""

from __future__ import annotations

from lab.network import Peers, Side

PORT = 1701
"""RFC 2661, section 8.1."""
PPP_OPTIONS = (
    "noauth\nnodefaultroute\nipcp-accept-local\nipcp-accept-remote\nnoccp\nmtu 1360\nmru 1360\nlcp-echo-interval 0\n"
)
_SERVER = """
[global]
listen-addr = {server}
[lns default]
hostname = lab
local ip = {inner_server}
ip range = {inner_client}-{inner_client}
require authentication = no
pppoptfile = {options}
"""
_CLIENT = """
[global]
listen-addr = {client}
[lac lab]
hostname = lab
lns = {server}
autodial = yes
redial = yes
redial timeout = 1
require authentication = no
pppoptfile = {options}
"""


def settings(side: Side, peers: Peers, options: str) -> str:
    """One side's xl2tpd.conf; `options` is the file with PPP_OPTIONS."""
    return (_SERVER if side == "server" else _CLIENT).format(
        client=peers.client,
        server=peers.server,
        inner_client=peers.inner.client,
        inner_server=peers.inner.server,
        options=options,
    )
