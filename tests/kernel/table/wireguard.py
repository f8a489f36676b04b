"""WireGuard, whitepaper section 5.4."""

from scapy.contrib.wireguard import (
    Wireguard,
    WireguardCookieReply,
    WireguardInitiation,
    WireguardResponse,
    WireguardTransport,
)

from lab.packets import changed, noise, tcp4, udp4, udp4_back, udp6, word
from tests.kernel.row import Row, continues, opens, passes

PORT = 51820
INITIATION = bytes(
    Wireguard()
    / WireguardInitiation(
        sender_index=7,
        unencrypted_ephemeral=noise(32),
        encrypted_static=noise(48),
        encrypted_timestamp=noise(28),
        mac1=noise(16),
        mac2=bytes(16),
    )
)
RESPONSE = bytes(
    Wireguard()
    / WireguardResponse(
        sender_index=8,
        receiver_index=7,
        unencrypted_ephemeral=noise(32),
        encrypted_nothing=noise(16),
        mac1=noise(16),
        mac2=bytes(16),
    )
)
COOKIE = bytes(Wireguard() / WireguardCookieReply(receiver_index=7, nonce=noise(24), encrypted_cookie=noise(32)))


def data(inside: int) -> bytes:
    """A transport message around so many bytes, which are padded to 16 and get a tag of 16."""
    sealed = noise(-(-inside // 16) * 16 + 16)
    return bytes(Wireguard() / WireguardTransport(receiver_index=7, counter=1, encrypted_encapsulated_packet=sealed))


DNS_PORT, MULTICAST_DNS_PORT, LLMNR_PORT = 53, 5353, 5355


def question(kind: int, size: int, counts: tuple[int, int, int, int] = (1, 0, 0, 1), flags: int = 0) -> bytes:
    """A question to a name server whose number is a WireGuard type's first two bytes, and flags that are its others.

    RFC 1035, section 4.1.1; it is padded as RFC 7830 does, to so many bytes.
    """
    header = word(kind << 8, 2) + word(flags, 2) + b"".join(word(count, 2) for count in counts)
    return (header + b"\7example\3net\0" + word(1, 2) + word(1, 2) + b"\0" + word(41, 2)).ljust(size, b"\0")


def questions() -> list[Row]:
    """What a resolver sends, with recursion not desired: id 0x0100 to 0x0400 and flags 0."""
    rows = []
    for kind, size in ((1, 148), (2, 92), (3, 64), (4, 64), (4, 512)):
        asked = question(kind, size)
        rows += [
            *(
                passes(f"a DNS question of id {kind:02x}00 and {size} bytes to port {port}", udp4(asked, port))
                for port in (DNS_PORT, MULTICAST_DNS_PORT, LLMNR_PORT)
            ),
            passes(f"the same of {size} bytes and id {kind:02x}00 over IPv6", udp6(asked, DNS_PORT)),
            passes(f"DNS of {size} bytes and id {kind:02x}00 from port 53", udp4_back(asked, DNS_PORT)),
            passes(
                f"a question of {size} bytes and id {kind:02x}00 for what changed (IXFR)",
                udp4(question(kind, size, (1, 0, 1, 2)), DNS_PORT),
            ),
            passes(
                f"{size} bytes of id {kind:02x}00 that ask for a cookie alone",
                udp4(question(kind, size, (0, 0, 0, 1)), DNS_PORT),
            ),
        ]
    answers = ((kind, size, flags) for kind, size in ((1, 148), (3, 64), (4, 64)) for flags in (0x8000, 0x8580))
    rows += [
        passes(
            f"a DNS answer of id {kind:02x}00, {size} bytes and flags {flags:04x}",
            udp4_back(question(kind, size, (1, 1, 0, 1), flags), DNS_PORT),
        )
        for kind, size, flags in answers
    ]
    return rows


def reading(octets: dict[int, int]) -> bytes:
    """An initiation with some octets, by their place, as they are given."""
    initiation = INITIATION
    for place, octet in octets.items():
        initiation = changed(initiation, place, octet)
    return initiation


WIREGUARD_ON_DNS = [
    opens("wireguard", f"an initiation whose {what}, to port 53", udp4(reading(changes), DNS_PORT))
    for what, changes in {
        "index is 0": {4: 0, 5: 0, 6: 0, 7: 0},
        "index reads as two questions": {4: 0, 5: 2, 6: 0, 7: 0, 8: 0, 9: 0, 10: 0, 11: 0},
        "index and key read as one question and an answer": {4: 0, 5: 1, 6: 0, 7: 1, 8: 0, 9: 0, 10: 0, 11: 0},
        "index and key read as a question and three records more": {4: 0, 5: 1, 6: 0, 7: 0, 8: 0, 9: 0, 10: 0, 11: 3},
        "index and key read as a question and two authorities": {4: 0, 5: 1, 6: 0, 7: 0, 8: 0, 9: 2, 10: 0, 11: 0},
        "index and first bytes of its key are 0": dict.fromkeys(range(4, 12), 0),
    }.items()
]

ROWS = (
    *questions(),
    *WIREGUARD_ON_DNS,
    opens("wireguard", "what reads as a DNS question, to its own port", udp4(question(1, 148), PORT)),
    opens("wireguard", "an initiation", udp4(INITIATION, PORT)),
    opens("wireguard", "an initiation over IPv6", udp6(INITIATION, PORT)),
    opens("wireguard", "an initiation to port 53", udp4(INITIATION, 53)),
    opens("wireguard", "an initiation to port 443", udp4(INITIATION, 443)),
    opens("wireguard", "an initiation to port 500, IKE's", udp4(INITIATION, 500)),
    opens("wireguard", "an initiation to port 4500", udp4(INITIATION, 4500)),
    opens("wireguard", "an initiation from the server's end", udp4_back(INITIATION, PORT)),
    continues("wireguard", "the response", udp4_back(RESPONSE, PORT)),
    continues("wireguard", "a cookie reply", udp4_back(COOKIE, PORT)),
    continues("wireguard", "a keep-alive: data without content", udp4(data(0), PORT)),
    continues("wireguard", "data", udp4(data(84), PORT)),
    continues("wireguard", "data of a full packet, back", udp4_back(data(1420), PORT)),
    continues("wireguard", "data over IPv6", udp6(data(84), PORT)),
    passes("an initiation that lacks a byte", udp4(INITIATION[:-1], PORT)),
    passes("an initiation with a byte more", udp4(INITIATION + b"\0", PORT)),
    passes("an initiation whose second byte is not zero", udp4(changed(INITIATION, 1, 1), PORT)),
    passes("an initiation whose third byte is not zero", udp4(changed(INITIATION, 2, 1), PORT)),
    passes("an initiation whose fourth byte is not zero", udp4(changed(INITIATION, 3, 1), PORT)),
    passes("a WireGuard message of type 0", udp4(changed(INITIATION, 0, 0), PORT)),
    passes("a WireGuard message of type 5", udp4(changed(data(84), 0, 5), PORT)),
    passes("a response as long as an initiation", udp4_back(changed(INITIATION, 0, 2), PORT)),
    passes("a response with a byte more", udp4_back(RESPONSE + b"\0", PORT)),
    passes("a response that lacks a byte", udp4_back(RESPONSE[:-1], PORT)),
    passes("a cookie reply with a byte more", udp4_back(COOKIE + b"\0", PORT)),
    passes("a cookie reply that lacks a byte", udp4_back(COOKIE[:-1], PORT)),
    passes("WireGuard data that is no multiple of 16", udp4(data(84) + b"\0", PORT)),
    passes("WireGuard data of 16 bytes, without its tag", udp4(data(0)[:16], PORT)),
    passes("WireGuard data that lacks its last block's last byte", udp4(data(84)[:-1], PORT)),
    passes("an initiation in TCP", tcp4(INITIATION, PORT)),
)
