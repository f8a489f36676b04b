"""The edge restarts while unregistered handshakes come in all the time: not one may slip through."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from lab.machines.gateway import CONFIGURATION, SERVICE
from lab.machines.lab import Lab
from lab.machines.machine import wait_for
from lab.machines.sessions.kinds import site
from lab.machines.sessions.wireguard import WireGuard
from lab.machines.table import Failed
from lab.machines.traffic import Flow, asking, initiating, serving, watching
from lab.network import Peers

_REGISTERED, _UNREGISTERED, _ORDINARY = 32, 33, 34  # indices of the pairs
_BACK_SECONDS = 120.0
_AFTER_SECONDS = 15.0  # that it is watched for once everything is back
_QUESTIONS = 9000  # the port of the ordinary ones
_NETWORK_UNITS = ("systemd-networkd.service", "networking.service")


def reboot(lab: Lab) -> None:
    """Enforce is on and the interfaces stand in the configuration; then `systemctl reboot`."""
    session = WireGuard(site(lab, _REGISTERED, 4))
    lab.gateway.guard(list_=[session.site.peers.server])
    with _configured(lab), ExitStack() as running:
        running.callback(lab.gateway.release)
        running.callback(session.stop)
        session.start()
        inner, plain = session.site.peers.inner, lab.topology.peers(_ORDINARY, 4)
        strangers = lab.topology.peers(_UNREGISTERED, 4)
        running.enter_context(serving(lab.internet, inner.server))
        running.enter_context(serving(lab.internet, plain.server, _QUESTIONS))
        sent = running.enter_context(initiating(lab.subscriber, strangers))
        _arrive_under_monitor(lab, strangers)
        lab.gateway.policy("enforce")
        if not session.is_up(20):
            raise Failed("the registered session did not come up before the reboot")
        arrived = running.enter_context(watching(lab.internet, strangers))
        asked = running.enter_context(asking(lab.subscriber, inner))
        ordinary = running.enter_context(asking(lab.subscriber, plain, _QUESTIONS))
        _through(lab, sent, arrived, {"the registered session": asked, "ordinary traffic": ordinary})


def _arrive_under_monitor(lab: Lab, strangers: Peers) -> None:
    """Else it would say nothing that none arrives later."""
    name = "unregistered initiations under monitor"
    with lab.table.row("reboot", name, "they arrive") as row, watching(lab.internet, strangers) as watch:
        wait_for(lambda: watch.report()["arrived"] > 0, "an initiation arrives", _AFTER_SECONDS)
        row.see(f"{watch.end()['arrived']} arrived", True)


def _through(lab: Lab, sent: Flow, arrived: Flow, flows: dict[str, Flow]) -> None:
    """The reboot itself, and what is to be seen of it."""
    before = sent.report()["sent"]
    with lab.table.row("reboot", "systemctl reboot", "back, the agent answers") as row:
        took = lab.edge.machine.reboot()
        row.see(f"{took:.0f} s, the agent answers {lab.gateway.wait_until_up():.0f} s later", True)
    for name, flow in flows.items():
        with lab.table.row("reboot", f"{name} after the boot", "answered again") as row:
            wait_for(lambda flow=flow: _is_answered(flow), f"{name} is answered", _BACK_SECONDS)  # type: ignore[misc]
            said = flow.report()
            row.see(f"yes; {said['longest_gap_s']} s without an answer", True)
    time.sleep(_AFTER_SECONDS)
    with lab.table.row("reboot", "unregistered initiations from then to now", "many sent, 0 arrived") as row:
        count, seen = sent.report()["sent"] - before, arrived.report()["arrived"]
        row.see(f"{count} sent, {seen} arrived", seen == 0 and count > 100)
    with lab.table.row("reboot", "after the boot", "both guarded in native mode, enforce") as row:
        row.see(*lab.gateway.stands("enforce"))
    _order(lab)


def _order(lab: Lab) -> None:
    with lab.table.row("reboot", "order at boot", "wicketd is ready before the network is started") as row:
        ready = _monotonic(lab, SERVICE, "ActiveEnterTimestampMonotonic")
        network = {unit: _monotonic(lab, unit, "InactiveExitTimestampMonotonic") for unit in _NETWORK_UNITS}
        started = {unit: at for unit, at in network.items() if at}
        seen = ", ".join(f"{unit} from {at:.1f} s" for unit, at in started.items())
        row.see(f"{SERVICE} ready at {ready:.1f} s, {seen}", 0 < ready < min(started.values(), default=0.0))


def _monotonic(lab: Lab, unit: str, what: str) -> float:
    """A moment of a unit in seconds since the boot; 0 where it never came."""
    return int(lab.edge.run(f"systemctl show --value -p {what} {unit}").strip() or 0) / 1e6


def _is_answered(flow: Flow) -> bool:
    said: Any = flow.report()
    return bool(time.time() - said["last_answer"] < 5)


@contextmanager
def _configured(lab: Lab) -> Iterator[None]:
    """The configuration with both interfaces in it; as it was before, at the end."""
    before = lab.edge.run(f"cat {CONFIGURATION}")
    tables = "".join(f'\n[[interfaces]]\nname = "{name}"\nmode = "native"\n' for name in lab.gateway.interfaces)
    try:
        lab.edge.run(f"cat >{CONFIGURATION}", text=before + tables)
        yield
    finally:
        lab.edge.run(f"cat >{CONFIGURATION}", text=before)
