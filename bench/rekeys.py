"""Recordings of real OpenVPN sessions that renegotiate their keys, for bench/established.py.

usage: python -m bench.rekeys FILE [SECONDS]
"""

import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread

import click

from lab.network import Side
from lab.sessions.openvpn import OpenVpnKeys, OpenVpnSession
from lab.sessions.session import Site
from lab.stage.stage import Stage
from lab.traffic.exchange import Responder
from lab.vpn.authority import Authority
from lab.vpn.openvpn import Transport

MODES = (
    ("plain", ()),
    ("tls-auth", ("--auth", "SHA1")),
    ("tls-auth", ("--auth", "SHA256")),
    ("tls-auth", ("--auth", "SHA512")),
    ("tls-crypt", ()),
    ("tls-crypt-v2", ()),
)
TRANSPORTS: tuple[Transport, ...] = ("udp", "tcp")
EVERY = "5"  # seconds from a key to the next
ETH_P_ALL = 3  # <linux/if_ether.h>
LONGEST = 65535


class _Rekeying(OpenVpnSession):
    """A session with a new key every few seconds."""

    words: tuple[str, ...] = ()

    def _command(self, side: Side) -> tuple[str, ...]:
        return (*super()._command(side), "--reneg-sec", EVERY, *self.words)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("seconds", type=int, default=18)
def main(file: Path, seconds: int) -> None:
    """Write FILE, a capture of sessions of the installed openvpn in every mode, over UDP and TCP."""
    with Stage() as stage:
        responder = Responder()
        stage.on_close(responder)
        keys = OpenVpnKeys(Authority(stage.directory), stage.directory)
        sessions = []
        for transport in TRANSPORTS:
            for mode, words in MODES:
                site = Site(stage, responder, stage.take_peers(), registered=True)
                session = _Rekeying(site, keys=keys, mode=mode, transport=transport)
                session.words, session.name = words, f"{session.name} {' '.join(words)}"
                sessions.append(session)
        with recorded(stage, file):
            with ThreadPoolExecutor(len(sessions)) as starters:
                list(starters.map(lambda session: session.start(), sessions))
            up = [session.name for session in sessions if session.is_up()]
            time.sleep(seconds)
        click.echo(f"{file}: {len(up)} of {len(sessions)} sessions were up")
        for session in sessions:
            session.stop()


@contextmanager
def recorded(stage: Stage, file: Path) -> Iterator[None]:
    """Write what crosses the subscriber's side of the edge to a pcap file while the context is held."""
    with closing(stage.edge.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))) as tap:
        tap.bind((stage.edge_interfaces[0], 0))
        tap.settimeout(0.2)
        over = Event()
        writer = Thread(target=_write, args=(tap, file, over))
        writer.start()
        try:
            yield
        finally:
            over.set()
            writer.join()


def _write(tap: socket.socket, file: Path, over: Event) -> None:
    with file.open("wb") as out:
        out.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, LONGEST, 1))
        while not over.is_set():
            try:
                frame = tap.recv(LONGEST)
            except TimeoutError:
                continue
            seconds, micros = divmod(time.time_ns() // 1000, 1_000_000)
            out.write(struct.pack("<IIII", seconds, micros, len(frame), len(frame)) + frame)


if __name__ == "__main__":
    main()
