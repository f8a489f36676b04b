"""Runs rows of the matrix side by side on one stage, under a gateway, and says what was made of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from control.commands.packets import ExplainPacket
from control.vocabulary import VPN_PROTOCOLS
from lab.gateway import free_port
from lab.guarding import EdgeGateway, guarding
from lab.matrix.frame import Frame, first_of_client
from lab.matrix.recorder import Recorder
from lab.matrix.rekeying import watch_rekey
from lab.matrix.row import NONE, Found, Kit, MatrixRow, Rekey
from lab.sessions.kinds import stop_all, which_are_up
from lab.sessions.session import Session, Site
from lab.stage.stage import Stage
from lab.stage.watch import Watch
from lab.traffic.exchange import Responder
from lab.waiting import wait_for

# An address of nobody here: without any list nobody is refused.
_SOMEBODY = "45.83.65.250"
_LET_IN_SECONDS = 150.0  # the tries of a client over TCP are twice as far apart each time
_TRIES = 2  # refused packets of a client after which it is asked whether its session is up
_REFUSED_SECONDS = 0.5  # for which it is asked
_STEADY_SECONDS = 1.0  # for which a registered session is asked, and none of its packets may be dropped

Say = Callable[[str], None]


@dataclass
class _Standing:
    """A row with its session, and what is found of it."""

    row: MatrixRow
    session: Session
    found: Found
    frames: list[Frame] = field(default_factory=list)


@dataclass(frozen=True)
class Measured:
    """What became of a row, and the frames of its handshake; none where it did not run."""

    found: Found
    frames: Sequence[Frame]


def measure(rows: Iterable[MatrixRow], bpffs: Path, say: Say, *, rekeys: bool) -> list[Measured]:
    """Measure rows on a stage of their own, in their order; `rekeys`: wait for those too, for minutes."""
    chosen = [(row, row.lacks()) for row in rows]
    lacking = {row.name: Measured(Found(row.name, row.protocol, skipped=lack), ()) for row, lack in chosen if lack}
    with Stage() as stage, guarding(stage, bpffs, free_port()) as gateway:
        standing = _stand(stage, [row for row, lack in chosen if not lack])
        if standing:
            _measure(stage, gateway, standing, say, rekeys=rekeys)
        ran = {each.row.name: Measured(each.found, each.frames) for each in standing}
    return [ran.get(row.name) or lacking[row.name] for row, _ in chosen]


def _stand(stage: Stage, rows: Sequence[MatrixRow]) -> list[_Standing]:
    responder, kit = Responder(), Kit(stage)
    stage.on_close(responder)
    return [
        _Standing(
            row,
            row.make(Site(stage, responder, stage.take_peers(row.version), registered=False), kit),
            Found(row.name, row.protocol),
        )
        for row in rows
    ]


def _measure(stage: Stage, gateway: EdgeGateway, rows: Sequence[_Standing], say: Say, *, rekeys: bool) -> None:
    vpn = [each for each in rows if not each.row.negative]
    gateway.push([_SOMEBODY])
    say(f"starting {len(rows)} sessions, nothing enforced")
    _open(stage, gateway, rows)
    if rekeys and (renewing := [each for each in rows if each.row.rekey and each.found.up]):
        say(f"enforcing: waiting for the rekeys of {len(renewing)} established sessions")
        gateway.set_policy("enforce", VPN_PROTOCOLS)
        _watch_rekeys(renewing)
    stop_all([each.session for each in rows])
    gateway.set_policy("enforce", VPN_PROTOCOLS)
    # From a moment without traffic: the watch does not begin on both sides of the edge at once.
    with Watch(stage) as watch:
        say("everything enforced: starting them again")
        _refuse(watch, rows)
        if vpn:
            say(f"registering {len(vpn)} servers")
            _register(watch, gateway, vpn)
        if rekeys and (ending := [each for each in vpn if each.row.rekey is Rekey.ENDS]):
            say(f"waiting for the rekeys of {len(ending)} registered sessions, which go on")
            _watch_registered_rekeys(ending)
    stop_all([each.session for each in rows])


def _start(rows: Sequence[_Standing]) -> None:
    """Start them side by side; one that cannot start is wrong, and no hindrance to the others."""

    def start(each: _Standing) -> None:
        try:
            each.session.start()
        except (RuntimeError, AssertionError, OSError) as fault:
            each.found.trouble = str(fault)

    with ThreadPoolExecutor(len(rows)) as starters:
        list(starters.map(start, rows))


def _open(stage: Stage, gateway: EdgeGateway, rows: Sequence[_Standing]) -> None:
    """Start all in monitor, and have the program itself say of their packets what they are."""
    with Recorder(stage) as recorder:
        sessions = [each.session for each in rows]
        _start(rows)
        up = which_are_up(sessions)
    frames = recorder.of(session.peers for session in sessions)
    for each in rows:
        each.found.up = up[each.session.name]
        each.frames = frames[each.session.peers]
        _ask(gateway, each)


def _ask(gateway: EdgeGateway, each: _Standing) -> None:
    """The client's first packet says what a VPN is; of what is to pass no packet may be anything."""
    first = first_of_client(each.frames)
    if not first:
        each.found.known_as = "nothing was sent"
        return
    asked = [frame.content for frame in each.frames] if each.row.negative else []
    answers = [gateway.socket.ask(ExplainPacket(packet=frame.hex())).answer for frame in (first, *asked)]
    each.found.first, each.found.opens = answers[0]["payload_length"], answers[0]["handshake"]
    each.found.known_as = next((said["protocol"] for said in answers if said["protocol"] != NONE), NONE)


def _watch_rekeys(rows: Sequence[_Standing]) -> None:
    with ThreadPoolExecutor(len(rows)) as watchers:
        for each, seen in zip(rows, watchers.map(lambda each: watch_rekey(each.row, each.session), rows), strict=True):
            each.found.rekey, each.found.rekey_right = seen


def _watch_registered_rekeys(rows: Sequence[_Standing]) -> None:
    """What ends while it is not registered goes on when it is, or it was not the gateway that ended it."""
    with ThreadPoolExecutor(len(rows)) as watchers:
        seen = watchers.map(
            lambda each: watch_rekey(replace(each.row, rekey=Rekey.GOES_ON, rekeys=1), each.session), rows
        )
        for each, (found, right) in zip(rows, seen, strict=True):
            each.found.registered_rekey = found
            each.found.rekey_right &= right


def _refuse(watch: Watch, rows: Sequence[_Standing]) -> None:
    """Start all anew: a VPN is refused at every try, and all else comes up as if there were no gateway."""
    _start(rows)
    negative = [each.session for each in rows if each.row.negative]
    vpn = [each for each in rows if not each.row.negative]
    refused = [each.session for each in vpn]
    up = which_are_up(negative)
    # What has no daemon sends nothing until it is asked.
    up |= which_are_up(refused, _REFUSED_SECONDS)
    if vpn:
        with ThreadPoolExecutor(len(vpn)) as waiters:
            list(waiters.map(lambda each: _wait_until_tried(watch, each), vpn))
    up |= which_are_up([session for session in refused if not up[session.name]], _REFUSED_SECONDS)
    watch.settle(session.server_address for session in negative)
    for each in rows:
        each.found.enforced_up = up[each.session.name]
        each.found.refused = watch.crossing(each.session.server_address).dropped


def _wait_until_tried(watch: Watch, each: _Standing) -> None:
    """Wait until a client has been refused so often, or is up; who does neither is in trouble."""
    session = each.session
    try:
        wait_for(
            lambda: watch.crossing(session.server_address).dropped >= _TRIES or session.is_up(_REFUSED_SECONDS),
            f"{session.name} is refused",
        )
    except TimeoutError as fault:
        each.found.trouble = each.found.trouble or str(fault)


def _register(watch: Watch, gateway: EdgeGateway, rows: Sequence[_Standing]) -> None:
    """Register the servers while their clients try: each comes up at its next try, and loses nothing from then on."""
    began = time.monotonic()
    gateway.push([each.session.server_address for each in rows])

    def seconds(each: _Standing) -> float | None:
        return time.monotonic() - began if each.session.is_up(_LET_IN_SECONDS) else None

    with ThreadPoolExecutor(len(rows)) as askers:
        for each, took in zip(rows, askers.map(seconds, rows), strict=True):
            each.found.registered_s = took
    servers = [each.session.server_address for each in rows]
    watch.settle(servers)
    before = {server: watch.crossing(server).dropped for server in servers}
    deadline = time.monotonic() + _STEADY_SECONDS
    while time.monotonic() < deadline:
        which_are_up([each.session for each in rows], _STEADY_SECONDS)
    watch.settle(servers)
    for each in rows:
        server = each.session.server_address
        each.found.lost = watch.crossing(server).dropped - before[server]
