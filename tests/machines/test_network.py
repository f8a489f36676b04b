"""vagrant/provision/network.py on cards with the lab's hardware addresses: names, addresses and namespaces.

It runs here as it does in a machine, in a mount and a network namespace of its own. Only systemd is absent: udev's and
networkd's files are read, and the services' commands are run one by one, as systemd would.
"""

import ipaddress
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lab.machines.machine import UNITS
from lab.machines.topology import FILE, Topology

PROVISION = Path(__file__).parents[2] / "vagrant" / "provision" / "network.py"
VARIANTS: dict[str, dict[str, str]] = json.loads(FILE.read_text())["variants"]
MACHINES = [(variant, machine) for variant, roles in VARIANTS.items() for machine in dict.fromkeys(roles.values())]

# Where network.py writes is empty, and what would ask systemd does nothing. $1 is network.py, $2 the topology.
_MACHINE = r"""
for directory in /etc/systemd /etc/sysctl.d /run /tmp/wicket; do
	mkdir -p "$directory" && mount -t tmpfs tmpfs "$directory"
done
mkdir -p /etc/systemd/network /etc/systemd/system /run/bin
for absent in systemctl udevadm; do ln -s /bin/true /run/bin/$absent; done
export PATH=/run/bin:$PATH
cp "$2" /tmp/wicket/topology.json
number=0
for mac in $MACS; do
	ip link add name ens$((number += 1)) address "$mac" type veth peer name peer$number
done
/usr/bin/python3 "$1" $ROLES
for unit in $(grep -ls '^ExecStart=ip netns add' /etc/systemd/system/*.service); do
	sed -n 's/^ExecStart=//p' "$unit" | while read -r command; do $command; done
done
rm -rf "$OUT/files" && mkdir -p "$OUT/files" && cp -r /etc/systemd/{network,system}/. "$OUT/files"
ip -json address >"$OUT/machine.json"
for name in $(ip netns list | cut -d' ' -f1); do
	ip -json -n "$name" address >"$OUT/$name.json"
	ip -json -n "$name" route >"$OUT/$name-routes.json"
done
# What was stopped is gone, and starts again: a restart of the machine, or of the service.
for unit in $(grep -ls '^ExecStart=ip netns add' /etc/systemd/system/*.service); do
	sed -n 's/^ExecStop=//p' "$unit" | while read -r command; do $command; done
done
"""


class Seen:
    """What network.py has made of a machine."""

    def __init__(self, out: Path) -> None:
        self._out = out

    def addresses(self, place: str) -> dict[str, set[str]]:
        """The addresses of each card, with prefix length, in the machine or in a namespace; no link-local ones."""
        said: list[dict[str, Any]] = json.loads((self._out / f"{place}.json").read_text())
        return {
            card["ifname"]: {
                f"{info['local']}/{info['prefixlen']}" for info in card["addr_info"] if info["scope"] == "global"
            }
            for card in said
        }

    def namespaces(self) -> set[str]:
        return {path.stem for path in self._out.glob("*.json")} - {"machine"} - self._routes()

    def gateway(self, namespace: str) -> str:
        routes: list[dict[str, str]] = json.loads((self._out / f"{namespace}-routes.json").read_text())
        return next(route["gateway"] for route in routes if route["dst"] == "default")

    def names(self) -> dict[str, str]:
        """The name of the card with each hardware address, as udev gives it from the next boot on."""
        return {mac: name for text in self._texts("*.link") for mac, name in [settings(text, "MACAddress", "Name")]}

    def networks(self) -> dict[str, set[str]]:
        """The addresses that networkd gives each card."""
        said = [(settings(text, "Name"), settings(text, "Address")) for text in self._texts("*.network")]
        return {name: set(addresses) for [name], addresses in said}

    def units(self) -> set[str]:
        """The services that make the namespaces."""
        return {path.name for path in (self._out / "files").glob("*.service")}

    def _texts(self, names: str) -> list[str]:
        return [path.read_text() for path in (self._out / "files").glob(names)]

    def _routes(self) -> set[str]:
        return {path.stem for path in self._out.glob("*-routes.json")}


def settings(text: str, *keys: str) -> list[str]:
    """What a systemd file says to these keys, in their order."""
    return [value for key in keys for value in re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)]


def provision(out: Path, roles: list[str]) -> Seen:
    """Run network.py with these roles."""
    said = json.loads(FILE.read_text())
    ends = [end for link in said["links"].values() for end in (link["router"], link["host"]) if end["role"] in roles]
    ends += [said["management"][role] for role in roles if role in said["management"]]
    words = [
        "unshare",
        "--mount",
        "--net",
        "bash",
        "-euo",
        "pipefail",
        "-c",
        _MACHINE,
        "machine",
        str(PROVISION),
        str(FILE),
    ]
    environment = {"MACS": " ".join(end["mac"] for end in ends), "ROLES": " ".join(roles), "OUT": str(out)}
    done = subprocess.run(
        words, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **environment}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return Seen(out)


@pytest.mark.parametrize(("variant", "machine"), MACHINES, ids="-".join)
def test_a_machine_has_the_names_addresses_and_namespaces_of_its_roles(
    tmp_path: Path, variant: str, machine: str
) -> None:
    roles = [role for role, on in VARIANTS[variant].items() if on == machine]
    topology, said = Topology(variant), json.loads(FILE.read_text())
    seen = provision(tmp_path, roles)
    cards, networks = {}, {}
    if "edge" in roles:
        for link in said["links"].values():
            nic = link["router"]["nic"]
            cards[link["router"]["mac"]] = nic
            networks[nic] = {with_length(link[key], 1) for key in ("network4", "network6")}
    for role in set(roles) & set(said["management"]):
        cards[said["management"][role]["mac"]] = "management"
        length = said["management"]["network4"].partition("/")[2]
        networks["management"] = {f"{said['management'][role]['address']}/{length}"}
    assert seen.names().items() >= cards.items()
    assert seen.networks() == networks
    assert set(cards.values()) <= set(seen.addresses("machine")), "renamed at once"
    namespaces = {topology.namespace_of(role) for role in roles} - {None}
    assert seen.namespaces() == namespaces
    assert len(seen.units()) == len(namespaces)
    assert not [unit for unit in seen.units() if unit.startswith(UNITS)], "the rows stop what is called so"


@pytest.mark.parametrize("network", ["access", "core"])
def test_a_namespace_has_all_hosts_of_its_link_and_the_edge_as_its_router(tmp_path: Path, network: str) -> None:
    said = json.loads(FILE.read_text())
    link, hosts = said["links"][network], said["hosts"]
    host = link["host"]
    seen = provision(tmp_path, [host["role"]])
    wanted = {
        with_length(link[key], number)
        for key in ("network4", "network6")
        for number in range(hosts["first"], hosts["last"] + 1)
    }
    assert seen.addresses(host["namespace"])[host["nic"]] == wanted
    assert host["nic"] not in seen.addresses("machine")
    assert seen.gateway(host["namespace"]) == with_length(link["network4"], 1).partition("/")[0]


def with_length(network: str, number: int) -> str:
    """A host's address with its network's prefix length."""
    net = ipaddress.ip_network(network)
    return f"{net[number]}/{net.prefixlen}"
