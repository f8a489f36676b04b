"""What must never suffer, whatever is enforced: ping, TCP and UDP, also on the ports of VPNs."""

from __future__ import annotations

from lab.machines.lab import Lab
from lab.machines.traffic import exchange
from lab.network import Peers

_INDEX = 24
# A port and whether TCP: HTTPS, OpenVPN's, PPTP's; DNS, QUIC, OpenVPN's, L2TP's, NAT-T's and WireGuard's.
PORTS = (
    *((port, True) for port in (443, 1194, 1723)),
    *((port, False) for port in (53, 443, 1194, 1701, 4500, 51820)),
)


def ordinary(lab: Lab) -> None:
    """Everything under enforce between peers that nobody has registered."""
    try:
        lab.gateway.guard(enforce=True)
        for version in (4, 6):
            ordinary_rows(lab, "ordinary", f"IPv{version}", lab.topology.peers(_INDEX, version), PORTS)
    finally:
        lab.gateway.release()


def ordinary_rows(lab: Lab, subject: str, name: str, peers: Peers, ports: tuple[tuple[int, bool], ...]) -> None:
    """A row for ping, and one for each port."""
    with lab.table.row(subject, f"{name}: ping, large ones too", "0 % lost") as row:
        ping = f"ping -n -q -i 0.05 -c 10 -W 3 -I {peers.client} {peers.server}"
        said = lab.subscriber.run(f"{ping}; {ping} -s 1300", seconds=60, check=False)
        lost = [line for line in said.splitlines() if "packet loss" in line]
        right = len(lost) == 2 and all(" 0% packet loss" in line for line in lost)
        row.see("; ".join(line.split(", ")[2] for line in lost) or "no answer", right)
    for port, tcp in ports:
        with lab.table.row(subject, f"{name}: {'TCP' if tcp else 'UDP'} port {port}", "0 lost") as row:
            said = exchange(lab, peers, port, tcp=tcp)
            row.see(f"{said['sent']} asked, {said['lost']} lost", said["lost"] == 0 and said["received"] > 0)
