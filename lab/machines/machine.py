"""A machine over ssh: commands as root, files, services of the lab, and a reboot."""

from __future__ import annotations

import json
import shlex
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lab import waiting
from lab.machines.table import Failed, Log

GUEST = Path(__file__).with_name("guest")
GUEST_DIRECTORY = "/var/tmp/wicket-lab"  # where the lab keeps its files on a machine; outlives a reboot
UNITS = "lab-"  # what every service that the lab starts there is called by
BOOT_SECONDS = 300
_POLL_SECONDS = 1.0
_SSH_FAILED = 255  # ssh(1), exit status


class Machine:
    """One machine of `vagrant ssh-config`."""

    def __init__(self, name: str, ssh_config: Path, log: Log) -> None:
        self.name = name
        self._log = log
        sockets = Path("/tmp") / f"wicket-lab-{ssh_config.resolve().stat().st_ino}"  # a socket's path has 107 bytes
        sockets.mkdir(mode=0o700, exist_ok=True)
        self._ssh = [
            *("ssh", "-F", str(ssh_config), "-o", "ControlMaster=auto", "-o", f"ControlPath={sockets}/%n"),
            *("-o", "ControlPersist=60", "-o", "ConnectTimeout=10"),
            *("-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=6"),
        ]

    def run(self, command: str, *, seconds: float = 60, text: str | None = None, check: bool = True) -> str:
        """Run a bash script as root; what it says on its standard output.

        Raises:
            Failed: it ended with another status than 0 (if `check`), or not in time, or the machine is away.
        """
        remote = f"sudo -n timeout -k 5 {seconds:.0f} bash -c {shlex.quote('set -euo pipefail; ' + command)}"
        return self._run(command, [*self._ssh, self.name, remote], seconds + 15, text, check=check)

    def put(self, file: Path, path: str) -> None:
        """Copy a file to a path there, making its directory."""
        remote = f"sudo -n bash -c {shlex.quote(f'mkdir -p $(dirname {path}) && cat >{path}')}"
        with file.open("rb") as stream:
            argv = [*self._ssh, self.name, remote]
            done = subprocess.run(argv, stdin=stream, capture_output=True, timeout=120, check=False)
        self._log.write(f"{self.name}: put {file.name} to {path}: {done.returncode}")
        if done.returncode:
            raise Failed(f"{self.name}: {path} was not written: {done.stderr.decode().strip()}")

    def answers(self) -> bool:
        """Whether a command gets through."""
        try:
            self.run("true", seconds=10)
        except Failed:
            return False
        return True

    def boot_id(self) -> str:
        """What is another one after every boot (proc_sys_kernel(5))."""
        return self.run("cat /proc/sys/kernel/random/boot_id").strip()

    def reboot(self) -> float:
        """Restart it in order and wait until all of it has started; the seconds until then.

        Raises:
            Failed: it is not back in time.
        """
        began, before = time.monotonic(), self.boot_id()
        self.run("systemd-run --quiet --on-active=1 --timer-property=AccuracySec=100ms systemctl reboot")
        self.forget()
        deadline = began + BOOT_SECONDS
        while time.monotonic() < deadline:
            try:
                if self.boot_id() != before:
                    break
            except Failed:
                self.forget()
            time.sleep(_POLL_SECONDS)
        else:
            raise Failed(f"{self.name} has not come back within {BOOT_SECONDS} s of its reboot")
        self.run("systemctl is-system-running --wait || true", seconds=BOOT_SECONDS)
        return time.monotonic() - began

    def forget(self) -> None:
        """Give up the connection that is shared: what was restarted does not know it."""
        subprocess.run([*self._ssh, "-O", "exit", self.name], capture_output=True, timeout=20, check=False)

    def _run(self, command: str, argv: list[str], seconds: float, text: str | None, *, check: bool) -> str:
        began = time.monotonic()
        words = {"input": text} if text is not None else {"stdin": subprocess.DEVNULL}
        try:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=seconds, check=False, **words)
        except subprocess.TimeoutExpired:
            self._log.write(f"{self.name}: {command}\n  no end after {seconds:.0f} s")
            raise Failed(f"{self.name}: no end after {seconds:.0f} s: {_short(command)}") from None
        took = time.monotonic() - began
        self._log.write(f"{self.name}: {command}\n  status {done.returncode}, {took:.1f} s\n{_indented(done)}")
        if done.returncode == _SSH_FAILED or (check and done.returncode):
            said = (done.stderr or done.stdout).strip()
            raise Failed(f"{self.name}: status {done.returncode} of: {_short(command)}: {said[-400:]}")
        return str(done.stdout)


@dataclass(frozen=True)
class Place:
    """Where a role lives: a machine, and there a network namespace if the role has one of its own."""

    role: str
    machine: Machine
    namespace: str | None = None

    def run(self, command: str, *, seconds: float = 60, text: str | None = None, check: bool = True) -> str:
        """Run a bash script here, as root; see `Machine.run`."""
        if self.namespace:
            command = f"{self._enter} bash -euo pipefail -c {shlex.quote(command)}"
        return self.machine.run(command, seconds=seconds, text=text, check=check)

    def succeeds(self, command: str, *, seconds: float = 60) -> bool:
        """Whether a script ends with status 0."""
        return self.run(f"({command}) >&2 && echo yes || true", seconds=seconds).strip() == "yes"

    def write(self, path: str, text: str) -> None:
        """Write a file that only root can read, making its directory."""
        self.machine.run(_writing(path, text))

    def start(
        self, unit: str, command: str, *, files: Mapping[str, str] | None = None, private_run: bool = False
    ) -> None:
        """Start a service of the lab in this place, having written its files; it may not be running already.

        With `private_run` it has a /run of its own, for daemons that keep files of one name there.
        """
        script = "".join(_writing(path, text) for path, text in (files or {}).items())
        if private_run:
            command = f"mount -t tmpfs tmpfs /run && exec {command}"
            properties = "-p PrivateMounts=yes"
        else:
            command, properties = f"exec {command}", ""
        if self.namespace:
            properties += f" -p NetworkNamespacePath=/run/netns/{self.namespace}"
        words = f"systemd-run --quiet --collect --unit={UNITS}{self.role}-{unit} {properties} -p KillMode=mixed"
        script += f"{words} -p TimeoutStopSec=10 bash -c {shlex.quote(command)}"
        self.machine.run(script)

    def stop(self, *units: str) -> None:
        """End services of the lab; one that has ended already may be named."""
        names = " ".join(f"{UNITS}{self.role}-{unit}.service" for unit in units)
        self.machine.run(
            f"systemctl stop {names} 2>/dev/null || true; systemctl reset-failed {names} 2>/dev/null || true"
        )

    def said(self, unit: str) -> str:
        """The last lines of a service's output, for an error."""
        return self.machine.run(f"journalctl -q --no-pager -o cat -n 15 -u {UNITS}{self.role}-{unit}", check=False)

    def json(self, command: str, *, seconds: float = 60, text: str | None = None) -> Any:
        """What a command prints, as JSON.

        Raises:
            Failed: it is none.
        """
        said = self.run(command, seconds=seconds, text=text)
        try:
            return json.loads(said)
        except ValueError:
            raise Failed(f"{self.machine.name}: no JSON from {_short(command)}: {said[:200]}") from None

    def outside(self) -> Place:
        """The same machine without the namespace."""
        return replace(self, namespace=None)

    @property
    def _enter(self) -> str:
        return f"nsenter --net=/run/netns/{self.namespace} --"


def wait_for(condition: Callable[[], bool], what: str, seconds: float) -> float:
    """Ask until a condition holds; the seconds that took.

    Raises:
        Failed: it does not hold in time.
    """
    began = time.monotonic()
    try:
        waiting.wait_for(condition, what, seconds, pause=_POLL_SECONDS / 4)
    except TimeoutError as fault:
        raise Failed(str(fault)) from None
    return time.monotonic() - began


def _writing(path: str, text: str) -> str:
    return f"(umask 077; mkdir -p $(dirname {path}); printf %s {shlex.quote(text)} >{path}); "


def _short(command: str) -> str:
    line = " ".join(command.split())
    return line if len(line) <= 160 else f"{line[:160]}…"


def _indented(done: subprocess.CompletedProcess[str]) -> str:
    lines = [*done.stdout.splitlines(), *(f"stderr: {line}" for line in done.stderr.splitlines())]
    return "\n".join(f"    {line}" for line in lines)
