"""A row of the matrix: one software in one mode, what the gateway must make of it, and what it made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from control.protocols import ALWAYS_REFUSABLE
from control.vocabulary import PROTOCOLS
from lab.network import SIDES, Side
from lab.sessions.ike import IkePair
from lab.sessions.openvpn import OpenVpnKeys
from lab.sessions.session import Session, Site
from lab.sessions.ssh import SshKeys
from lab.stage.stage import Stage
from lab.vpn import strongswan
from lab.vpn.authority import Authority, Certificate

NONE = PROTOCOLS[0]
NOTHING = ""
# strongswan.conf(5) has a server say so before it does what made the mode known to be weak.
_AGGRESSIVE = "i_dont_care_about_security_and_use_aggressive_mode_psk = yes"
_HALF_OPEN_SECONDS = 600  # for which a server waits for who has begun
_NAMES = 80  # in a certificate, some 3 kB


class Rekey(StrEnum):
    """What becomes of an unregistered session that is up when its protocol comes to be enforced."""

    GOES_ON = "goes on"  # renews its keys inside itself, as often as it likes
    ENDS = "ends at its rekey"  # which opens a session anew, and that is refused
    AT_ONCE = "ends at once"  # every packet says what it is, and is refused


class Kit:
    """What the rows of a stage share: keys, certificates, daemons; made when the first row asks for them."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    @cached_property
    def authority(self) -> Authority:
        """Whose certificates both sides trust."""
        return Authority(self.stage.directory)

    @cached_property
    def openvpn(self) -> OpenVpnKeys:
        """The keys of all OpenVPN rows."""
        return OpenVpnKeys(self.authority, self.stage.directory)

    @cached_property
    def tls(self) -> Certificate:
        """A TLS server's certificate."""
        return self.authority.issue("tls", usage="serverAuth")

    @cached_property
    def ssh(self) -> SshKeys:
        """The keys of all SSH rows."""
        return SshKeys(self.stage.directory)

    @cached_property
    def ike(self) -> IkePair:
        """The two strongSwan daemons of a stage."""
        return IkePair(self.stage, {"server": _AGGRESSIVE, "client": _AGGRESSIVE})

    @cached_property
    def wary_ike(self) -> IkePair:
        """The same, where the server demands a cookie once one peer has begun and not gone on.

        And its client makes a new session before it breaks the old one, where that comes to the end of its time.
        """
        server = f"cookie_threshold = 1\n  half_open_timeout = {_HALF_OPEN_SECONDS}"
        return IkePair(self.stage, {"server": server, "client": "make_before_break = yes"})

    @cached_property
    def ike_identities(self) -> Mapping[Side, strongswan.Identity]:
        """Certificates too long for one packet."""
        names = ",".join(f"DNS:name-{number}.of-the-lab.example" for number in range(_NAMES))
        root = self.authority.root.certificate
        issued = {side: self.authority.issue(f"ike-{side}", usage="serverAuth", alternative=names) for side in SIDES}
        return {side: strongswan.Identity(root, own.certificate, own.key) for side, own in issued.items()}


Make = Callable[[Site, Kit], Session]


@dataclass(frozen=True)
class MatrixRow:
    """One software in one mode.

    Attributes:
        name: says both, and is the name of its capture.
        protocol: what its first packet must be known as, a name of the vocabulary; "none": it must pass untouched.
        make: makes the session, from where it stands.
        version: of the IP outside, 4 or 6.
        lacks: asks what this machine lacks for it, to be told to people; "" when nothing.
        rekey: what must become of an established session at its rekey; None: that is not asked.
        rekeys, lasts: how many rekeys must be seen, and how many seconds, before it is said to go on.
        recorded: whether its first packets are kept as a capture; not those of another row over again.
        quick: whether `make test` has it too.
    """

    name: str
    protocol: str
    make: Make
    version: int = 4
    lacks: Callable[[], str] = lambda: NOTHING
    rekey: Rekey | None = None
    rekeys: int = 2
    lasts: float = 0.0
    recorded: bool = True
    quick: bool = False

    @property
    def negative(self) -> bool:
        """Whether it must pass, everything enforced."""
        return self.protocol == NONE


@dataclass
class Found:
    """What became of a row.

    Attributes:
        skipped: what the machine lacks; "": it ran.
        known_as: what the program said of the client's first packet; for a negative, of any packet but "none".
        opens: whether that packet opens a session.
        first: that packet's payload, bytes.
        up: whether it came up while nothing was enforced.
        refused: packets that were dropped, everything enforced.
        enforced_up: whether it came up then.
        registered_s: seconds from the registration of the server's address until the session was up; None: never.
        lost: packets dropped after that.
        trouble: why it could not be started, "" when it could.
        rekey: what was seen of its rekey, "" where that was not asked; `rekey_right`, whether as it must be.
        registered_rekey: the same while it was registered, of what ends without.
    """

    name: str
    protocol: str
    skipped: str = NOTHING
    known_as: str = ""
    opens: bool = False
    first: int = 0
    up: bool = False
    refused: int = 0
    enforced_up: bool = False
    registered_s: float | None = None
    lost: int = 0
    trouble: str = ""
    rekey: str = ""
    rekey_right: bool = True
    registered_rekey: str = ""

    @property
    def as_it_must_be(self) -> bool:
        """Known from its first packet, refused, up when registered; or, a negative, never touched."""
        if self.skipped:
            return True
        if self.trouble:
            return False
        if self.protocol == NONE:
            return self.up and self.enforced_up and self.known_as == NONE and self.refused == 0
        known = self.known_as == self.protocol and (self.opens or self.protocol in ALWAYS_REFUSABLE)
        refused = self.refused > 0 and not self.enforced_up
        let_in = self.registered_s is not None and self.lost == 0
        return self.up and known and refused and let_in and self.rekey_right
