"""OpenVPN over UDP and TCP: what opens a session in each mode of its control channel.

OpenVPN wire protocol draft, sections 3 and 4; replay ids as OpenVPN 2.6.14 sends them.
"""

from lab.packets import changed, noise, tcp4, tcp4_back, tcp6, udp4, udp4_back, udp6, word
from tests.kernel.row import Row, continues, opens, passes

PORT = 1194
CLIENT_V2, SERVER_V2, CLIENT_V3 = 0x38, 0x40, 0x50
SESSION = noise(8)
FIRST_MESSAGE = b"\0" + word(0)  # it acknowledges nothing
FIRST_REPLY = b"\1" + word(0) + noise(8) + word(0)  # it acknowledges the client's message 0
TIME = word(1_750_000_000)
HMACS = {"MD5": 16, "SHA1": 20, "SHA224": 28, "SHA256": 32, "SHA384": 48, "SHA512": 64}
EARLY = 0x0F00_0000  # in a replay id: the client can negotiate early
EARLY_MORE = 0x0A01_0000


def plain(opcode: int = CLIENT_V2, message: bytes = FIRST_MESSAGE) -> bytes:
    return bytes([opcode]) + SESSION + message


def tls_auth(hmac: int, opcode: int = CLIENT_V2, message: bytes = FIRST_MESSAGE, replay_id: int = 1) -> bytes:
    return bytes([opcode]) + SESSION + noise(hmac) + word(replay_id) + TIME + message


def tls_crypt(opcode: int = CLIENT_V2, message: bytes = FIRST_MESSAGE, replay_id: int = 1, time: bytes = TIME) -> bytes:
    """The tag and the message sealed, after a head in the clear."""
    return bytes([opcode]) + SESSION + word(replay_id) + time + noise(32) + noise(len(message))


def tls_crypt_v2(replay_id: int = 1, key: int = 299, announced: int | None = None) -> bytes:
    """The client's wrapped key, ``key`` bytes with its own length at the end, goes along."""
    wrapped = noise(key - 2) + word(announced if announced is not None else key, 2)
    return tls_crypt(CLIENT_V3, replay_id=replay_id) + wrapped


def segment(packet: bytes, more: int = 0) -> bytes:
    """A packet as TCP carries it: behind its length."""
    return word(len(packet) + more, 2) + packet


def retransmissions() -> list[Row]:
    """Every one takes the next replay id: a client that is let through at its second try is not refused."""
    ids = (1, 2, 3, 4, 5, 16, 255)
    auth = [opens("openvpn", f"tls-auth, try {i}", udp4(tls_auth(20, replay_id=i), PORT)) for i in ids[1:]]
    crypt = [opens("openvpn", f"tls-crypt, try {i}", udp4(tls_crypt(replay_id=i), PORT)) for i in ids[1:]]
    v2 = [
        opens("openvpn", f"tls-crypt-v2 in early negotiation, try {i}", udp4(tls_crypt_v2(EARLY + i), PORT))
        for i in ids
    ]
    return auth + crypt + v2


def every_hmac() -> list[Row]:
    rows = []
    for digest, size in HMACS.items():
        client, server = tls_auth(size), tls_auth(size, SERVER_V2, FIRST_REPLY)
        rows += [
            opens("openvpn", f"tls-auth with {digest}", udp4(client, PORT)),
            opens("openvpn", f"tls-auth with {digest} over TCP", tcp4(segment(client), PORT)),
            continues("openvpn", f"the server's reset, tls-auth with {digest}", udp4_back(server, PORT)),
            continues(
                "openvpn",
                f"the server's reset, tls-auth with {digest} over TCP",
                tcp4_back(segment(server), PORT),
            ),
            passes(f"tls-auth with {digest} and a byte more", udp4(client + b"\0", PORT)),
            passes(f"tls-auth with {digest} whose message id is not 0", udp4(changed(client, -1, 1), PORT)),
        ]
    return rows


UDP_MODES = (
    opens("openvpn", "plain", udp4(plain(), PORT)),
    opens("openvpn", "plain over IPv6", udp6(plain(), PORT)),
    opens("openvpn", "plain to port 443", udp4(plain(), 443)),
    opens("openvpn", "tls-crypt", udp4(tls_crypt(), PORT)),
    opens("openvpn", "tls-crypt over IPv6", udp6(tls_crypt(), PORT)),
    opens("openvpn", "tls-crypt-v2", udp4(tls_crypt_v2(), PORT)),
    opens("openvpn", "tls-crypt-v2 over IPv6", udp6(tls_crypt_v2(), PORT)),
    opens("openvpn", "tls-crypt-v2 with a cookie of early negotiation", udp4(tls_crypt_v2(EARLY_MORE + 1), PORT)),
    opens("openvpn", "tls-crypt-v2 with a long client key", udp4(tls_crypt_v2(key=1024), PORT)),
    continues("openvpn", "the server's plain reset", udp4_back(plain(SERVER_V2, FIRST_REPLY), PORT)),
    continues("openvpn", "the server's reset, tls-crypt", udp4_back(tls_crypt(SERVER_V2, FIRST_REPLY), PORT)),
    opens("openvpn", "plain, with Ethernet's padding behind it", bytes(udp4(plain(), PORT)) + bytes(4)),
    passes("a plain reset that lacks a byte, which padding adds", bytes(udp4(plain()[:-1], PORT)) + bytes(5)),
    passes("a plain reset that lacks a byte", udp4(plain()[:-1], PORT)),
    passes("a plain reset with a byte more", udp4(plain() + b"\0", PORT)),
    passes("a plain reset that acknowledges something", udp4(changed(plain(), 9, 1), PORT)),
    passes("a plain reset whose message id is not 0", udp4(changed(plain(), 13, 1), PORT)),
    passes("a plain reset with key id 1", udp4(plain(CLIENT_V2 + 1), PORT)),
    passes("a client's plain reset as long as a server's", udp4(plain(message=FIRST_REPLY), PORT)),
    passes("a server's plain reset as long as a client's", udp4_back(plain(SERVER_V2), PORT)),
    passes(
        "a server's plain reset that acknowledges nothing",
        udp4_back(changed(plain(SERVER_V2, FIRST_REPLY), 9, 0), PORT),
    ),
    passes(
        "a server's plain reset that acknowledges message 1",
        udp4_back(changed(plain(SERVER_V2, FIRST_REPLY), 13, 1), PORT),
    ),
    passes(
        "a server's plain reset whose message id is 1",
        udp4_back(changed(plain(SERVER_V2, FIRST_REPLY), -1, 1), PORT),
    ),
    passes("tls-auth with replay id 0", udp4(tls_auth(20, replay_id=0), PORT)),
    passes("tls-auth with replay id 256", udp4(tls_auth(20, replay_id=256), PORT)),
    passes("tls-auth, the HMAC of no digest: 24 bytes", udp4(tls_auth(24), PORT)),
    passes("tls-crypt with replay id 0", udp4(tls_crypt(replay_id=0), PORT)),
    passes("tls-crypt with replay id 256", udp4(tls_crypt(replay_id=256), PORT)),
    passes("tls-crypt at the time 0", udp4(tls_crypt(time=word(0)), PORT)),
    passes("tls-crypt that lacks a byte", udp4(tls_crypt()[:-1], PORT)),
    passes("tls-crypt with a byte more", udp4(tls_crypt() + b"\0", PORT)),
    passes("a server's tls-crypt reset as long as a client's", udp4_back(tls_crypt(SERVER_V2), PORT)),
    passes("tls-crypt-v2 whose key is a byte longer than it says", udp4(tls_crypt_v2(announced=298), PORT)),
    passes("tls-crypt-v2 whose key is a byte shorter than it says", udp4(tls_crypt_v2(announced=300), PORT)),
    passes("tls-crypt-v2 with replay id 0", udp4(tls_crypt_v2(EARLY), PORT)),
    passes("tls-crypt-v2 with replay id 256", udp4(tls_crypt_v2(EARLY + 256), PORT)),
    passes("tls-crypt-v2 with another first byte of its replay id", udp4(tls_crypt_v2(0x0E00_0001), PORT)),
    passes("tls-crypt-v2 with key id 1", udp4(changed(tls_crypt_v2(), 0, CLIENT_V3 + 1), PORT)),
    passes("tls-crypt-v2 without a key", udp4(tls_crypt(CLIENT_V3), PORT)),
    passes("a soft reset, which renews a session's keys", udp4(plain(0x18), PORT)),
    passes("a control packet", udp4(b"\x20" + SESSION + FIRST_REPLY + noise(200), PORT)),
    passes("an acknowledgement", udp4(b"\x28" + SESSION + FIRST_REPLY[:13], PORT)),
    passes("OpenVPN data, which nothing but its session identifies", udp4(b"\x48\0\0\1" + noise(96), PORT)),
)

TCP_MODES = (
    opens("openvpn", "plain over TCP", tcp4(segment(plain()), PORT)),
    opens("openvpn", "plain over TCP to port 443", tcp4(segment(plain()), 443)),
    opens("openvpn", "plain over TCP and IPv6", tcp6(segment(plain()), 443)),
    opens("openvpn", "tls-crypt over TCP", tcp4(segment(tls_crypt()), PORT)),
    opens("openvpn", "tls-crypt-v2 over TCP", tcp4(segment(tls_crypt_v2()), PORT)),
    opens("openvpn", "tls-crypt-v2 over TCP in early negotiation", tcp4(segment(tls_crypt_v2(EARLY + 1)), 443)),
    continues("openvpn", "the server's plain reset over TCP", tcp4_back(segment(plain(SERVER_V2, FIRST_REPLY)), PORT)),
    continues(
        "openvpn",
        "the server's reset, tls-crypt over TCP",
        tcp4_back(segment(tls_crypt(SERVER_V2, FIRST_REPLY)), PORT),
    ),
    opens("openvpn", "plain over TCP, with padding behind it", bytes(tcp4(segment(plain()), PORT)) + bytes(4)),
    opens("openvpn", "two plain resets in one segment", tcp4(segment(plain()) * 2, PORT)),
    opens("openvpn", "five tls-crypt resets in one segment", tcp4(segment(tls_crypt()) * 5, PORT)),
    opens("openvpn", "a tls-auth reset, and half of it once more", tcp4((segment(tls_auth(20)) * 2)[:70], PORT)),
    opens("openvpn", "a tls-crypt-v2 reset and an acknowledgement", tcp4(segment(tls_crypt_v2()) + noise(9), 443)),
    continues(
        "openvpn",
        "the server's plain reset and more of it",
        tcp4_back(segment(plain(SERVER_V2, FIRST_REPLY)) + noise(60), PORT),
    ),
    passes("a record that is none, and a plain reset behind it", tcp4(segment(noise(14)) + segment(plain()), PORT)),
    passes("two records in one segment, the first a byte short", tcp4(segment(plain()[:-1]) + segment(plain()), PORT)),
    passes("a plain reset in TCP, its length one too small", tcp4(segment(plain(), -1), PORT)),
    passes("a plain reset in TCP, its length one too large", tcp4(segment(plain(), 1), PORT)),
    passes("a plain reset in TCP without its length", tcp4(plain(), PORT)),
    passes("a plain reset in UDP with TCP's length in front", udp4(segment(plain()), PORT)),
    passes("a plain reset in TCP that lacks a byte", tcp4(segment(plain()[:-1]), PORT)),
    passes("tls-crypt in TCP with a byte more", tcp4(segment(tls_crypt() + b"\0"), PORT)),
    passes("tls-crypt-v2 in TCP with another length of its key", tcp4(segment(tls_crypt_v2(announced=9)), 443)),
    passes("OpenVPN data in TCP", tcp4(segment(b"\x48\0\0\1" + noise(96)), PORT)),
    passes("a TCP segment of two zero bytes", tcp4(bytes(2), PORT)),
)

ROWS = (*UDP_MODES, *retransmissions(), *every_hmac(), *TCP_MODES)
