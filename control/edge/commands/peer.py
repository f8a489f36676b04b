"""Who asks at the agent's socket, as the kernel knows them, and whether they may."""

import contextlib
import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from control.commands.request import Right
from control.fault import Fault, Kind, Refused
from control.host import accounts
from control.rollout.origin import Door

UCRED = struct.Struct("=iII")  # struct ucred: pid, uid, gid; unix(7), SO_PEERCRED
SO_PEERGROUPS = 59  # <asm-generic/socket.h>; the socket module has no name for it
MOST_BYTES = 1024  # that Python reads of an option: of more groups than fit, none but the first is known


@dataclass(frozen=True, slots=True)
class Peer:
    """Who connected, by the credentials that they had then.

    Attributes:
        groups: their group and their supplementary ones.
        login: the user who logged in, whoever they have become since (sudo); none: nobody did, as for a service.
    """

    uid: int
    groups: frozenset[int]
    login: int | None = None

    @classmethod
    def of(cls, connection: socket.socket) -> "Peer":
        """Return who is at the other end of a connection.

        Raises:
            OSError: the kernel does not say.
        """
        pid, uid, gid = UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, UCRED.size))
        more = b""
        with contextlib.suppress(OSError):
            more = connection.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, MOST_BYTES)
        groups = frozenset([gid, *(group for (group,) in struct.iter_unpack("=I", more))])
        return cls(uid, groups, accounts.login_of(pid))

    def __str__(self) -> str:
        return accounts.user(self.uid)

    def person(self, door: Door, claimed: str) -> str:
        """Return who is behind what is asked, told apart from others.

        Who logged in is that, whatever they claim. A service (the API) is believed whom it asks for.
        """
        if self.login is not None:
            return accounts.user(self.login)
        return claimed if claimed and door is Door.API else str(self)

    @property
    def is_root(self) -> bool:
        """Whether it is the superuser, for whom there always is a place."""
        return self.uid == 0

    def demand(self, right: Right, path: Path) -> None:
        """Hold that they have a right at the socket at ``path``: who could connect may read.

        Raises:
            Refused: "forbidden": to change something it takes the socket's owner or a member of its group;
                "unavailable": the socket is not there any more to say who that is.
        """
        if right is Right.READ or self.uid in (0, os.geteuid()):
            return
        try:
            status = path.stat()
        except OSError as error:
            fault = Fault(str(path), f"it cannot be seen who may change: {error.strerror}", "restart the agent")
            raise Refused(Kind.UNAVAILABLE, "The agent's socket was removed", [fault]) from error
        if self.uid == status.st_uid or status.st_gid in self.groups:
            return
        why = f"{self} may read, but not change: that right is root's and the group {accounts.group(status.st_gid)}'s"
        mend = f"let one of these do it; or join the group: {accounts.joining(status.st_gid)}"
        raise Refused(Kind.FORBIDDEN, "The right to change is missing", [Fault(str(path), why, mend)])
