"""What IKEv2's peers are told: strongswan.conf(5) for a daemon, swanctl.conf(5) for each of its connections."""

from __future__ import annotations

from pathlib import Path

from lab.network import Peers, Side
from lab.vpn.l2tp import PORT as L2TP_PORT

CHARON = "/usr/lib/ipsec/charon"
IKE_PORT = 500
"""RFC 7296, section 2."""
_NAT_T_PORT = 4500  # RFC 7296, section 2.23
_PLUGINS = "random nonce openssl aes sha1 sha2 hmac kdf {userspace}kernel-netlink socket-default vici"
# A refused start is known after 1 + 1.5 + 2.25 + 3.4 s.
_DAEMON = """
charon {{
  load = {plugins}
  install_routes = yes
  retransmit_timeout = 1.0
  retransmit_base = 1.5
  retransmit_tries = 3
  plugins {{
    vici {{ socket = unix://{socket} }}
    kernel-libipsec {{ allow_peer_ts = yes }}
  }}
  filelog {{ stderr {{ default = 1 }} }}
}}
"""
_CONNECTION = """
connections {{
  {name} {{
    version = 2
    local_addrs = {local}
    remote_addrs = {remote}
    {ports}
    encap = {encap}
    mobike = no
    proposals = aes128-sha256-x25519
    local {{ auth = psk
      id = {side}.{name} }}
    remote {{ auth = psk
      id = {other}.{name} }}
    children {{ {name} {{
      mode = {mode}
      local_ts = {local_ts}
      remote_ts = {remote_ts}
      esp_proposals = aes128gcm16
      {start}
    }} }}
  }}
}}
secrets {{ ike-{name} {{
  id-1 = server.{name}
  id-2 = client.{name}
  secret = "a secret of the lab"
}} }}
"""


def daemon(socket: str | Path, *, userspace: bool) -> str:
    """A daemon's settings: where swanctl finds it; and whether it does ESP itself, always in UDP, or the kernel."""
    return _DAEMON.format(plugins=_PLUGINS.format(userspace="kernel-libipsec " if userspace else ""), socket=socket)


def name(peers: Peers) -> str:
    """What a connection and its child are called, on either side."""
    return f"ike{peers.index}"


def connection(side: Side, peers: Peers, *, port: int = IKE_PORT, nat_t: bool = True, transport: bool = False) -> str:
    """One side's connection with one child, a tunnel between the inner addresses.

    Args:
        port: the server's, to which the client's first packet goes.
        nat_t: ESP goes in UDP (RFC 3948), though there is no address translation.
        transport: in place of the tunnel, what L2TP needs between the outer addresses (RFC 3193, section 4); it
            starts by itself when the client's L2TP sends.
    """
    client = side == "client"
    (local, remote), (inner_local, inner_remote) = peers.seen_from(side), peers.inner.seen_from(side)
    l2tp = f"dynamic[udp/{L2TP_PORT}]"
    return _CONNECTION.format(
        name=name(peers),
        side=side,
        other="server" if client else "client",
        local=local,
        remote=remote,
        ports=f"local_port = {_NAT_T_PORT}\n    remote_port = {port}" if client and port != IKE_PORT else "",
        encap="yes" if nat_t else "no",
        mode="transport" if transport else "tunnel",
        local_ts=l2tp if transport else f"{inner_local}/32",
        remote_ts=l2tp if transport else f"{inner_remote}/32",
        start="start_action = trap" if client and transport else "",
    )
