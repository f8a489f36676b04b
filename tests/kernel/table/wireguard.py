"""WireGuard, whitepaper section 5.4."""

from scapy.contrib.wireguard import (
    Wireguard,
    WireguardCookieReply,
    WireguardInitiation,
    WireguardResponse,
    WireguardTransport,
)

from lab.packets import changed, noise, tcp4, udp4, udp4_back, udp6
from tests.kernel.row import continues, opens, passes

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


ROWS = (
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
