"""Look-alikes: ordinary traffic that resembles VPN traffic in a byte, a port or a length, and must pass as what it is.

First bytes 38, 40 and 50 are OpenVPN's, 01 to 04 WireGuard's; lengths 14, 26, 42, 54 and 148 are theirs too.
"""

from scapy.contrib.erspan import ERSPAN_II
from scapy.contrib.geneve import GENEVE
from scapy.contrib.gtp import GTP_U_Header
from scapy.contrib.oncrpc import RPC, RM_Header, RPC_Call
from scapy.contrib.stun import STUN
from scapy.layers.dns import DNS, DNSQR, DNSRR
from scapy.layers.inet import ICMP
from scapy.layers.l2 import GRE
from scapy.layers.ntp import NTP
from scapy.layers.rtp import RTP
from scapy.layers.tftp import TFTP, TFTP_ACK, TFTP_DATA, TFTP_RRQ
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

from lab.packets import ether, ip4, ip6, noise, tcp4, tcp4_back, tcp6, udp, udp4, udp4_back, udp6, word
from tests.kernel.row import passes
from tests.kernel.table.wireguard import INITIATION, PORT

# RFC 9000, section 17.2; RFC 9369, section 3
QUIC_VERSIONS = {"1": 1, "2": 0x6B3343CF, "draft 29": 0xFF00001D, "gQUIC 46": 0x51303436, "gQUIC 50": 0x51303530}


def quic_initial(version: int) -> bytes:
    head = b"\xc3" + word(version) + b"\x08" + noise(8) + b"\0\0" + word(0x4000 | 1178, 2)
    return head + noise(1200 - len(head))


def quic_short(first: int, size: int) -> bytes:
    """A short header: a byte of flags, a connection id, a packet number, sealed content."""
    return bytes([first]) + noise(size - 1)


QUIC = (
    *(
        passes(f"QUIC version {name}, Initial", udp4(quic_initial(number), 443))
        for name, number in QUIC_VERSIONS.items()
    ),
    passes("QUIC Initial over IPv6", udp6(quic_initial(1), 443)),
    passes("QUIC version negotiation", udp4_back(b"\x80" + word(0) + b"\x08" + noise(8) + word(1) + word(2), 443)),
    *(
        passes(f"QUIC with a short header, {size} bytes", udp4(quic_short(0x40, size), 443))
        for size in (26, 50, 54, 66)
    ),
    passes("QUIC with a short header and its key phase set", udp4(quic_short(0x50, 54), 443)),
    passes("QUIC with a short header, a client on port 500", udp4_back(quic_short(0x50, 353), 443, 500)),
    passes("QUIC Initial, a client on port 4500", udp4(quic_initial(1)[:1199], 443, 4500)),
    *(
        passes(f"gQUIC 43 with flags 38, {size} bytes", udp4(b"\x38" + noise(size - 1), 443))
        for size in (14, 42, 54, 86)
    ),
    passes("gQUIC 39, a client hello", udp4(b"\x0d" + noise(8) + b"Q039\1" + noise(12) + b"CHLO" + noise(1300), 443)),
)

QUESTION = DNS(id=0x3800, rd=1, qd=DNSQR(qname="example.org"))
ANSWER = DNS(id=0x4000, qr=1, qd=DNSQR(qname="example.org"), an=DNSRR(rrname="example.org", rdata="192.0.2.1"))

NAMES = (
    passes("a DNS question", udp4(QUESTION, 53)),
    passes("a DNS question over IPv6", udp6(QUESTION, 53)),
    passes("a DNS answer", udp4_back(ANSWER, 53)),
    passes("a DNS question on port 500", udp4(QUESTION, 500)),
    passes("a DNS question of 29 bytes on port 4500", udp4(QUESTION, 4500)),
    passes("a DNS question on port 1194", udp4(QUESTION, 1194)),
    passes("a DNS question on port 1701", udp4(QUESTION, 1701)),
    passes(
        "a DNS answer whose id begins with 50, its records random",
        udp4_back(b"\x50\0\x81\x80\0\1\0\1\0\0\0\0" + noise(341), 53),
    ),
    passes(
        "a DNS question whose id is 0100, of 148 bytes",
        udp4(bytes(DNS(id=0x0100, rd=1, qd=DNSQR(qname="a" * 63 + "." + "b" * 61)))[:148], 53),
    ),
    passes("a DNS question over TCP, its length in front", tcp4(word(len(QUESTION), 2) + bytes(QUESTION), 53)),
    passes("a DNS answer over TCP whose id begins with 38", tcp4_back(word(54, 2) + b"\x38" + noise(53), 53)),
    passes(
        "iodine, a tunnel in names", udp4(DNS(id=0x3812, qd=DNSQR(qname="0eaba82m2hbaaak.t.example", qtype="NULL")), 53)
    ),
    passes("multicast DNS", udp4(DNS(id=0, qd=DNSQR(qname="_http._tcp.local")), 5353, 5353)),
    passes("NTP", udp4(NTP(), 123, 123)),
)

CHANNEL_DATA = word(0x4000, 2) + word(22, 2)

MEDIA = (
    passes("DTLS 1.2, a client hello", udp4(b"\x16\xfe\xfd" + bytes(8) + word(120, 2) + b"\1" + noise(119), 443)),
    passes("DTLS 1.2, data on port 4433", udp4(b"\x17\xfe\xfd\0\1" + noise(6) + word(64, 2) + noise(64), 4433)),
    passes("DTLS 1.3, a unified header on port 4500, odd", udp4(b"\x2f" + noise(40), 4500)),
    passes("STUN, a binding request", udp4(STUN(stun_message_type=1, length=0, transaction_id=9), 3478)),
    passes("STUN on port 500", udp4(STUN(stun_message_type=1, length=0, transaction_id=9), 500)),
    passes("STUN before RFC 5389, without its cookie, to port 4500", udp4(b"\0\1\0\0" + noise(17), 4500)),
    passes(
        "TURN, channel 4000 with 22 bytes: an OpenVPN reset's first byte and length",
        udp4(CHANNEL_DATA + noise(22), 3478),
    ),
    passes(
        "TURN, channel 4000 with RTP", udp4(word(0x4000, 2) + word(50, 2) + bytes(RTP(sequence=1)) + noise(38), 3478)
    ),
    passes("RTP", udp4(RTP(sequence=7, timestamp=8, sourcesync=9) / Raw(noise(160)), 16384)),
    passes("RTP on port 1194", udp4(RTP(sequence=7, timestamp=8, sourcesync=9) / Raw(noise(160)), 1194)),
    passes("RTCP", udp4(b"\x81\xc9\0\7" + noise(28), 16385)),
    passes("SRTP on port 51820", udp4(RTP(sequence=7) / Raw(noise(170)), PORT)),
)


def rpc(transaction: int) -> bytes:
    """A call of NFS: program 100003, version 3, GETATTR."""
    return bytes(RPC(xid=transaction, mtype=0) / RPC_Call(program=100003, pversion=3, procedure=1)) + noise(36)


FILES = (
    passes("NFS over UDP", udp4(rpc(0x38000001), 2049, 800)),
    passes("NFS whose transaction begins with 40", udp4(rpc(0x40000001), 2049, 800)),
    passes("NFS whose transaction begins with 50", udp4(rpc(0x50010203), 2049, 800)),
    passes("NFS over TCP", tcp4(bytes(RM_Header(rm=0x80000000 | 92)) + rpc(0x38000002), 2049, 801)),
    passes("SunRPC's port mapper", udp4(rpc(0x04000001), 111)),
    passes("NFS whose transaction begins with 04 00 00, of 64 bytes", udp4(rpc(0x04000001)[:64], 2049)),
    passes("TFTP, a read request", udp4(TFTP() / TFTP_RRQ(filename="boot.img", mode="octet"), 69)),
    passes("TFTP, data", udp4_back(TFTP() / TFTP_DATA(block=1) / Raw(noise(512)), 3000)),
    passes("TFTP, an acknowledgement", udp4(TFTP() / TFTP_ACK(block=1), 3000)),
    *(
        passes(f"UFTP, version 40, {size} bytes", udp4(b"\x40\1" + word(1, 2) + noise(size - 4), 1044))
        for size in (26, 54, 66)
    ),
    passes("SMB over TCP", tcp4(bytes(1) + word(100, 3) + b"\xfeSMB" + noise(96), 445)),
)

PEERS = (
    passes("uTP, a SYN", udp4(b"\x41\0" + noise(18), 6881)),
    passes("uTP, data of 148 bytes: an initiation's first byte and length", udp4(b"\1\0" + noise(146), 6881)),
    passes("uTP, data of 148 bytes, connection 1", udp4(b"\1\0\0\1" + noise(144), 6881)),
    passes("uTP, data with an extension", udp4(b"\1\2" + noise(90), PORT)),
    passes("BitTorrent's DHT", udp4(b"d1:ad2:id20:" + noise(20) + b"e1:q4:ping1:t2:aa1:y1:qe", 6881)),
    passes("BitTorrent's DHT on port 1194", udp4(b"d1:ad2:id20:" + noise(20) + b"e1:q4:ping1:t2:aa1:y1:qe", 1194)),
    passes("a BitTorrent tracker, connect", udp4(word(0x417_2710_1980, 8) + word(0) + noise(4), 6969)),
    passes("BitTorrent over TCP", tcp4(b"\x13BitTorrent protocol" + noise(48), 6881)),
    passes("Gnutella, a ping whose id begins with 38", udp4(b"\x38" + noise(15) + b"\0\1\0" + word(0), 6346)),
    passes(
        "Gnutella, a query of 54 bytes whose id begins with 50",
        udp4(b"\x50" + noise(15) + b"\x80\3\0" + b"\x1f\0\0\0" + noise(31), 6346),
    ),
    passes("Gnutella over TCP", tcp4(b"GNUTELLA CONNECT/0.6\r\nUser-Agent: lab\r\n\r\n", 6346)),
    *(
        passes(f"Telegram, a call whose packet begins with {first:02x}", udp4(bytes([first]) + noise(size), 600))
        for first, size in ((0x38, 53), (0x40, 65), (0x50, 352))
    ),
    passes("Telegram over TCP, its length in front", tcp4(word(54, 2) + b"\x50" + noise(53), 443)),
)

GAMES = (
    passes("Steam, a server query", udp4(b"\xff\xff\xff\xffTSource Engine Query\0", 27015)),
    passes("Steam, its datagram protocol", udp4(b"VS01" + noise(60), 27018)),
    passes("Steam, a voice packet that begins with 40", udp4(b"\x40" + noise(25), 27005)),
    passes("a game's datagram: 01 00 00 00, of 147 bytes", udp4(b"\1\0\0\0" + noise(143), 7000)),
    passes("a game's datagram: 02 00 00 00, of 93 bytes", udp4(b"\2\0\0\0" + noise(89), 7000)),
    passes("a game's datagram: 03 00 00 00, of 65 bytes", udp4(b"\3\0\0\0" + noise(61), 7000)),
    passes("a game's datagram: 04 00 00 00, of 40 bytes", udp4(b"\4\0\0\0" + noise(36), 7000)),
    passes("a mobile game's datagram: 38, 14 bytes", udp4(b"\x38" + noise(13), 30000)),
    passes("a mobile game's datagram: 38, 42 bytes", udp4(b"\x38" + noise(41), 30000)),
    passes("ENet, a connection", udp4(b"\x8f\xff\x12\x34\x82\xff\0\1" + noise(40), 7777)),
    passes(
        "Minecraft, RakNet",
        udp4(b"\1" + word(9, 8) + bytes.fromhex("00ffff00fefefefefdfdfdfd12345678") + noise(8), 19132),
    ),
)

INSIDE = ether() / ip4() / udp(INITIATION, PORT)
INNER = ip4() / udp(INITIATION, PORT)

TUNNELS = (
    passes("Teredo: IPv6 in UDP", udp4(ip6() / udp(INITIATION, PORT), 3544)),
    passes("GTP-U around an initiation", udp4(GTP_U_Header(teid=9) / INNER, 2152, 2152)),
    passes("VXLAN around an initiation", udp4(VXLAN(vni=9, flags="Instance") / INSIDE, 4789)),
    passes("Geneve around an initiation", udp4(GENEVE(vni=9) / INSIDE, 6081)),
    passes(
        "GRE v0 with ERSPAN",
        ether() / ip4() / GRE(proto=0x88BE, seqnum_present=1, sequence_number=1) / ERSPAN_II() / INSIDE,
    ),
    passes("GRE v0 with PPP", ether() / ip4() / GRE(proto=0x880B) / Raw(b"\xff\x03\x00\x21" + bytes(INNER))),
    passes("ICMP around an initiation", ether() / ip4() / ICMP() / Raw(INITIATION)),
)

SCANS = (
    *(passes(f"a SYN to TCP port {port}", tcp4(b"", port, flags="S")) for port in (443, 500, 1194, 1701, 1723, 4500)),
    passes("a SYN to port 1723 with data", tcp4(noise(12), 1723, flags="S")),
    passes("a SYN over IPv6 to port 1194", tcp6(b"", 1194)),
    passes("a reset from port 1723", tcp4_back(b"", 1723)),
    *(passes(f"an empty datagram to UDP port {port}", udp4(b"", port)) for port in (500, 1194, 1701, 4500, PORT)),
    *(passes(f"one zero byte to UDP port {port}", udp4(b"\0", port)) for port in (500, 1194, 1701, 4500, PORT)),
    passes("zeros to UDP port 500", udp4(bytes(28), 500)),
    passes("zeros to UDP port 4500", udp4(bytes(32), 4500)),
    passes("zeros to UDP port 1701", udp4(bytes(20), 1701)),
    passes("zeros to UDP port 51820", udp4(bytes(148), PORT)),
    passes("ones to UDP port 500", udp4(b"\xff" * 28, 500)),
)

CLIENT_HELLO = b"\x16\x03\x01" + word(508, 2) + b"\1" + word(504, 3) + b"\x03\x03" + noise(502)

XORED = bytes(byte ^ 0x5A for byte in b"\x38" + noise(8) + bytes(5))

DISGUISED = (
    passes("TLS: a web site, or a VPN in TLS (SSTP, AnyConnect, Trojan, VLESS)", tcp4(CLIENT_HELLO, 443)),
    passes("TLS on port 1194: OpenVPN in stunnel", tcp4(CLIENT_HELLO, 1194)),
    passes("TLS on port 1723", tcp4(CLIENT_HELLO, 1723)),
    passes("TLS data over IPv6", tcp6(b"\x17\x03\x03" + word(200, 2) + noise(200), 443)),
    passes("a WebSocket's upgrade", tcp4(b"GET /tunnel HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", 80)),
    passes("SSH, or a tunnel in it", tcp4(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", 22)),
    passes("a SOCKS greeting", tcp4(b"\5\1\0", 1080)),
    passes("OpenVPN scrambled by XOR", udp4(XORED, 1194)),
    passes("OpenVPN scrambled by XOR, over TCP", tcp4(word(14, 2) + XORED, 1194)),
    passes("WireGuard with another header (AmneziaWG)", udp4(noise(4) + INITIATION[4:], PORT)),
    passes("WireGuard with junk in front (AmneziaWG)", udp4(noise(15) + INITIATION, PORT)),
    passes("WireGuard in TCP's clothes (udp2raw)", tcp4(noise(16) + INITIATION, PORT)),
    passes("Shadowsocks over UDP", udp4(noise(148), 8388)),
    passes("Shadowsocks over TCP", tcp4(noise(300), 8388)),
    passes("obfs4", tcp4(noise(1200), 9001)),
    passes("Hysteria, which is QUIC", udp4(quic_initial(1), 36712)),
    passes("noise on port 1194", udp4(noise(86), 1194)),
    passes("noise on port 51820", udp4(noise(148), PORT)),
    passes("noise of 353 bytes on port 500", udp4(noise(353), 500)),
)

ROWS = (*QUIC, *NAMES, *MEDIA, *FILES, *PEERS, *GAMES, *TUNNELS, *SCANS, *DISGUISED)
