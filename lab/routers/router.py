"""FRR in a namespace: the daemons of its Debian package in the foreground, with files of their own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.command import run
from lab.stage.namespace import Namespace
from lab.stage.stage import Stage
from lab.waiting import wait_until_ready

_DAEMONS = Path("/usr/lib/frr")
_CENTRES = ("mgmtd", "zebra")  # in this order, before the others; FRR has had an mgmtd since version 9
_READY = "ready"
# What a machine's own FRR is told, and remembers, is no concern of the lab's. The daemons give root up for a user of
# their own, who must be able to write here.
_HOLD = f"""\
for theirs in /etc/frr /var/lib/frr; do
	[ ! -d $theirs ] || mount -t tmpfs -o mode=0755,uid=frr,gid=frr tmpfs $theirs || exit 1
done
install -d -o frr -g frr /run/frr && touch /run/frr/{_READY} && exec sleep infinity
"""


class Router:
    """One router: a zebra and the daemons that are configured."""

    def __init__(self, stage: Stage, namespace: Namespace, name: str) -> None:
        self._stage, self._name = stage, name
        self._holder = stage.spawn_private(namespace, "sh", "-c", _HOLD, log=f"{name}-run")
        self._enter = ("nsenter", "--target", str(self._holder.pid), "--mount", "--net", "--")
        wait_until_ready([self._holder], self._seen("run", _READY).exists, f"{name} has a /run of its own")

    def start(self, configurations: Mapping[str, str]) -> None:
        """Start daemons, each with its configuration, and what they stand on; return when all of them take commands."""
        centres = [name for name in _CENTRES if (_DAEMONS / name).exists()]
        for name in (*centres, *configurations):
            self._seen("etc", f"{name}.conf").write_text(configurations.get(name, ""))
            daemon = self._daemon(name)
            takes_commands = self._seen("run", f"{name}.vty").exists
            wait_until_ready([daemon], takes_commands, f"{name} of {self._name} takes commands")

    def show(self, *words: str) -> Any:
        """What `show WORDS json` says."""
        return json.loads(self.tell(f"show {' '.join(words)} json"))

    def tell(self, *commands: str) -> str:
        """Give the daemons commands, one after the other; what they say."""
        return run(*self._enter, "vtysh", *(word for command in commands for word in ("-c", command)))

    def _seen(self, directory: str, name: str) -> Path:
        """A file of FRR's below /etc or /run, as the daemons have it, seen from outside."""
        return Path("/proc", str(self._holder.pid), "root", directory, "frr", name)

    def _daemon(self, name: str) -> subprocess.Popen[bytes]:
        told = ("--log", "stdout", "-A", "127.0.0.1", "-P", "0")
        return self._stage.spawn_outside(*self._enter, str(_DAEMONS / name), *told, log=f"{self._name}-{name}")
