"""By what could a session of OpenVPN be told that is up already, and how often would that be wrong?

usage: python -m bench.established [RECORDING …]

The forms below are applied to every UDP datagram, and to the first record of every TCP segment, of all captures of the
corpus and of recordings of real sessions (`python -m bench.rekeys FILE` makes one). It is run by hand, when there is
thought of taking one up: none is as long as any flow of others has it.

The forms are those of OpenVPN's wire protocol draft, sections 3 and 4, of tls_crypt.h for tls-crypt, and of reliable.h
for how many acknowledgements there may be. What 2.6 does where both peers have it was seen in recordings: after its
first key the control channel is sealed as by tls-crypt, in whatever mode it began (dynamic tls-crypt), its replay id
counted anew.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console
from rich.table import Table

from bench.accuracy.corpus import Corpus, FlowName, unpack
from bench.accuracy.openings import name_of
from bench.accuracy.segments import TCP, UDP, segments

SESSION = 9  # bytes of opcode and session id
REPLAY = 8  # of a replay id and a time
HMACS = (16, 20, 28, 32, 48, 64)  # MD5, SHA-1, SHA-224, -256, -384, -512
TAG = 32  # of tls-crypt
ACKS = range(9)  # RELIABLE_ACK_SIZE is 8
SOFT_RESET, CONTROL, ACK, DATA = 3, 4, 5, 9  # P_CONTROL_SOFT_RESET_V1, P_CONTROL_V1, P_ACK_V1, P_DATA_V2
TLS_HANDSHAKE = (b"\x16\x03\x01", b"\x16\x03\x03", b"\x14\x03\x03", b"\x17\x03\x03", b"\x15\x03\x03")
MOST_REPLAYS = 1 << 16
"""A replay id counts the control packets of a session: some eight a rekey, a rekey an hour."""

Form = Callable[[bytes], bool]


def acknowledged(acks: int) -> int:
    """Return the bytes of so many acknowledgements: each four, and behind them the peer's session id."""
    return 1 + (4 * acks + 8 if acks else 0)


def _is(packet: bytes, opcode: int, keys: Sequence[int] = range(1, 8)) -> bool:
    return bool(packet) and packet[0] >> 3 == opcode and packet[0] & 7 in keys


def _replayed(packet: bytes, at: int, most: int = MOST_REPLAYS) -> bool:
    """A replay id and a time from 2004 to 2072; tls-crypt-v2 announces early negotiation in its upper half."""
    number, time = int.from_bytes(packet[at : at + 4], "big"), int.from_bytes(packet[at + 4 : at + 8], "big")
    if number >> 16 in (0x0F00, 0x0A01):
        number &= 0xFFFF
    return 0 < number < most and 0x40000000 <= time < 0xC0000000


def _message(packet: bytes, at: int) -> int | None:
    """Return where the message id stands behind the acknowledgements at a place; None where there are too many."""
    acks = packet[at] if len(packet) > at else len(ACKS)
    return at + acknowledged(acks) if acks in ACKS else None


def _empty(packet: bytes, at: int) -> bool:
    """Acknowledgements, message id 0, and nothing behind it."""
    message = _message(packet, at)
    return message is not None and len(packet) == message + 4 and not any(packet[message:])


def soft_plain(packet: bytes) -> bool:
    return _is(packet, SOFT_RESET) and _empty(packet, SESSION)


def soft_auth(packet: bytes) -> bool:
    return _is(packet, SOFT_RESET) and any(
        _empty(packet, SESSION + hmac + REPLAY) and _replayed(packet, SESSION + hmac) for hmac in HMACS
    )


def soft_crypt(most: int) -> Form:
    lengths = {SESSION + REPLAY + TAG + acknowledged(acks) + 4 for acks in ACKS}

    def form(packet: bytes) -> bool:
        return _is(packet, SOFT_RESET) and len(packet) in lengths and _replayed(packet, SESSION, most)

    return form


def _tls(packet: bytes, at: int) -> bool:
    message = _message(packet, at)
    return message is not None and packet[message + 4 : message + 7] in TLS_HANDSHAKE


def control_plain(packet: bytes) -> bool:
    return _is(packet, CONTROL, range(8)) and _tls(packet, SESSION)


def control_auth(packet: bytes) -> bool:
    return _is(packet, CONTROL, range(8)) and any(
        _tls(packet, SESSION + hmac + REPLAY) and _replayed(packet, SESSION + hmac) for hmac in HMACS
    )


def control_crypt(packet: bytes) -> bool:
    least = SESSION + REPLAY + TAG + acknowledged(0) + 4
    return _is(packet, CONTROL, range(8)) and len(packet) > least and _replayed(packet, SESSION)


def ack_plain(packet: bytes) -> bool:
    acks = len(packet) > SESSION and packet[SESSION]
    return _is(packet, ACK, range(8)) and acks in ACKS[1:] and len(packet) == SESSION + acknowledged(acks)


def ack_auth(packet: bytes) -> bool:
    for hmac in HMACS:
        at = SESSION + hmac + REPLAY
        acks = packet[at] if len(packet) > at else 0
        whole = acks in ACKS[1:] and len(packet) == at + acknowledged(acks)
        if whole and _is(packet, ACK, range(8)) and _replayed(packet, SESSION + hmac):
            return True
    return False


def ack_crypt(packet: bytes) -> bool:
    lengths = {SESSION + REPLAY + TAG + acknowledged(acks) for acks in ACKS[1:]}
    return _is(packet, ACK, range(8)) and len(packet) in lengths and _replayed(packet, SESSION)


def data(packet: bytes) -> bool:
    """A packet of the data channel: nothing but its opcode, and that its peer id is small."""
    least = 4 + 4 + 16
    return _is(packet, DATA, range(8)) and len(packet) >= least and int.from_bytes(packet[1:4], "big") < 1 << 12


def ping(packet: bytes) -> bool:
    """A keep-alive, sealed by an AEAD cipher: peer id, packet id, tag of 16, ping of 16."""
    return data(packet) and len(packet) == 40 and int.from_bytes(packet[4:8], "big") < 1 << 24


FORMS: dict[str, Form] = {
    "soft reset: the first byte alone": lambda packet: _is(packet, SOFT_RESET),
    "soft reset, plain": soft_plain,
    "soft reset, tls-auth": soft_auth,
    "soft reset, tls-crypt, replay id < 65536": soft_crypt(1 << 16),
    "soft reset, tls-crypt, replay id < 4096": soft_crypt(1 << 12),
    "soft reset, tls-crypt, replay id < 256": soft_crypt(1 << 8),
    "control, plain": control_plain,
    "control, tls-auth": control_auth,
    "control, tls-crypt": control_crypt,
    "acknowledgement, plain": ack_plain,
    "acknowledgement, tls-auth": ack_auth,
    "acknowledgement, tls-crypt": ack_crypt,
    "data: the first byte alone": lambda packet: _is(packet, DATA, range(8)),
    "data, peer id < 4096": data,
    "data, a keep-alive": ping,
}


def payloads(path: Path, origin: str) -> Iterator[tuple[FlowName, bytes]]:
    """Yield each UDP datagram and the first record of each TCP segment, b"" if none is whole, with its flow."""
    for segment in segments(path):
        if segment.ip_proto == UDP and segment.payload:
            yield name_of(origin, path.name, segment), segment.payload
        elif segment.ip_proto == TCP and segment.payload:
            length = int.from_bytes(segment.payload[:2], "big")
            whole = 2 + length <= len(segment.payload)
            yield name_of(origin, path.name, segment), segment.payload[2 : 2 + length] if whole else b""


def count(paths: Sequence[Path], corpus: Corpus | None) -> Iterator[tuple[str, FlowName, bool]]:
    """Yield each match: the form, the flow, and whether the flow is OpenVPN's; "" for every payload that was looked at.

    All flows of a recording are OpenVPN's.
    """
    for path in paths:
        for flow, packet in payloads(path, path.parent.name):
            true = corpus is None or (flow in corpus.labels and "openvpn" in corpus.labels[flow][1:])
            yield "", flow, true
            yield from ((name, flow, true) for name, form in FORMS.items() if form(packet))


@click.command()
@click.argument("recordings", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
def main(recordings: tuple[Path, ...]) -> None:
    """Apply the forms to the corpus and to RECORDINGS, and print how often each is right and wrong."""
    console = Console(highlight=False, width=160)
    seen: dict[tuple[str, bool], Counter[FlowName]] = defaultdict(Counter)
    with TemporaryDirectory(prefix="wicket-corpus-") as directory:
        corpus = unpack(Path(directory))
        for matches in (count(corpus.captures, corpus), count(recordings, None)):
            for name, flow, true in matches:
                seen[name, true][flow] += 1
    shown = Table(box=None, pad_edge=False)
    shown.add_column("form")
    for heading in ("true packets", "true flows", "false packets", "false flows"):
        shown.add_column(heading, justify="right")
    for name in ("", *FORMS):
        cells = [f"{value:,}" for true in (True, False) for value in (seen[name, true].total(), len(seen[name, true]))]
        shown.add_row(name or "read", *cells)
    console.print(shown)
    for name in FORMS:
        if "alone" not in name:
            for flow, packets in seen[name, False].most_common(3):
                console.print(f"false, {name}: {packets} of {flow}", soft_wrap=True, markup=False)


if __name__ == "__main__":
    main()
