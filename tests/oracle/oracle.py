"""A frame's protocol, from its first byte to its last."""

from tests.oracle import ike, l2tp, openvpn, pptp, wireguard
from tests.oracle.ip import packet_in
from tests.oracle.link import ip_in
from tests.oracle.said import ORDINARY, Said, Unread, continues
from tests.oracle.transport import Payload, datagram, segment

TCP, UDP, GRE, ESP, AH = 6, 17, 47, 50, 51  # IANA's registry of protocol numbers


def say(frame: bytes) -> Said:
    """Return what an Ethernet frame is, of 14 bytes or more."""
    try:
        packet = packet_in(frame, *ip_in(frame))
        if packet.protocol == UDP:
            return _in_datagram(datagram(frame, packet))
        if packet.protocol == TCP:
            return _in_segment(segment(frame, packet))
    except Unread as unread:
        return unread.said
    if packet.protocol == ESP:
        return continues("esp")
    if packet.protocol == AH:
        return continues("ah")
    if packet.protocol == GRE:
        return pptp.read_gre(frame[packet.at : packet.end]) or ORDINARY
    return ORDINARY


def _in_datagram(payload: Payload) -> Said:
    """What is known by its bytes alone comes before what is known with a port's help."""
    return (
        wireguard.read(payload) or openvpn.read_datagram(payload) or ike.read(payload) or l2tp.read(payload) or ORDINARY
    )


def _in_segment(payload: Payload) -> Said:
    return openvpn.read_segment(payload) or pptp.read(payload) or ORDINARY
