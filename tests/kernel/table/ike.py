"""IKE, and the ESP that goes in UDP with it: RFC 2408, 2409, 7296, 3948."""

from typing import Any

from scapy.contrib.ikev2 import IKEv2
from scapy.layers.isakmp import ISAKMP
from scapy.packet import Raw

from lab.packets import changed, noise, tcp4, udp4, udp4_back, udp6, word
from tests.kernel.row import Row, continues, opens, passes

PORT, NAT_PORT = 500, 4500
INITIATOR, RESPONDER = noise(8), noise(9)[:8]
NON_ESP = bytes(4)

EXCHANGES_V1 = {
    1: "base",
    2: "identity protection (main mode)",
    3: "authentication only",
    4: "aggressive mode",
    5: "informational",
    6: "transaction",
    32: "quick mode",
    33: "new group mode",
}
EXCHANGES_V2 = {
    34: "IKE_SA_INIT",
    35: "IKE_AUTH",
    36: "CREATE_CHILD_SA",
    37: "INFORMATIONAL",
    38: "IKE_SESSION_RESUME",
    39: "GSA_AUTH",
    40: "GSA_REGISTRATION",
    41: "GSA_REKEY",
    43: "IKE_INTERMEDIATE",
    44: "IKE_FOLLOWUP_KE",
}


def v1(exchange: int, responder: bytes = bytes(8), size: int = 160, **fields: Any) -> bytes:
    header = ISAKMP(init_cookie=INITIATOR, resp_cookie=responder, next_payload=1, exch_type=exchange, **fields)
    return bytes(header / Raw(noise(size - 28)))


def v2(exchange: int, responder: bytes = bytes(8), size: int = 240, **fields: Any) -> bytes:
    header = IKEv2(init_SPI=INITIATOR, resp_SPI=responder, next_payload=33, exch_type=exchange, flags=8, **fields)
    return bytes(header / Raw(noise(size - 28)))


def esp(size: int = 100, spi: int = 0xC0FFEE01, sequence: int = 1) -> bytes:
    """A packet of ESP, header and all, of so many bytes."""
    return word(spi) + word(sequence) + noise(size - 8)


def exchanges() -> list[Row]:
    """Later messages of each exchange: the responder's SPI is there."""
    first = [
        continues("ike", f"version 1, {name}, under way", udp4(v1(number, RESPONDER), PORT))
        for number, name in EXCHANGES_V1.items()
    ]
    second = [
        continues("ike", f"version 2, {name}, under way", udp4(v2(number, RESPONDER), PORT))
        for number, name in EXCHANGES_V2.items()
    ]
    return first + second


OPENING = (
    opens("ike", "version 2, IKE_SA_INIT", udp4(v2(34), PORT, PORT)),
    opens("ike", "version 2, IKE_SA_INIT over IPv6", udp6(v2(34), PORT, PORT)),
    opens("ike", "version 2, IKE_SA_INIT, a NAT has changed the port", udp4(v2(34), PORT)),
    opens("ike", "version 2, IKE_SA_INIT on port 4500", udp4(NON_ESP + v2(34), NAT_PORT, NAT_PORT)),
    opens("ike", "version 2, IKE_SA_INIT with a cookie", udp4(v2(34, id=0, size=300), PORT)),
    opens("ike", "version 1, main mode", udp4(v1(2), PORT, PORT)),
    opens("ike", "version 1, main mode over IPv6", udp6(v1(2), PORT, PORT)),
    opens("ike", "version 1, aggressive mode", udp4(v1(4, size=380), PORT)),
    opens("ike", "version 1, main mode on port 4500", udp4(NON_ESP + v1(2), NAT_PORT)),
    opens("ike", "a header alone", udp4(v2(34, size=28), PORT)),
)

UNDER_WAY = (
    continues("ike", "version 2, IKE_SA_INIT's answer", udp4_back(v2(34, RESPONDER), PORT)),
    continues("ike", "version 2, IKE_AUTH on port 4500", udp4(NON_ESP + v2(35, RESPONDER), NAT_PORT)),
    continues("ike", "version 1, informational without a responder: no opening", udp4(v1(5), PORT)),
    continues("ike", "ESP in UDP", udp4(esp(), NAT_PORT, NAT_PORT)),
    continues("ike", "ESP in UDP, back", udp4_back(esp(1400), NAT_PORT)),
    continues("ike", "ESP in UDP over IPv6", udp6(esp(), NAT_PORT)),
    continues("ike", "ESP in UDP with the first SPI that is not reserved", udp4(esp(spi=256), NAT_PORT)),
    continues("ike", "a NAT's keep-alive", udp4(b"\xff", NAT_PORT, NAT_PORT)),
    continues("ike", "a NAT's keep-alive, back", udp4_back(b"\xff", NAT_PORT)),
)

BOUNDARIES = (
    passes("IKE on another port", udp4(v2(34), 501)),
    passes("IKE on port 4500 without the four zero bytes and of no whole words", udp4(v2(34, size=241), NAT_PORT)),
    passes("IKE on port 500 behind four zero bytes", udp4(NON_ESP + v2(34), PORT)),
    passes("IKE whose length is one too large", udp4(v2(34, length=241), PORT)),
    passes("IKE whose length is one too small", udp4(v2(34, length=239), PORT)),
    passes("IKE on port 4500 whose length counts the four zero bytes", udp4(NON_ESP + v2(34, length=244), NAT_PORT)),
    passes("IKE without an initiator's SPI", udp4(bytes(8) + v2(34)[8:], PORT)),
    passes("IKE of version 0", udp4(changed(v2(34), 17, 0x00), PORT)),
    passes("IKE of version 2.1", udp4(changed(v2(34), 17, 0x21), PORT)),
    passes("IKE of version 3", udp4(changed(v2(34), 17, 0x30), PORT)),
    passes("IKE version 1 with an exchange of version 2", udp4(v1(34), PORT)),
    passes("IKE version 2 with an exchange of version 1", udp4(v2(2), PORT)),
    passes("IKE version 1, exchange 0", udp4(v1(0), PORT)),
    passes("IKE version 1, exchange 7", udp4(v1(7), PORT)),
    passes("IKE version 1, exchange 31", udp4(v1(31), PORT)),
    passes("IKE version 2, exchange 42", udp4(v2(42), PORT)),
    passes("IKE version 2, exchange 33", udp4(v2(33), PORT)),
    passes("IKE version 2, exchange 45", udp4(v2(45), PORT)),
    passes("an IKE header that lacks a byte", udp4(v2(34, size=28, length=27)[:-1], PORT)),
    passes("IKE in TCP", tcp4(v2(34), PORT)),
    passes("a keep-alive's byte on port 500", udp4(b"\xff", PORT)),
    passes("a keep-alive with another byte", udp4(b"\xfe", NAT_PORT)),
    passes("a keep-alive of two bytes", udp4(b"\xff\xff", NAT_PORT)),
    passes("ESP in UDP with a reserved SPI", udp4(esp(spi=255), NAT_PORT)),
    passes("ESP in UDP with sequence number 0", udp4(esp(sequence=0), NAT_PORT)),
    passes("ESP in UDP of no whole words", udp4(esp(101), NAT_PORT)),
    passes("ESP in UDP of 12 bytes", udp4(esp(12), NAT_PORT)),
    passes("ESP in UDP on another port", udp4(esp(), 4501)),
    passes("four zero bytes on port 4500 and noise behind", udp4(NON_ESP + noise(96), NAT_PORT)),
)

ROWS = (*OPENING, *exchanges(), *UNDER_WAY, *BOUNDARIES)
