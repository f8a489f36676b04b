"""All rows, by the software that they are of; each group stands on a stage of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lab.matrix.row import MatrixRow
from lab.matrix.rows import ike, libreswan, openvpn, others, ppp, wireguard

GROUPS: Mapping[str, Sequence[MatrixRow]] = {
    "wireguard": wireguard.ROWS,
    "ike": ike.ROWS,
    "ike-wary": ike.WARY_ROWS,
    "libreswan": libreswan.ROWS,
    "openvpn-udp": openvpn.UDP_ROWS,
    "openvpn-tcp": openvpn.TCP_ROWS,
    "ppp": ppp.ROWS,
    "others": others.ROWS,
}
