"""What OpenVPN's peers are told (openvpn(8)), over UDP and TCP, in every mode of the control channel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lab.command import run
from lab.network import Peers, Side

Transport = Literal["udp", "tcp"]
MODES = ("plain", "tls-auth", "tls-crypt", "tls-crypt-v2")
COOKIES = ("allow-noncookie", "force-cookie")
"""Whether a tls-crypt-v2 server takes clients that know nothing of its cookie."""
LISTENING = "Initialization Sequence Completed"
"""What a server says when a client may come: one that came first would wait two seconds for its second try."""
PORT = 1194
"""The usual one, registered with IANA."""
DIGESTS = ("MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512")
"""What tls-auth may be made with: an HMAC of 16 to 64 bytes."""
AGREED = "Control Channel: TLS"
"""What either side says when a TLS handshake is over: the first, and each that renews the keys."""
_COMMON = ("openvpn", "--verb", "3", "--dev-type", "tun", "--topology", "subnet")
# A refused client starts anew after this, so that a policy that opens is seen within seconds.
_HANDSHAKE_SECONDS = "6"


@dataclass(frozen=True)
class Identity:
    """The files by which one side knows itself and the other, as they are called where its daemon runs."""

    root: str
    certificate: str
    key: str


def device(peers: Peers) -> str:
    """The name of the tunnel's device, on either side."""
    return f"ovpn{peers.index}"


def command(
    side: Side, peers: Peers, identity: Identity, *, transport: Transport = "udp", port: int = PORT
) -> tuple[str, ...]:
    """The words that start one side's daemon, its control channel plain TLS; `port` is the server's."""
    protocol = f"{transport}{peers.version}" + (f"-{side}" if transport == "tcp" else "")
    common = (
        *(*_COMMON, "--ca", identity.root, "--cert", identity.certificate, "--key", identity.key),
        *("--dev", device(peers), "--proto", protocol),
    )
    if side == "server":
        network = f"{peers.inner.server.rpartition('.')[0]}.0"
        listen = ("--local", peers.server, "--port", str(port), "--dh", "none")
        return (*common, *listen, "--server", network, "255.255.255.0", "--keepalive", "5", "60")
    connect = ("--client", "--nobind", "--remote", peers.server, str(port), "--remote-cert-tls", "server")
    patience = ("--hand-window", _HANDSHAKE_SECONDS, "--connect-timeout", _HANDSHAKE_SECONDS)
    return (*common, *connect, *patience, "--connect-retry", "1", "1")


class ControlKeys:
    """The keys that protect the control channel in the modes that have any."""

    def __init__(self, directory: Path) -> None:
        self._shared = directory / "openvpn.key"
        self._v2_server = directory / "openvpn-v2-server.key"
        self._v2_client = directory / "openvpn-v2-client.key"
        run("openvpn", "--genkey", "secret", str(self._shared))
        run("openvpn", "--genkey", "tls-crypt-v2-server", str(self._v2_server))
        v2_server = ("--tls-crypt-v2", str(self._v2_server))
        run("openvpn", *v2_server, "--genkey", "tls-crypt-v2-client", str(self._v2_client))

    def words(self, side: Side, mode: str) -> tuple[str, ...]:
        """What to add to one side's command for one of MODES.

        tls-auth may name one of DIGESTS ("tls-auth SHA256"; OpenVPN's own is SHA1), tls-crypt-v2 one of COOKIES.
        """
        server = side == "server"
        name, _, detail = mode.partition(" ")
        if name == "tls-auth":
            digest = ("--auth", detail) if detail else ()
            return ("--tls-auth", str(self._shared), "0" if server else "1", *digest)
        if name == "tls-crypt":
            return ("--tls-crypt", str(self._shared))
        if name == "tls-crypt-v2":
            cookie = (detail,) if detail and server else ()
            return ("--tls-crypt-v2", str(self._v2_server if server else self._v2_client), *cookie)
        return ()
