"""All the sessions of the lab: of each kind a registered and an unregistered one."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.lab.authority import Authority
from tests.lab.exchange import Responder
from tests.lab.handmade import RAW_KINDS, L2tpSession, PptpSession, RawSession
from tests.lab.openvpn import MODES, OpenVpnKeys, OpenVpnSession
from tests.lab.session import Session
from tests.lab.stage import Stage
from tests.lab.strongswan import IkePair, IkeSession
from tests.lab.wireguard import WireGuardSession

# Transport, outer IP version and modes of the OpenVPN sessions.
_OPENVPN = (("udp", 4, MODES), ("udp", 6, ("tls-crypt",)), ("tcp", 4, ("plain", "tls-auth", "tls-crypt-v2")))
# Outer IP version and the server's first port of the IKE sessions.
_IKE = ((4, 500), (4, 4500), (6, 500))


def all_sessions(stage: Stage) -> list[Session]:
    """Sessions of every kind, none of them started; a stage has room for one such set.

    A registered and an unregistered session of one kind stand next to each other.
    """
    responder = Responder()
    stage.on_close(responder)
    keys = OpenVpnKeys(Authority(stage.directory), stage.directory)
    pair = IkePair(stage)
    both = (True, False)
    return [
        *(
            WireGuardSession(stage, responder, stage.take_ends(version), registered=registered)
            for version in (4, 6)
            for registered in both
        ),
        *(
            OpenVpnSession(
                stage,
                responder,
                stage.take_ends(version),
                keys,
                mode=mode,
                transport=transport,
                registered=registered,
            )
            for transport, version, modes in _OPENVPN
            for mode in modes
            for registered in both
        ),
        *(
            IkeSession(stage, responder, stage.take_ends(version), pair, port=port, registered=registered)
            for version, port in _IKE
            for registered in both
        ),
        *(
            RawSession(stage, responder, stage.take_ends(), kind, registered=registered)
            for kind in RAW_KINDS
            for registered in both
        ),
        *(
            kind(stage, responder, stage.take_ends(), registered=registered)
            for kind in (L2tpSession, PptpSession)
            for registered in both
        ),
    ]


def start_all(sessions: Sequence[Session]) -> None:
    """Start sessions side by side."""
    with ThreadPoolExecutor(len(sessions)) as starters:
        list(starters.map(lambda session: session.start(), sessions))


def stop_all(sessions: Sequence[Session]) -> None:
    """Stop sessions side by side."""
    with ThreadPoolExecutor(len(sessions)) as stoppers:
        list(stoppers.map(lambda session: session.stop(), sessions))


def which_are_up(sessions: Sequence[Session], seconds: float = 8.0) -> dict[str, bool]:
    """By name, which sessions come up within so many seconds; asked side by side."""
    with ThreadPoolExecutor(len(sessions)) as askers:
        answers = askers.map(lambda session: session.is_up(seconds), sessions)
        return dict(zip((session.name for session in sessions), answers, strict=True))
