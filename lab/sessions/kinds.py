"""All the sessions of the lab: of each kind a registered and an unregistered one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from lab.sessions.ike import IkePair, IkeSession
from lab.sessions.l2tp import L2tpSession
from lab.sessions.openvpn import OpenVpnKeys, OpenVpnSession
from lab.sessions.pptp import PptpSession
from lab.sessions.raw import RAW_KINDS, RawSession
from lab.sessions.session import UP_SECONDS, Session, Site
from lab.sessions.wireguard import WireGuardSession
from lab.stage.stage import Stage
from lab.traffic.exchange import Responder
from lab.vpn.authority import Authority
from lab.vpn.openvpn import MODES, Transport

# Transport, outer IP version and modes of the OpenVPN sessions.
_OPENVPN: tuple[tuple[Transport, int, tuple[str, ...]], ...] = (
    ("udp", 4, MODES),
    ("udp", 6, ("tls-crypt",)),
    ("tcp", 4, ("plain", "tls-auth", "tls-crypt-v2")),
)
# Outer IP version and the server's first port of the IKE sessions.
_IKE = ((4, 500), (4, 4500), (6, 500))


def all_sessions(stage: Stage) -> list[Session]:
    """Sessions of every kind, none of them started; a stage has room for one such set.

    The registered and the unregistered session of a kind stand next to each other.
    """
    responder = Responder()
    stage.on_close(responder)
    return [
        make(Site(stage, responder, stage.take_peers(version), registered))
        for version, make in _kinds(stage)
        for registered in (True, False)
    ]


def _kinds(stage: Stage) -> Iterator[tuple[int, Callable[[Site], Session]]]:
    """Outer IP version and maker of each kind."""
    keys = OpenVpnKeys(Authority(stage.directory), stage.directory)
    pair = IkePair(stage)
    yield from ((version, WireGuardSession) for version in (4, 6))
    for transport, version, modes in _OPENVPN:
        for mode in modes:
            yield version, partial(OpenVpnSession, keys=keys, mode=mode, transport=transport)
    yield from ((version, partial(IkeSession, pair=pair, port=port)) for version, port in _IKE)
    yield from ((4, partial(RawSession, kind=kind)) for kind in RAW_KINDS)
    yield from ((4, kind) for kind in (L2tpSession, PptpSession))


def start_all(sessions: Sequence[Session]) -> None:
    """Start sessions side by side."""
    with ThreadPoolExecutor(len(sessions)) as starters:
        list(starters.map(lambda session: session.start(), sessions))


def stop_all(sessions: Sequence[Session]) -> None:
    """Stop sessions side by side."""
    with ThreadPoolExecutor(len(sessions)) as stoppers:
        list(stoppers.map(lambda session: session.stop(), sessions))


def which_are_up(sessions: Sequence[Session], seconds: float = UP_SECONDS) -> dict[str, bool]:
    """By name, which sessions come up within so many seconds; asked side by side."""
    with ThreadPoolExecutor(max(1, len(sessions))) as askers:
        answers = askers.map(lambda session: session.is_up(seconds), sessions)
        return dict(zip((session.name for session in sessions), answers, strict=True))
