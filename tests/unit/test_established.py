"""The forms by which established sessions of OpenVPN could be told are those of real packets, to the byte."""

import pytest

from bench.established import FORMS

OURS, THEIRS = bytes.fromhex("c18d842abda6683b"), bytes.fromhex("e44c3564464b2365")
REPLAY = bytes.fromhex("0000000a 6b0b029e")
EMPTY, ACKNOWLEDGING = bytes(5), bytes([1, 0, 0, 0, 0]) + THEIRS + bytes(4)
ONE, TWO = "soft reset, plain", "soft reset, tls-auth"
THREE = {f"soft reset, tls-crypt, replay id < {most}" for most in (256, 4096, 65536)}
ANY = "soft reset: the first byte alone"


def crypt(replay: bytes = REPLAY, acks: int = 0) -> bytes:
    return b"\x19" + OURS + replay + bytes(range(32)) + bytes(5 + (acks * 4 + 8 if acks else 0))


# As OpenVPN 2.5.1 and 2.6.14 send them, seen in recordings.
@pytest.mark.parametrize(
    ("packet", "forms"),
    [
        (b"\x19" + OURS + EMPTY, {ONE}),
        (b"\x1f" + OURS + ACKNOWLEDGING, {ONE}),
        (b"\x19" + OURS + bytes(range(20)) + REPLAY + EMPTY, {TWO}),
        (b"\x19" + OURS + bytes(range(64)) + REPLAY + ACKNOWLEDGING, {TWO}),
        (crypt(), THREE),
        (crypt(acks=1), THREE),
        (crypt(bytes.fromhex("0f000007 6b0b029e")), THREE),
        (crypt(bytes.fromhex("00000fff 6b0b029e")), THREE - {"soft reset, tls-crypt, replay id < 256"}),
        # What is not one.
        (b"\x18" + OURS + EMPTY, set()),  # no key after the first has id 0
        (b"\x19" + OURS + EMPTY[:-1] + b"\1", set()),
        (b"\x19" + OURS + EMPTY + b"\0", set()),
        (b"\x19" + OURS + bytes(range(20)) + REPLAY[:4] + bytes(4) + EMPTY, set()),
        (crypt(bytes.fromhex("00010000 6b0b029e")), set()),
        (crypt(bytes.fromhex("0f010001 6b0b029e")), set()),
        (crypt() + b"\0", set()),
    ],
)
def test_soft_resets(packet: bytes, forms: set[str]) -> None:
    found = {name for name, form in FORMS.items() if form(packet)}
    assert found - {ANY} == forms
    assert (ANY in found) == (packet[0] != 0x18)


@pytest.mark.parametrize(
    ("packet", "form"),
    [
        (b"\x20" + OURS + EMPTY + bytes.fromhex("160301"), "control, plain"),
        (b"\x28" + OURS + ACKNOWLEDGING[:-4], "acknowledgement, plain"),
        (b"\x29" + OURS + bytes(20) + REPLAY + ACKNOWLEDGING[:-4], "acknowledgement, tls-auth"),
        (b"\x48" + bytes(3) + bytes.fromhex("0000004c") + bytes(32), "data, a keep-alive"),
    ],
)
def test_other_packets(packet: bytes, form: str) -> None:
    assert FORMS[form](packet)
    assert not FORMS[form](packet[:-1])
