"""What IKEv2's peers are told: strongswan.conf(5) for a daemon, swanctl.conf(5) for each of its connections."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lab.network import Peers, Side
from lab.vpn.l2tp import PORT as L2TP_PORT

CHARON = "/usr/lib/ipsec/charon"
IKE_PORT = 500
"""RFC 7296, section 2."""
NAT_T_PORT = 4500
"""RFC 7296, section 2.23."""
_PLUGINS = (
    "random nonce openssl pem pkcs1 x509 constraints pubkey aes sha1 sha2 hmac kdf "
    "{userspace}kernel-netlink socket-default vici"
)
# A refused start is known after 1 + 1.5 + 2.25 + 3.4 s.
_DAEMON = """
charon {{
  load = {plugins}
  install_routes = yes
  retransmit_timeout = 1.0
  retransmit_base = 1.5
  retransmit_tries = 3
  {more}
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
    version = {way.version}
    aggressive = {aggressive}
    fragmentation = {way.fragmentation}
    local_addrs = {local}
    remote_addrs = {remote}
    {ports}
    encap = {encap}
    mobike = no
    proposals = {way.proposals}
    keyingtries = {way.tries}
    {timing}
    local {{ {own} }}
    remote {{ {peer} }}
    children {{ {name} {{
      mode = {mode}
      local_ts = {local_ts}
      remote_ts = {remote_ts}
      esp_proposals = aes128gcm16
      {child_timing}
      {start}
    }} }}
  }}
}}
"""
_SECRET = """
secrets {{ ike-{name} {{
  id-1 = server.{name}
  id-2 = client.{name}
  secret = "a secret of the lab"
}} }}
"""
# Renewed so often (s), by the client alone, at once and not some time before, and given up for good soon after.
_RENEWED = "{what} = 4s\n    rand_time = 0s\n    over_time = 2s"
_CHILD_RENEWED = "rekey_time = 4s\n      rand_time = 0s\n      life_time = 30s"


@dataclass(frozen=True)
class Identity:
    """The files by which one side knows itself and the other."""

    root: Path
    certificate: Path
    key: Path


@dataclass(frozen=True)
class Way:
    """How IKE is spoken: what swanctl.conf(5) calls these.

    Attributes:
        version: of IKE, 1 or 2.
        aggressive: in place of IKEv1's main mode.
        fragmentation: of IKE's own messages: "yes", "no", or "force".
        certificates: in place of a shared secret.
        tries: how often a client begins before it gives up; 0: for ever.
        renews: what is renewed within seconds: "" for nothing, "child", "ike", or "reauth", IKE from its beginning.
    """

    version: int = 2
    aggressive: bool = False
    fragmentation: str = "yes"
    certificates: bool = False
    proposals: str = "aes128-sha256-x25519"
    tries: int = 1
    renews: Literal["", "child", "ike", "reauth"] = ""


USUAL = Way()


def daemon(socket: str | Path, *, userspace: bool, more: str = "") -> str:
    """A daemon's settings: where swanctl finds it, whether it or the kernel does ESP (itself always in UDP), `more`."""
    plugins = _PLUGINS.format(userspace="kernel-libipsec " if userspace else "")
    return _DAEMON.format(plugins=plugins, socket=socket, more=more)


def name(peers: Peers) -> str:
    """What a connection and its child are called, on either side."""
    return f"ike{peers.index}"


def connection(
    side: Side,
    peers: Peers,
    *,
    port: int = IKE_PORT,
    nat_t: bool = True,
    transport: bool = False,
    way: Way = USUAL,
    identity: Identity | None = None,
) -> str:
    """One side's connection with one child, a tunnel between the inner addresses.

    Args:
        port: the server's, to which the client's first packet goes.
        nat_t: ESP goes in UDP (RFC 3948), though there is no address translation.
        transport: in place of the tunnel, what L2TP needs between the outer addresses (RFC 3193, section 4); it
            starts by itself when the client's L2TP sends.
        way: how IKE is spoken.
        identity: this side's files, where that is with certificates.
    """
    client = side == "client"
    other: Side = "server" if client else "client"
    own, peer = _proofs(side, other, name(peers), identity if way.certificates else None)
    secret = "" if way.certificates else _SECRET.format(name=name(peers))
    (local, remote), (inner_local, inner_remote) = peers.seen_from(side), peers.inner.seen_from(side)
    l2tp = f"dynamic[udp/{L2TP_PORT}]"
    return secret + _CONNECTION.format(
        name=name(peers),
        way=way,
        aggressive="yes" if way.aggressive else "no",
        own=own,
        peer=peer,
        timing=_timing(way.renews) if client else "rekey_time = 0s",
        child_timing=_CHILD_RENEWED if client and way.renews == "child" else "rekey_time = 0s",
        local=local,
        remote=remote,
        ports=f"local_port = {NAT_T_PORT}\n    remote_port = {port}" if client and port != IKE_PORT else "",
        encap="yes" if nat_t else "no",
        mode="transport" if transport else "tunnel",
        local_ts=l2tp if transport else f"{inner_local}/32",
        remote_ts=l2tp if transport else f"{inner_remote}/32",
        start="start_action = trap" if client and transport else "",
    )


def _proofs(side: Side, other: Side, name: str, identity: Identity | None) -> tuple[str, str]:
    """What stands in local and in remote."""
    if identity is None:
        return f"auth = psk\n      id = {side}.{name}", f"auth = psk\n      id = {other}.{name}"
    return f"auth = pubkey\n      certs = {identity.certificate}", f"auth = pubkey\n      cacerts = {identity.root}"


def _timing(renews: str) -> str:
    if renews in ("ike", "reauth"):
        return _RENEWED.format(what="rekey_time" if renews == "ike" else "reauth_time")
    return "rekey_time = 0s"
