"""One side of a benchmark, from whatever commit's tree it is started in: by that commit's own code, as it is told.

usage: python -P bench/sides/driver.py, with the tree as working directory and as PYTHONPATH

A line of JSON comes in, ``{"do": NAME, …}``, and one goes out, ``{"result": …}`` or ``{"error": …}``; the end of the
input ends it, and all that it has made goes with it. Only Python and the tree are imported: what lies beside this file
is of another commit. So is what ``PLACES`` names, wherever the tree has it.
"""

import contextlib
import importlib
import json
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

PLACES = {
    "AGENT": ("lab.gateway", "tests.gateway"),
    "AgentSocket": ("control.commands.client", "control.wire"),
    "Controls": ("control.datapath.controls",),
    "Loaded": ("bench.kernel_lists",),
    "Pinned": ("control.datapath.program.pins", "control.datapath.pins"),
    "Policy": ("control.datapath.controls",),
    "ReadStatus": ("control.commands.status",),
    "VPN_PROTOCOLS": ("control.vocabulary",),
    "configuration": ("control.config",),
    "random_list": ("bench.kernel_lists",),
    "running": ("lab.gateway", "tests.gateway"),
    "temporary": ("control.datapath.program.pins", "control.datapath.pins"),
}
"""Where a name is, the newest place first."""

LEASE = 3600.0  # s: longer than any benchmark
PATIENCE = 120.0  # s for an agent's start
BYTES_OF_A_LINE = 16  # at most, of an IPv4 address in a list
LOOK = 0.005  # s between two questions whether it has started


def of_tree(name: str) -> Any:
    """Return what this commit has under a name.

    Raises:
        LookupError: it has no such thing.
    """
    for place in PLACES[name]:
        with contextlib.suppress(ModuleNotFoundError):
            module = importlib.import_module(place)
            return module if name == "configuration" else getattr(module, name)
    raise LookupError(f"this commit has no {name}")


class Programs:
    """The kernel program of this commit, with lists of our choice, without an agent."""

    def __init__(self) -> None:
        self._opened = contextlib.ExitStack()
        self._loaded: Any = None
        self._controls: Any = None
        self._lists: dict[str, Any] = {}
        self._staged = 0.0

    def load(self, bpffs: str) -> dict[str, str]:
        """Load the program with an empty list, pinned on this bpffs; return where the program is pinned."""
        pinned = self._opened.enter_context(of_tree("temporary")(Path(bpffs)))
        self._loaded = self._opened.enter_context(of_tree("Loaded")(pinned))
        self._controls = of_tree("Controls")(pinned)
        stage = self._loaded.lists.stage

        def timed(*given: Any) -> Any:
            began = time.perf_counter()
            generation = stage(*given)
            self._staged = time.perf_counter() - began
            return generation

        self._loaded.lists.stage = timed
        return {"pin": str(pinned.directory / "program")}

    def unload(self) -> None:
        """Let go of the program and its lists."""
        self._opened.close()
        self._loaded = self._controls = None
        self._lists.clear()

    def hold(self, size: int, seed: int, named: list[str], keep: bool = False) -> dict[str, float]:
        """Make a list of random addresses and named prefixes the live one; return how long building and filling took.

        With ``keep`` the list itself is kept for the next time.
        """
        spelled = json.dumps([size, seed, named])
        held = self._lists.get(spelled)
        if held is None:
            held = of_tree("random_list")(size, seed, *named)
            if keep:
                self._lists[spelled] = held
        self._loaded.hold(held)
        return {"seconds": self._staged}

    def decide(self, mode: str, share: int = 100) -> None:
        """Set every protocol to "monitor" or "enforce", for a share of the flows."""
        policy = of_tree("Policy")(mode, share)
        self._controls.set_policies(dict.fromkeys(of_tree("VPN_PROTOCOLS"), policy))
        self._controls.renew_lease(LEASE)

    def sample(self, rate: int) -> None:
        """Tell of one in so many packets that look like VPN; 0: of none."""
        self._controls.set_sampling(rate, False)

    def counts(self) -> dict[str, int]:
        """Return how many packets left the program, and how many of them were dropped."""
        return _sums(self._controls)


class Gateways:
    """The agent and the API of this commit."""

    def __init__(self) -> None:
        self._opened = contextlib.ExitStack()
        self._gateway: Any = None
        self._config: Any = None
        self._written = ""  # the configuration as the tree has it

    def open(self, directory: str, bpffs: str, entries: int, more: str) -> dict[str, Any]:
        """Start both, with nobody registered and room for so many; return how to reach them."""
        running = of_tree("running")
        words = running.__wrapped__.__globals__  # of the module that writes the configuration
        words["MAX_BODY"] = max(words["MAX_BODY"], entries * BYTES_OF_A_LINE)
        self._written = self._written or words["CONFIG"]
        words["CONFIG"] = self._written.replace("[list]\n", f"[list]\nmax_entries = {entries * 2}\n")
        self._gateway = self._opened.enter_context(running(Path(directory), Path(bpffs), more=more))
        self._config = of_tree("configuration").load(self._gateway.config)
        return self._reached()

    def close(self) -> None:
        """End them."""
        self._opened.close()

    def restart(self, unpinned: bool) -> dict[str, Any]:
        """Kill the agent without a word and start it again; return how many seconds passed until it answered.

        ``unpinned``: what it had in the kernel is gone, as when the machine was started anew.
        """
        agent = self._gateway.processes.pop(0)
        agent.kill()
        agent.wait()
        if unpinned:
            shutil.rmtree(self._live.parent)
        began = time.perf_counter()
        self._gateway.start(of_tree("AGENT"))
        self._gateway.processes.insert(0, self._gateway.processes.pop())
        while not self._answers():
            if self._gateway.processes[0].poll() is not None or time.perf_counter() - began > PATIENCE:
                raise TimeoutError("the agent does not answer")
            time.sleep(LOOK)
        return {"seconds": time.perf_counter() - began, **self._reached()}

    def counts(self) -> dict[str, int]:
        """Return how many packets left the agent's program, and how many of them were dropped."""
        pinned = of_tree("Pinned")(self._live)
        try:
            return _sums(of_tree("Controls")(pinned))
        finally:
            pinned.close()

    @property
    def _live(self) -> Path:
        return Path(self._config.bpffs, self._config.instance, "live")

    def _reached(self) -> dict[str, Any]:
        """Return port, token, the agent's process and where its program is pinned."""
        return {
            "port": self._gateway.port,
            "token": self._gateway.token,
            "config": str(self._gateway.config),
            "agent": self._gateway.processes[0].pid,
            "pin": str(self._live / "program"),
        }

    def _answers(self) -> bool:
        agent = of_tree("AgentSocket")(self._config.socket)
        try:
            if hasattr(agent, "call"):
                agent.call("status")
            else:
                agent.ask(of_tree("ReadStatus")())
        except Exception:
            return False
        return True


def _sums(controls: Any) -> dict[str, int]:
    counts = controls.counts()
    return {
        "packets": sum(count.packets for count in counts),
        "dropped": sum(count.packets for count in counts if count.verdict == "drop"),
    }


def main() -> None:
    """Do what comes in, until nothing more comes."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what anybody else prints is no answer
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # The environment is that of the tree which measures: what this commit lacks would be found there.
    sys.meta_path[:] = [finder for finder in sys.meta_path if "Editable" not in getattr(finder, "__name__", "")]
    programs, gateways = Programs(), Gateways()
    verbs: dict[str, Callable[..., Any]] = {
        **{name: getattr(programs, name) for name in ("load", "unload", "hold", "decide", "sample", "counts")},
        **{f"gateway_{name}": getattr(gateways, name) for name in ("open", "close", "restart", "counts")},
    }
    try:
        for line in sys.stdin:
            told = json.loads(line)
            try:
                answer = {"result": verbs[told.pop("do")](**told)}
            except Exception:
                answer = {"error": traceback.format_exc()}
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
    finally:
        gateways.close()
        programs.unload()


if __name__ == "__main__":
    main()
