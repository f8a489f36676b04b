"""`make run`: the gateway at work in the lab, or on an interface of this machine.

usage: python -m lab.run [--once] [--interface NAME] [--port PORT]
"""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from control.datapath import datapath
from control.fault import Refused
from lab.gateway import WICKET, Gateway, running
from lab.guarding import guarding
from lab.stage.stage import Stage
from lab.table import Outcome, measure

BPFFS = Path("/sys/fs/bpf/wicketgate")
_PORT = 8080
_ENDING = (signal.SIGINT, signal.SIGTERM)
_out, _err = Console(width=None if sys.stdout.isatty() else 110), Console(stderr=True)


@click.command()
@click.option("--once", is_flag=True, help="End after the table.")
@click.option("--interface", help="Guard this interface of the machine, in monitor, instead of the lab's.")
@click.option("--port", default=_PORT, show_default=True, help="Of the API, on 127.0.0.1.")
def main(once: bool, interface: str | None, port: int) -> None:
    """Show Wicketgate at work; Ctrl-C ends it and removes everything that was made."""
    for number in _ENDING:
        signal.signal(number, _end)
    if not _is_free(port):
        _err.print(f"port {port} on 127.0.0.1 is taken; free it, or give another: make run PORT=18080")
        sys.exit(1)
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(_guard(interface, port) if interface else _show(once, port))
    _err.print("\nended; everything is removed")


def _end(number: int, _frame: object) -> None:
    """End in order, once: a second Ctrl-C must not cut the removal short."""
    for ending in _ENDING:
        signal.signal(ending, signal.SIG_IGN)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)


def _prune() -> None:
    """Take out of the kernel what runs that were killed have left there; see lab.gateway.configure."""
    for directory in BPFFS.glob("test-*-*"):
        if not Path("/proc", directory.name.split("-")[1]).exists():
            with contextlib.suppress(Refused):  # its agent is still about to end
                datapath.remove(directory)


def _show(once: bool, port: int) -> int:
    with Stage() as stage:  # which ends the agents of stages that were killed
        _prune()
        _say("building the lab: subscriber, edge, internet")
        with guarding(stage, BPFFS, port) as gateway:
            outcome = measure(stage, gateway, _say)
            _print(outcome)
            if not once:
                _stay(gateway, f"nsenter --net={stage.edge.path} ")
            return 0 if outcome.as_it_must_be else 1


def _print(outcome: Outcome) -> None:
    table = Table("session", "protocol", "registered?", "policy", "tunnel up?", box=None, pad_edge=False)
    for column in ("passed", "dropped", ""):
        table.add_column(column, justify="right")
    for row in outcome.rows:
        marks = [_yes(row.registered), row.policy, _yes(row.up), str(row.passed), str(row.dropped)]
        table.add_row(row.session, row.protocol, *marks, "ok" if row.as_it_must_be else "WRONG")
    _out.print(table)
    sent, lost = sum(t.sent for t in outcome.ordinary), sum(t.lost for t in outcome.ordinary)
    _out.print(f"\nordinary traffic: {len(outcome.ordinary)} kinds, {sent} questions, {lost} lost")
    wrong = sum(not row.as_it_must_be for row in outcome.rows)
    _out.print(f"{len(outcome.rows)} rows, {wrong} not as they must be")


def _guard(interface: str, port: int) -> int:
    """Guard an interface of the machine until Ctrl-C: nothing is dropped, since every policy is monitor."""
    _prune()
    with tempfile.TemporaryDirectory(prefix="wicket-run-") as scratch:
        wicket = [WICKET, "--config", f"{scratch}/wicket.toml"]
        try:
            with running(Path(scratch), BPFFS, port) as gateway:
                done = subprocess.run([*wicket, "attach", interface], check=False)
                if done.returncode == 0:
                    _stay(gateway, "")
                return done.returncode
        finally:
            subprocess.run([*wicket, "detach"], check=False, stdout=sys.stderr)


def _stay(gateway: Gateway, enter: str) -> None:
    _out.print(f"\nThe API listens on http://127.0.0.1:{gateway.port}; its token: {gateway.token_file}")
    _out.print(f"The command line: {enter}{WICKET} --config {gateway.config} status")
    _out.print("Ctrl-C ends it and removes everything.")
    signal.pause()


def _is_free(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False


def _say(what: str) -> None:
    _err.print(f"• {what}", highlight=False)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


if __name__ == "__main__":
    main()
