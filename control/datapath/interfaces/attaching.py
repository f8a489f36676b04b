"""Attaching to interfaces, by compare-and-swap.

A program is attached only where none is, and replaced or removed only where it is one of ours: netlink compares
what we expect with what is there (IFLA_XDP_EXPECTED_FD) and does the change in one step. It is never taken off
to be put on again, which in native mode would take the link down.
"""

import contextlib
import errno
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from control.datapath import syscall
from control.datapath.interfaces.links import Link, all_links, blind_spot, find, preflight
from control.fault import Fault, Kind, Refused

IF_NONE, GENERIC, NATIVE, REPLACE = 1, 2, 4, 16  # XDP_FLAGS_*, <linux/if_link.h>
FLAGS = {"native": NATIVE, "generic": GENERIC}


class NotSetError(OSError):
    """The kernel does not do to an interface what it was asked for."""


class Programs:
    """The programs that are ours: the one to attach, and earlier ones that it may replace."""

    def __init__(
        self, current: int, earlier: Sequence[int] = (), others: Callable[[], Mapping[int, str]] = dict
    ) -> None:
        """The first two are file descriptors, which stay the caller's.

        ``others`` gives the programs of other instances, each one's name by the program's id; it is asked only where
        a program is met that is not known here.
        """
        self.current, self._others = current, others
        self.id, self.tag, self.name = syscall.program_info(current)
        self._earlier = {syscall.program_info(fd)[0]: fd for fd in earlier}

    @contextlib.contextmanager
    def expected(self, link: Link) -> Iterator[int | None]:
        """Give a file descriptor of the program on the link when it is ours; None when there is no program.

        A program whose pin was lost is still known by its tag, a hash of its instructions, where we may look
        (CAP_SYS_ADMIN). Another instance's has the same tag, and is not ours.

        Raises:
            Refused: the program is somebody else's.
        """
        if not link.program:
            yield None
        elif link.program == self.id:
            yield self.current
        elif link.program in self._earlier:
            yield self._earlier[link.program]
        elif other := self._others().get(link.program):
            detach = f"detach it there: wicket --config FILE detach {link.name}, with that instance's file"
            raise _foreign(link, f"the program of the instance {other}", "this instance's", detach)
        else:
            with self._by_tag(link) as fd:
                yield fd

    @contextlib.contextmanager
    def _by_tag(self, link: Link) -> Iterator[int]:
        name = "a program of unknown name"
        try:
            fd = syscall.program_by_id(link.program)
        except OSError:
            raise _foreign(link, name) from None
        try:
            _, tag, name = syscall.program_info(fd)
            if tag != self.tag or name != self.name:
                raise _foreign(link, f"program {name!r}")
            yield fd
        finally:
            os.close(fd)


def foresee(name: str, mode: str) -> tuple[Link, list[Fault]]:
    """Return an interface that can be attached to, and what an operator should know beforehand; nothing is done.

    Raises:
        Refused: the interface does not exist or is not fit.
    """
    link = find(name)
    wrong, warnings = preflight(link, mode)
    if wrong:
        raise Refused(Kind.INTERFACE, "The interface is not fit for the program", wrong)
    return link, warnings


def attach(name: str, mode: str, programs: Programs) -> tuple[Link, list[Fault]]:
    """Attach our program to an interface, or let it replace an earlier one of ours, in one step.

    ``mode`` is "native", "generic", or "auto": native where the driver can, otherwise generic with a warning.
    Returns the link as it is then, and warnings.

    Raises:
        Refused: the interface does not exist or is not fit, carries somebody else's program, or cannot do what
            was demanded; nothing has changed.
    """
    link, warnings = foresee(name, mode)
    try:
        with programs.expected(link) as expected:
            if expected is not None:
                _must_be_in(link, mode)
                _replace(link, programs.current, expected, link.mode)
            elif mode == "generic":
                _attach_new(link, programs.current, "generic")
            else:
                warnings += _attach_native(link, programs.current, demanded=mode == "native")
    except NotSetError as error:
        mend = "see what the kernel's log says of it: dmesg"
        fault = Fault(name, f"the kernel does not take the program ({error.strerror})", mend)
        raise Refused(Kind.INTERFACE, "The interface cannot be guarded", [fault]) from error
    link = find(name)
    return link, [*warnings, *([blind] if (blind := blind_spot(link)) else [])]


def _must_be_in(link: Link, mode: str) -> None:
    """Refuse to change the mode: the kernel only does that by way of no program at all, which is for people to say."""
    if mode in FLAGS and link.mode != mode:
        mend = f"wicket detach {link.name}, then attach it again; in between it is not guarded"
        fault = Fault(link.name, f"it is guarded in {link.mode} mode already", mend)
        raise Refused(Kind.INTERFACE, "The interface is guarded in another mode", [fault])


def take_over(programs: Programs, known: Collection[int] = ()) -> list[str]:
    """Let the current program replace earlier ones of ours wherever they are attached; return those interfaces.

    ``known`` are ids of programs that are ours although their pins are gone. The kernel opens no program by its id for
    us without CAP_SYS_ADMIN, so there is nothing to compare with: they are looked at again, and replaced.

    Fit or not, the link carries the earlier one already; left there, that would go on with a list that nobody
    keeps up to date any more.
    """
    taken = []
    for link in all_links().values():
        try:
            with programs.expected(link) as expected:
                if expected not in (None, programs.current):
                    _replace(link, programs.current, expected, link.mode)
                    taken.append(link.name)
        except Refused as refused:
            if refused.kind != Kind.FOREIGN_PROGRAM:
                raise
            if find(link.name).program in known:
                _set(link, programs.current, FLAGS.get(link.mode or "", 0))
                taken.append(link.name)
    return taken


def detach(name: str, programs: Programs) -> bool:
    """Remove our program from an interface; return whether it was there.

    Raises:
        Refused: the interface does not exist, or carries somebody else's program.
    """
    link = find(name)
    with programs.expected(link) as expected:
        if expected is None:
            return False
        try:
            _replace(link, -1, expected, link.mode)
        except NotSetError as error:
            fault = Fault(name, f"it still carries the program ({error})", f"ip link set {link.name} xdp off")
            raise Refused(Kind.INTERNAL, "The interface cannot be detached", [fault]) from error
    return True


def clear(programs: Mapping[int, int], name: str | None = None) -> tuple[list[str], list[Fault]]:
    """Take programs, file descriptors by id, off every link of this network namespace that carries one.

    With ``name``, off the link of that name alone. Returns the names of those that are clear, and why others are not.
    """
    cleared, faults = [], []
    for link in all_links().values():
        if link.program in programs and (name is None or link.is_called(name)):
            try:
                _replace(link, -1, programs[link.program], link.mode)
                cleared.append(link.name)
            except (NotSetError, Refused) as error:
                mend = f"ip link set {link.name} xdp off"
                faults.append(Fault(link.name, f"it still carries the program ({error})", mend))
    return cleared, faults


def _attach_native(link: Link, program: int, *, demanded: bool) -> list[Fault]:
    try:
        _attach_new(link, program, "native")
    except NotSetError as error:
        why = f"its driver does not take the program in native mode ({error.strerror})"
        if demanded:
            fault = Fault(link.name, why, "attach with --mode auto, and expect a tenth of the speed")
            raise Refused(Kind.INTERFACE, "The interface cannot do native mode", [fault]) from error
        _attach_new(link, program, "generic")
        return [Fault(link.name, why, "attached in generic mode: slower by far")]
    return []


def _attach_new(link: Link, program: int, mode: str) -> None:
    _set(link, program, FLAGS[mode] | IF_NONE)


def _replace(link: Link, program: int, expected: int | None, mode: str | None) -> None:
    _set(link, program, FLAGS.get(mode or "", 0) | REPLACE, expected)


def _set(link: Link, program: int, flags: int, expected: int | None = None) -> None:
    # It is a tenth of an agent's start, and of its memory: of whoever finds its interfaces guarded, neither is asked.
    from pyroute2 import IPRoute
    from pyroute2.netlink.exceptions import NetlinkError

    attributes: list[tuple[str, Any]] = [("IFLA_XDP_FD", program), ("IFLA_XDP_FLAGS", flags)]
    if expected is not None:
        attributes.append(("IFLA_XDP_EXPECTED_FD", expected))
    with IPRoute() as route:
        try:
            route.link("set", index=link.index, xdp={"attrs": attributes})
        except NetlinkError as error:
            if error.code in (errno.EBUSY, errno.EEXIST):  # somebody came between our look and our swap
                raise _foreign(find(link.name), "another program") from error
            raise NotSetError(error.code, os.strerror(error.code)) from error


def _foreign(link: Link, program: str, whose: str = "Wicketgate's", mend: str = "") -> Refused:
    why = f"{program} (id {link.program}) is attached, which is not {whose}"
    mend = f"{mend or f'remove it if nobody needs it: ip link set {link.name} xdp off'}, or guard another interface"
    return Refused(Kind.FOREIGN_PROGRAM, "The interface carries a foreign XDP program", [Fault(link.name, why, mend)])
