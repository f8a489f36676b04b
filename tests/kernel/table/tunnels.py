"""ESP and AH by their numbers; L2TP (RFC 2661), PPTP and its GRE (RFC 2637)."""

from typing import Any

from scapy.layers.inet6 import (
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
)
from scapy.layers.ipsec import AH, ESP
from scapy.layers.l2 import GRE, GRE_PPTP
from scapy.layers.l2tp import L2TP
from scapy.layers.pptp import (
    PPTPEchoRequest,
    PPTPOutgoingCallRequest,
    PPTPStartControlConnectionReply,
    PPTPStartControlConnectionRequest,
    PPTPStopControlConnectionRequest,
)
from scapy.packet import Raw

from lab.packets import (
    changed,
    ether,
    ip4,
    ip4_back,
    ip6,
    noise,
    tcp4,
    tcp4_back,
    tcp6,
    udp4,
    udp4_back,
    udp6,
    word,
)
from tests.kernel.row import continues, opens, passes

L2TP_PORT, PPTP_PORT = 1701, 1723
PROTOCOL_ESP, PROTOCOL_AH, PROTOCOL_GRE = 50, 51, 47

SEALED = ESP(spi=0xC0FFEE01, seq=1, data=noise(64))
SIGNED = AH(nh=17, payloadlen=4, spi=0xC0FFEE02, seq=1, icv=noise(12)) / Raw(noise(40))

IPSEC = (
    continues("esp", "IPv4", ether() / ip4() / SEALED),
    continues("esp", "IPv4, back", ether() / ip4_back() / SEALED),
    continues("esp", "IPv4 with options", ether() / ip4(options=b"\1" * 8) / SEALED),
    continues("esp", "IPv6", ether() / ip6() / SEALED),
    continues("esp", "nothing behind the IPv6 header", ether() / ip6(nh=PROTOCOL_ESP)),
    continues("esp", "behind hop-by-hop options", ether() / ip6() / IPv6ExtHdrHopByHop() / SEALED),
    continues(
        "esp",
        "behind three extension headers",
        ether() / ip6() / IPv6ExtHdrHopByHop() / IPv6ExtHdrRouting() / IPv6ExtHdrDestOpt(nh=50) / SEALED,
    ),
    continues("esp", "the first fragment", ether() / ip4(flags="MF") / SEALED),
    continues("esp", "IPv6, the first fragment", ether() / ip6() / IPv6ExtHdrFragment(m=1, nh=50) / SEALED),
    continues("esp", "nothing behind the IP header", ether() / ip4(proto=PROTOCOL_ESP)),
    continues("ah", "IPv4", ether() / ip4() / SIGNED),
    continues("ah", "IPv4, back", ether() / ip4_back() / SIGNED),
    continues("ah", "IPv6", ether() / ip6(nh=PROTOCOL_AH) / SIGNED),
    continues("ah", "behind destination options", ether() / ip6() / IPv6ExtHdrDestOpt(nh=51) / SIGNED),
    continues("ah", "whose own length is 0", ether() / ip4() / AH(nh=6, payloadlen=0, spi=1) / Raw(noise(40))),
    continues("ah", "with ESP behind it", ether() / ip4() / AH(nh=50, payloadlen=4, icv=bytes(12)) / SEALED),
    passes("an IP protocol beside ESP's: 49", ether() / ip4(proto=49) / Raw(noise(64))),
    passes("an IP protocol beside AH's: 52", ether() / ip4(proto=52) / Raw(noise(64))),
    passes("ESP's number as a hop limit", ether() / ip6(nh=59, hlim=PROTOCOL_ESP) / Raw(noise(64))),
)

LENGTH, SEQUENCE, CONTROL = 0x400, 0x080, 0x800


def avp(kind: int, value: bytes, flags: int = 0x8000, vendor: int = 0) -> bytes:
    return word(flags | 6 + len(value), 2) + word(vendor, 2) + word(kind, 2) + value


def control(message: bytes, tunnel: int = 0, **fields: Any) -> bytes:
    """A control message; its first attribute says which it is."""
    header = L2TP(hdr=CONTROL | LENGTH | SEQUENCE, version=2, tunnel_id=tunnel, **fields)
    return bytes(header)[:2] + word(12 + len(message), 2) + bytes(header)[4:12] + message


def data(flags: int = 0, tunnel: int = 5, session: int = 6, size: int = 60, version: int = 2) -> bytes:
    header = L2TP(hdr=flags, version=version, tunnel_id=tunnel, session_id=session)
    return bytes(header / Raw(noise(size)))


SCCRQ = avp(0, word(1, 2)) + avp(2, b"\1\0") + avp(7, b"host") + avp(9, word(5, 2))
SCCRP, HELLO = avp(0, word(2, 2)) + avp(9, word(6, 2)), avp(0, word(6, 2))

L2TP_ROWS = (
    opens("l2tp", "a start-control-connection-request", udp4(control(SCCRQ), L2TP_PORT, L2TP_PORT)),
    opens("l2tp", "a start-control-connection-request over IPv6", udp6(control(SCCRQ), L2TP_PORT)),
    opens("l2tp", "a request from a port that is not L2TP's", udp4(control(SCCRQ), L2TP_PORT)),
    opens("l2tp", "a request that is its message type alone", udp4(control(avp(0, word(1, 2))), L2TP_PORT)),
    continues("l2tp", "the reply to it", udp4_back(control(SCCRP, tunnel=5), L2TP_PORT)),
    continues("l2tp", "a hello", udp4(control(HELLO, tunnel=5), L2TP_PORT)),
    continues("l2tp", "an acknowledgement, which has no attribute", udp4(control(b"", tunnel=5), L2TP_PORT)),
    continues("l2tp", "a request's message type inside a tunnel", udp4(control(SCCRQ, tunnel=5), L2TP_PORT)),
    continues(
        "l2tp", "a request that is hidden, as it may not be", udp4(control(avp(0, word(1, 2), 0xC000)), L2TP_PORT)
    ),
    continues("l2tp", "a request with a reserved bit", udp4(control(avp(0, word(1, 2), 0x8400)), L2TP_PORT)),
    opens("l2tp", "a request that is not mandatory", udp4(control(avp(0, word(1, 2), 0)), L2TP_PORT)),
    continues("l2tp", "data", udp4(data(), L2TP_PORT)),
    continues("l2tp", "data with its length", udp4(data(LENGTH), L2TP_PORT)),
    continues("l2tp", "data with length and sequence numbers", udp4(data(LENGTH | SEQUENCE), L2TP_PORT)),
    continues("l2tp", "data of priority", udp4(data(0x010), L2TP_PORT)),
    continues("l2tp", "data over IPv6", udp6(data(), L2TP_PORT)),
    passes("L2TP on another port", udp4(control(SCCRQ), 1702)),
    passes("L2TP whose length is one too large", udp4(changed(control(SCCRQ), 3, len(control(SCCRQ)) + 1), L2TP_PORT)),
    passes("L2TP whose length is one too small", udp4(changed(control(SCCRQ), 3, len(control(SCCRQ)) - 1), L2TP_PORT)),
    passes("L2TP of version 3", udp4(changed(control(SCCRQ), 1, 3), L2TP_PORT)),
    passes("an L2TP control message without sequence numbers", udp4(changed(control(SCCRQ), 0, 0xC0), L2TP_PORT)),
    passes("an L2TP control message with a reserved bit", udp4(changed(control(SCCRQ), 1, 0x12), L2TP_PORT)),
    passes("L2TP data of version 1 (L2F)", udp4(data(version=1), L2TP_PORT)),
    passes("L2TP data of version 3", udp4(data(version=3), L2TP_PORT)),
    passes("L2TP data with a reserved bit", udp4(data(0x001), L2TP_PORT)),
    passes("L2TP data of tunnel 0", udp4(data(tunnel=0), L2TP_PORT)),
    passes("L2TP data of session 0", udp4(data(session=0), L2TP_PORT)),
    passes("L2TP data with its length and of session 0", udp4(data(LENGTH, session=0), L2TP_PORT)),
    passes("L2TP data with another length", udp4(changed(data(LENGTH), 3, 9), L2TP_PORT)),
    passes("L2TP of 11 bytes", udp4(control(b"")[:11], L2TP_PORT)),
    passes("L2TP in TCP", tcp4(control(SCCRQ), L2TP_PORT)),
    passes("noise on port 1701", udp4(noise(100), L2TP_PORT)),
)

REQUEST = bytes(PPTPStartControlConnectionRequest(vendor_string="lab"))

PPTP_ROWS = (
    opens("pptp", "a start-control-connection-request", tcp4(REQUEST, PPTP_PORT)),
    opens("pptp", "a start-control-connection-request over IPv6", tcp6(REQUEST, PPTP_PORT)),
    continues("pptp", "the reply to it", tcp4_back(PPTPStartControlConnectionReply(), PPTP_PORT)),
    continues("pptp", "an outgoing-call-request", tcp4(PPTPOutgoingCallRequest(), PPTP_PORT)),
    continues("pptp", "an echo request", tcp4(PPTPEchoRequest(), PPTP_PORT)),
    continues("pptp", "a stop-control-connection-request", tcp4(PPTPStopControlConnectionRequest(), PPTP_PORT)),
    continues("pptp", "the highest message type, set-link-info", tcp4(changed(REQUEST, 9, 15), PPTP_PORT)),
    continues("pptp", "two messages in one segment", tcp4(bytes(PPTPEchoRequest()) * 2, PPTP_PORT)),
    passes("PPTP on another port", tcp4(REQUEST, 1724)),
    passes("PPTP whose first cookie byte differs", tcp4(changed(REQUEST, 4, 0x1B), PPTP_PORT)),
    passes("PPTP whose last cookie byte differs", tcp4(changed(REQUEST, 7, 0x4C), PPTP_PORT)),
    passes("PPTP that is longer than its segment", tcp4(REQUEST[:-1], PPTP_PORT)),
    passes("PPTP of a length below its header's", tcp4(changed(REQUEST, 1, 11), PPTP_PORT)),
    passes("a PPTP management message, type 2", tcp4(changed(REQUEST, 3, 2), PPTP_PORT)),
    passes("PPTP, control message 0", tcp4(changed(REQUEST, 9, 0), PPTP_PORT)),
    passes("PPTP, control message 16", tcp4(changed(REQUEST, 9, 16), PPTP_PORT)),
    passes("PPTP in UDP", udp4(REQUEST, PPTP_PORT)),
    passes("noise on port 1723", tcp4(noise(156), PPTP_PORT)),
)

PPP_FRAME = Raw(b"\xff\x03\x00\x21" + noise(40))


def gre(payload: Any, **fields: Any) -> bytes:
    return bytes(ether() / ip4(proto=PROTOCOL_GRE) / GRE_PPTP(call_id=3, **fields) / payload)


def with_gre_word(at: int, value: int) -> bytes:
    """PPTP's GRE with one byte of its header changed; it stands behind Ethernet and IPv4."""
    return changed(gre(PPP_FRAME, seqnum_present=1, sequence_number=1), 34 + at, value)


GRE_ROWS = (
    continues("gre_pptp", "with a sequence number", gre(PPP_FRAME, seqnum_present=1, sequence_number=1)),
    continues(
        "gre_pptp",
        "with sequence and acknowledgement numbers",
        gre(PPP_FRAME, seqnum_present=1, sequence_number=2, acknum_present=1, ack_number=1),
    ),
    continues("gre_pptp", "an acknowledgement alone", gre(Raw(b""), acknum_present=1, ack_number=1)),
    continues("gre_pptp", "the shortest header", gre(Raw(b""))),
    continues(
        "gre_pptp",
        "over IPv6",
        ether() / ip6(nh=PROTOCOL_GRE) / GRE_PPTP(seqnum_present=1, sequence_number=1, call_id=3) / PPP_FRAME,
    ),
    passes("GRE v1 with a checksum", with_gre_word(0, 0xB0)),
    passes("GRE v1 without a key", with_gre_word(0, 0x10)),
    passes("GRE v1 with a routing bit", with_gre_word(0, 0x70)),
    passes("GRE v1 with recursion control", with_gre_word(0, 0x31)),
    passes("GRE v1 with a flag that has no meaning", with_gre_word(1, 0x09)),
    passes("GRE v2", with_gre_word(1, 0x02)),
    passes("GRE v1 with another protocol", with_gre_word(3, 0x0C)),
    passes("GRE v1 of 7 bytes", ether() / ip4(proto=PROTOCOL_GRE) / Raw(bytes(GRE_PPTP(call_id=3))[:7])),
    passes("GRE v0 with IPv4", ether() / ip4() / GRE() / ip4(proto=1) / Raw(noise(20))),
    passes("GRE v0 with PPP and a key", ether() / ip4() / GRE(proto=0x880B, key_present=1, key=3) / PPP_FRAME),
    passes("GRE v0, a keep-alive", ether() / ip4() / GRE(proto=0)),
    passes(
        "GRE v0 with Ethernet and a key (NVGRE)", ether() / ip4() / GRE(proto=0x6558, key_present=1, key=9) / ether()
    ),
)

ROWS = (*IPSEC, *L2TP_ROWS, *PPTP_ROWS, *GRE_ROWS)
