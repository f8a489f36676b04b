"""The table: packets, what they are, and what the program must say of them, a module a subject."""

from tests.kernel.table import headers, ike, openvpn, ordinary, tunnels, wireguard

ROWS = (*headers.ROWS, *wireguard.ROWS, *openvpn.ROWS, *ike.ROWS, *tunnels.ROWS, *ordinary.ROWS)
