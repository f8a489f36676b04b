"""The brake: what stops dropping by the kernel alone, whoever hangs, and whatever is full, locked or gone.

It asks no agent, takes no lock and writes no file: it finds the instance's programs in the kernel and stores into the
maps that they ask. Only what loosens can be done this way.
"""

import contextlib
import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from control.datapath import syscall
from control.datapath.controls import Brake, Controls, Policy, are_readable
from control.datapath.interfaces import attaching, everywhere
from control.datapath.program import loaded
from control.datapath.program.loaded import Loaded
from control.fault import Fault, Kind, Refused


@dataclass(frozen=True, slots=True)
class Cleared:
    """What became of the links that carried a program of the instance.

    Attributes:
        interfaces: names of those that are clear now.
        faults: why others are not, or may not be.
    """

    interfaces: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def pull(directory: Path) -> int:
    """Stop all dropping of the instance that is pinned in ``directory``; return of how many programs.

    Raises:
        Refused: this process may not do that.
    """
    return _everywhere(directory, lambda controls: controls.pull(replace(controls.brake, by_command=True)), _count_only)


def _count_only(program: Loaded) -> None:
    """Have a program of an earlier version, which knows no brake, drop nothing: 0 is `monitor` in all of them."""
    if (policies := program.maps.get("policies")) is not None:
        _, _, value, entries, _ = syscall.map_info(policies)
        for number in range(entries):
            syscall.update(policies, np.array([number], np.uint32), np.zeros(value, np.uint8))


def let_go(directory: Path) -> int:
    """Let go of the brake that was pulled by command; return of how many programs.

    Raises:
        Refused: this process may not do that.
    """
    return _everywhere(directory, lambda controls: controls.pull(replace(controls.brake, by_command=False)))


def state(directory: Path) -> Brake | None:
    """Return by whom the brake is pulled: of several programs, what all of them say; None where none is loaded.

    Raises:
        Refused: this process may not look.
    """
    with _controls(directory) as found:
        said = [controls.brake for controls in found]
    if not said:
        return None
    return Brake(all(brake.by_command for brake in said), all(brake.by_file for brake in said))


def is_dropping(directory: Path) -> bool:
    """Return whether packets can be dropped now: a policy enforces, the lease lasts, and nobody has pulled the brake.

    Raises:
        Refused: this process may not look.
    """
    with _controls(directory) as found:
        return any(
            not controls.brake
            and controls.lease_left() > 0
            and any(policy.dropped_share for policy in controls.policies().values())
            for controls in found
        )


def loosen(directory: Path, wanted: Mapping[str, Policy]) -> bool:
    """Set what loosens of the policies of the protocols named; return whether that was all of them.

    Raises:
        Refused: this process may not do that.
    """
    complete, programs = True, 0
    with _controls(directory) as found:
        for controls in found:
            held, programs = controls.policies(), programs + 1
            looser = {name: policy for name, policy in wanted.items() if policy.loosens(held[name])}
            controls.set_policies(
                {name: policy for name, policy in looser.items() if policy != held[name]}, loosened=True
            )
            complete = complete and len(looser) == len(wanted)
    return complete and programs > 0


def detach(directory: Path, name: str | None = None) -> Cleared:
    """Take the instance's programs off every link that carries one, in every namespace that can be reached.

    With ``name``, off the links of that name alone. Each is tried, although another failed.

    Raises:
        Refused: this process may not look.
    """
    cleared, unseen = Cleared(), list[Fault]()
    with loaded_programs(directory) as found:
        if not found:
            return cleared
        programs = {each.id: each.program for each in found}
        guarded = {Controls(each).namespace() for each in found if are_readable(each)} - {0}
        for namespace in _namespaces(guarded, unseen):
            try:
                done = namespace.inside(lambda: attaching.clear(programs, name))
            except OSError as error:
                where = f"the network namespace {namespace.inode} ({namespace.path})"
                why = f"it cannot be looked into ({os.strerror(error.errno or 0)})"
                fault = Fault(where, why, "be root, and see what is there: ip -n NAME link")
                # A file that is no namespace (yet, or any more) holds no link: it counts where the program is held.
                (unseen if error.errno == errno.EINVAL else cleared.faults).append(fault)
                continue
            cleared.interfaces.extend(done[0])
            cleared.faults.extend(done[1])
    if unseen and loaded.are_held(directory):
        cleared.faults.extend(unseen)
    return cleared


def _namespaces(guarded: set[int], faults: list[Fault]) -> Iterator[everywhere.Namespace]:
    """Yield every namespace that can be reached, those in which the instance guards too though no process is there."""
    unseen = set(guarded)
    for namespace in everywhere.namespaces():
        unseen.discard(namespace.inode)
        yield namespace
    for inode in unseen:
        if held := everywhere.find(inode):
            yield held
        elif not everywhere.sees_all():
            why = "the instance guards there, and nothing leads into it from here"
            mend = f"run it where the agent runs (nsenter --net), or stop dropping everywhere at once: {STOP}"
            faults.append(Fault(f"the network namespace {inode}", why, mend))


STOP = "wicket bypass on"
"""The command that stops all dropping at once."""


def _everywhere(
    directory: Path, do: Callable[[Controls], None], earlier: Callable[[Loaded], None] | None = None
) -> int:
    """Do something to every program of the instance, to those too that come while it is done.

    ``earlier`` is done to a program of an earlier version, which has no brake.
    """
    done: set[int] = set()
    while True:
        with loaded_programs(directory) as found:
            fresh = [each for each in found if each.id not in done]
            if not fresh:
                return len(done)
            for each in fresh:
                done.add(each.id)
                if are_readable(each):
                    do(Controls(each))
                elif earlier is not None:
                    earlier(each)


@contextlib.contextmanager
def _controls(directory: Path) -> Iterator[Sequence[Controls]]:
    with loaded_programs(directory) as found:
        yield [Controls(each) for each in found if are_readable(each)]


@contextlib.contextmanager
def loaded_programs(directory: Path) -> Iterator[Sequence[Loaded]]:
    """Give every program of the instance, the newest last, see loaded.programs.

    Raises:
        Refused: this process may not look.
    """
    try:
        with loaded.programs(directory) as found:
            yield found
    except PermissionError as error:
        fault = Fault(str(directory), "this user may not reach the kernel's state", "be root, or in the socket's group")
        raise Refused(Kind.FORBIDDEN, "The kernel cannot be asked", [fault]) from error
