"""What the program said of one packet, by the names of ``struct answer`` in bpf/words.h."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from operator import itemgetter
from socket import AF_INET, AF_INET6, inet_ntop

import numpy as np

from control.allowlist import mapped
from control.allowlist.entry import Prefix
from control.allowlist.nat64 import inside
from control.datapath.program.layout import structure
from control.vocabulary import PROTOCOLS, REASONS, VERDICTS

ANSWER = structure("answer")
SIDES = (None, "source", "destination")

# Of the IP header by family: its bytes, where its two addresses begin, and their size (RFC 791, section 3.1;
# RFC 8200, section 3).
HEADERS = {4: (20, 12, 4, AF_INET), 6: (40, 8, 16, AF_INET6)}
LENGTHS = {4: 2, 6: 4}
"""Where they have the packet's length, two bytes."""


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
        other: whose address is on the list for other protocols or ports, "source" or "destination", or None.
        other_length: of that entry's prefix, as ``prefix_length``.
        translated: where that entry, or the one that matched, is of an IPv4 address inside an IPv6 one: the length of
            the NAT64 prefix in front of it; else 0.
        short_read: whether the program asked for bytes that the frame has not, and that the headers announce or, where
            they leave the length to the network card, may announce: what the packet is, only the whole of it could say.
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
    other: str | None = None
    other_length: int = 0
    translated: int = 0
    short_read: bool = False

    @property
    def matched(self) -> Prefix | None:
        """The prefix of the entry that let the packet through; None where none did."""
        return self._prefix(self.side, self.prefix_length)

    @property
    def matched_otherwise(self) -> Prefix | None:
        """The prefix of the entry that is for other protocols or ports; None where there is none."""
        return self._prefix(self.other, self.other_length)

    def _prefix(self, side: str | None, length: int) -> Prefix | None:
        end = self.source if side == "source" else self.destination if side == "destination" else None
        if end is None:
            return None
        address = ip_address(end.address)
        if self.translated and address.version == 6:
            address = inside(address, self.translated)
        return ip_network((address, length), strict=False)


# The fields of the struct that are read, in the order in which ``answer_of`` takes them. Looking them up by name here,
# once, refuses a header that lacks one; a packet of a replay then costs no look-up.
_FIELDS = (
    "protocol", "handshake", "verdict", "reason", "side", "length", "rules", "bucket", "share", "generation",
    "family", "ip_protocol", "ip_offset", "source_port", "destination_port", "payload_offset", "payload_length",
    "other", "other_length", "translated", "short_read",
)  # fmt: skip
_pick = itemgetter(*((ANSWER.names or ()).index(name) for name in _FIELDS))


def answer_of(raw: np.void, frame: bytes) -> Answer:
    """Return the answer about ``frame`` that is in a record of ``ANSWER``."""
    (
        protocol, handshake, verdict, reason, side, length, rules, bucket, share, generation,
        family, ip_protocol, ip_offset, source_port, destination_port, payload_offset, payload_length,
        other, other_length, translated, short_read,
    ) = _pick(raw.item())  # fmt: skip
    source = destination = None
    if family and REASONS[reason] != "unknown":
        header, first, size, address_family = HEADERS[family]
        if len(frame) >= ip_offset + header:
            at, middle = ip_offset + first, ip_offset + first + size
            source = End(inet_ntop(address_family, frame[at:middle]), source_port)
            destination = End(inet_ntop(address_family, frame[middle : middle + size]), destination_port)
    own = 4 if translated else family
    return Answer(
        PROTOCOLS[protocol],
        bool(handshake),
        VERDICTS[verdict],
        REASONS[reason],
        SIDES[side],
        mapped.own_length(length, own) if length else 0,
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
        SIDES[other],
        mapped.own_length(other_length, own) if other_length else 0,
        translated,
        bool(short_read) and _is_short(frame, family, ip_offset, payload_offset, payload_length),
    )


def _is_short(frame: bytes, family: int, ip_offset: int, payload_offset: int, payload_length: int) -> bool:
    """Return whether a frame has, or may have, less than its headers announce."""
    if not payload_offset:
        return True
    place = ip_offset + LENGTHS[family]
    if frame[place : place + 2] == bytes(2):  # left to the network card: the program took the frame's end for it
        return True
    return payload_length > 0 and payload_offset + payload_length > len(frame)


def answers_of(records: bytes, frames: Sequence[bytes]) -> list[Answer]:
    """Return the answers about ``frames`` that are in so many records of ``ANSWER``."""
    return [answer_of(raw, frame) for raw, frame in zip(np.frombuffer(records, ANSWER), frames, strict=True)]
