"""Gives a machine's cards their names, addresses and namespaces, for good: network.py ROLE…, as root.

It runs in the machine with nothing but Debian's own Python. What it writes makes the same network at each boot.
"""

import ipaddress
import json
import subprocess
import sys
from pathlib import Path

TOPOLOGY = json.loads(Path("/tmp/wicket/topology.json").read_text())
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
NETWORK = Path("/etc/systemd/network")
ROUTER = 1  # the edge's host number on each link


def main(roles: set[str]) -> None:
    """Write the configuration of all roles and bring it up."""
    cards = {}
    for link in TOPOLOGY["links"].values():
        networks = [ipaddress.ip_network(link[key]) for key in ("network4", "network6")]
        if "edge" in roles:
            router = link["router"]
            cards[router["mac"]] = router["nic"]
            write_network(router["nic"], [f"{net[ROUTER]}/{net.prefixlen}" for net in networks])
        if link["host"]["role"] in roles:
            cards[link["host"]["mac"]] = namespace_nic(link["host"])
            write_namespace(link["host"], networks)
    management = TOPOLOGY["management"]
    length = ipaddress.ip_network(management["network4"]).prefixlen
    for role in roles:
        if role in management:
            cards[management[role]["mac"]] = management["nic"]
            write_network(management["nic"], [f"{management[role]['address']}/{length}"])
    for mac, name in cards.items():
        write_link(mac, name)
    write_sysctl("edge" in roles)
    rename(cards)
    run("udevadm", "control", "--reload")
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", "systemd-networkd")
    for link in TOPOLOGY["links"].values():
        if link["host"]["role"] in roles:
            run("systemctl", "enable", "--quiet", "--now", f"namespace-{link['host']['namespace']}.service")


def namespace_nic(host: dict[str, str]) -> str:
    """The card's name while it is outside its namespace: inside, several have the same."""
    return f"to-{host['role'][:10]}"


def write_link(mac: str, name: str) -> None:
    """Have udev name the card with this hardware address."""
    (NETWORK / f"10-{name}.link").write_text(f"[Match]\nMACAddress={mac}\n\n[Link]\nName={name}\n")


def write_network(name: str, addresses: list[str]) -> None:
    """Have networkd give a card its addresses, whether or not somebody is at the other end."""
    lines = "".join(f"Address={address}\n" for address in addresses)
    text = f"[Match]\nName={name}\n\n[Network]\n{lines}IPv6AcceptRA=no\nConfigureWithoutCarrier=yes\n"
    (NETWORK / f"20-{name}.network").write_text(text)


def write_sysctl(forwards: bool) -> None:
    """Forward on the edge; everywhere take packets that come another way than they would go."""
    lines = ["net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0"]
    lines += ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"] if forwards else []
    Path("/etc/sysctl.d/60-lab.conf").write_text("\n".join([*lines, ""]))
    run("sysctl", "--quiet", "--load=/etc/sysctl.d/60-lab.conf")


def write_namespace(host: dict[str, str], networks: list[Network]) -> None:
    """Have a service move the card into the role's namespace and give it all the hosts' addresses."""
    name, nic = host["namespace"], host["nic"]
    numbers = range(TOPOLOGY["hosts"]["first"], TOPOLOGY["hosts"]["last"] + 1)
    lines = [f"link set {namespace_nic(host)} down", f"link set {namespace_nic(host)} netns {name} name {nic}"]
    Path(f"/etc/wicket-lab-{name}-card").write_text("\n".join([*lines, ""]))
    lines = ["link set lo up", f"link set {nic} up"]
    for net in networks:
        at_once = " nodad" if net.version == 6 else ""  # without waiting for somebody who has it too
        lines += [f"address add {net[number]}/{net.prefixlen} dev {nic}{at_once}" for number in numbers]
        lines.append(f"route add default via {net[ROUTER]}")
    Path(f"/etc/wicket-lab-{name}-addresses").write_text("\n".join([*lines, ""]))
    Path(f"/etc/systemd/system/namespace-{name}.service").write_text(f"""\
[Unit]
Description=The lab's {name}, in a namespace of its own
After=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=ip netns add {name}
ExecStart=ip -batch /etc/wicket-lab-{name}-card
ExecStart=ip netns exec {name} sysctl --quiet net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
ExecStart=ip -netns {name} -batch /etc/wicket-lab-{name}-addresses
ExecStop=ip netns delete {name}

[Install]
WantedBy=multi-user.target
""")


def rename(cards: dict[str, str]) -> None:
    """Name the cards now, as udev will from the next boot on."""
    for link in json.loads(run("ip", "-json", "link")):
        name = cards.get(link.get("address"))
        if name and link["ifname"] != name:
            run("ip", "link", "set", link["ifname"], "down")
            run("ip", "link", "set", link["ifname"], "name", name)


def run(*command: str) -> str:
    """Run a command and return what it says; what it complains about is seen."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main(set(sys.argv[1:]))
