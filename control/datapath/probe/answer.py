"""What the program said of one packet, by the names of ``struct answer`` in bpf/words.h."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from operator import itemgetter
from socket import AF_INET, AF_INET6, inet_ntop

import numpy as np

from control.allowlist import mapped
from control.allowlist.entry import Prefix
from control.datapath.program.layout import structure
from control.vocabulary import PROTOCOLS, REASONS, VERDICTS

ANSWER = structure("answer")
SIDES = (None, "source", "destination")

# Of the IP header by family: its bytes, where its two addresses begin, and their size (RFC 791, section 3.1;
# RFC 8200, section 3).
HEADERS = {4: (20, 12, 4, AF_INET), 6: (40, 8, 16, AF_INET6)}


@dataclass(frozen=True, slots=True)
class End:
    """One end of a packet.

    Attributes:
        address: as inet_ntop(3) writes it.
        port: 0 where the protocol has none, or the header that has it was not read.
    """

    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What the program said of one packet.

    Attributes:
        protocol, verdict, reason: names of control.vocabulary.
        handshake: whether the packet opens a session.
        side: whose address is registered, "source" or "destination", or None.
        prefix_length: of the entry that matched, in its family's own count; 0: none did.
        narrowed: whether that entry allows only some protocols or ports.
        exact_set: whether it stands in the exact set, not in the hash map.
        family: 4, 6, or 0 where no IP header was read.
        ip_protocol: as the headers have it, behind IPv6's extension headers; 0 where it was not reached.
        source, destination: the packet's two ends; None where no whole IP header was read.
        ip_offset, payload_offset: in the frame, bytes; a payload_offset of 0: the IP headers were not read to
            their end.
        payload_length: as the headers announce it, bytes.
        share: from which share of flows on, 1 to 100 %, an unregistered one is enforced; 0: registered.
        generation: the slot of the live list.
    """

    protocol: str
    handshake: bool
    verdict: str
    reason: str
    side: str | None
    prefix_length: int
    narrowed: bool
    exact_set: bool
    family: int
    ip_protocol: int
    source: End | None
    destination: End | None
    ip_offset: int
    payload_offset: int
    payload_length: int
    share: int
    generation: int

    @property
    def matched(self) -> Prefix | None:
        """The prefix of the entry that let the packet through; None where none did."""
        end = self.source if self.side == "source" else self.destination if self.side == "destination" else None
        return None if end is None else ip_network((end.address, self.prefix_length), strict=False)


# The fields of the struct that are read, in the order in which ``answer_of`` takes them. Looking them up by name here,
# once, refuses a header that lacks one; a packet of a replay then costs no look-up.
_FIELDS = (
    "protocol", "handshake", "verdict", "reason", "side", "length", "rules", "bucket", "share", "generation",
    "family", "ip_protocol", "ip_offset", "source_port", "destination_port", "payload_offset", "payload_length",
)  # fmt: skip
_pick = itemgetter(*((ANSWER.names or ()).index(name) for name in _FIELDS))


def answer_of(raw: np.void, frame: bytes) -> Answer:
    """Return the answer about ``frame`` that is in a record of ``ANSWER``."""
    (
        protocol, handshake, verdict, reason, side, length, rules, bucket, share, generation,
        family, ip_protocol, ip_offset, source_port, destination_port, payload_offset, payload_length,
    ) = _pick(raw.item())  # fmt: skip
    source = destination = None
    if family and REASONS[reason] != "unknown":
        header, first, size, address_family = HEADERS[family]
        if len(frame) >= ip_offset + header:
            at, middle = ip_offset + first, ip_offset + first + size
            source = End(inet_ntop(address_family, frame[at:middle]), source_port)
            destination = End(inet_ntop(address_family, frame[middle : middle + size]), destination_port)
    return Answer(
        PROTOCOLS[protocol],
        bool(handshake),
        VERDICTS[verdict],
        REASONS[reason],
        SIDES[side],
        mapped.own_length(length, family) if length else 0,
        rules > 0,
        bool(bucket),
        family,
        ip_protocol,
        source,
        destination,
        ip_offset,
        payload_offset,
        payload_length,
        share,
        generation,
    )


def answers_of(records: bytes, frames: Sequence[bytes]) -> list[Answer]:
    """Return the answers about ``frames`` that are in so many records of ``ANSWER``."""
    return [answer_of(raw, frame) for raw, frame in zip(np.frombuffer(records, ANSWER), frames, strict=True)]
