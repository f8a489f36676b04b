"""A web server at the port of an OpenVPN server (--port-share): who is no OpenVPN client is led to it, and passes."""

from __future__ import annotations

import http.client
import socket
import socketserver
import ssl
import subprocess

from lab.sessions.openvpn import OpenVpnKeys
from lab.sessions.session import Site
from lab.sessions.shaken import ShakenSession
from lab.traffic.streams import StreamServer, connect
from lab.vpn import openvpn
from lab.vpn.authority import Authority
from lab.waiting import wait_until_ready

PORT = 443
_WEB = 44_300  # the first port of the web servers behind
_VISIT_SECONDS = 2.0
_PAGE = b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nlab\n"


class SharedPortSession(ShakenSession):
    """HTTPS to such a port; "up" when a page comes. No OpenVPN client is there, though its server is."""

    protocol = "none"
    daemons: tuple[subprocess.Popen[bytes], ...] = ()

    def __init__(self, site: Site, *, keys: OpenVpnKeys, authority: Authority) -> None:
        super().__init__(site, f"https at an openvpn port v{site.peers.version}")
        self._keys = keys
        self._web = _WEB + site.peers.index
        self._trust = ssl.create_default_context(cafile=str(authority.root.certificate))
        name = f"shared-{site.peers.index}"
        own = authority.issue(name, usage="serverAuth", alternative=f"IP:{site.peers.server}")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own.certificate, own.key)
        listener = self.stage.internet.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.bind(("127.0.0.1", self._web))
        secure = context.wrap_socket(listener, server_side=True, do_handshake_on_connect=False)
        self.stage.on_close(StreamServer(secure, _Page))

    def start(self) -> None:
        identity = self._keys.identity("server")
        told = openvpn.command("server", self.peers, identity, transport="tcp", port=PORT)
        log = f"{self.log}-server"
        shares = ("--port-share", "127.0.0.1", str(self._web))
        server = self.stage.spawn(self.stage.internet, *told, *shares, log=log)
        said = self.stage.log_path(log)
        wait_until_ready([server], lambda: openvpn.LISTENING in said.read_text(), f"{self.name}: the server listens")
        self.daemons = (server,)

    def shaken(self) -> bool:
        plain = self.stage.subscriber.socket(self.peers.family, socket.SOCK_STREAM)
        try:
            plain.bind((self.peers.client, 0))
            connect(plain, (self.peers.server, PORT), _VISIT_SECONDS)
            with self._trust.wrap_socket(plain, server_hostname=self.peers.server) as secure:
                secure.sendall(b"GET / HTTP/1.0\r\n\r\n")
                response = http.client.HTTPResponse(secure)
                response.begin()
                return response.read() == b"lab\n"
        except (OSError, http.client.HTTPException):
            plain.close()
            return False


class _Page(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(65535)
        self.request.sendall(_PAGE)
