"""What another classifier says of the same captures: ndpiReader, of Debian's libndpi-bin.

It is given its best. It runs as it comes, with guesses by port: without them (-d) it finds far fewer, which is said
beside its figures. Whatever it says in one of several rows of a flow counts if it is right, and its names are read
as favourably as they can be (`protocols_of`).
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from pathlib import Path

from bench.accuracy.corpus import NONE, FlowName, Label

READER = "ndpiReader"
ESP, AH, GRE = 50, 51, 47
NAMES = {"WireGuard": "wireguard", "OpenVPN": "openvpn", "PPTP": "pptp", "L2TP": "l2tp"}
ROW = re.compile(r"\d+,(?P<ip_proto>\d+),[\d.]+,[\d.]+,[\d.]+,(?P<ends>[^,]*,\d+,[^,]*,\d+),\d+,(?P<name>[^,]*)")
HOW = (
    "nDPI's IPsec is taken for esp, ah or ike by the flow's IP protocol; its GRE for gre_pptp where the label says so, "
    "and otherwise for none; CiscoVPN, TINC and the like are none of these protocols, and not held against it.",
    "A name for each flow is taken from all of its rows: the right one, if it is among them.",
)
"""How its names are read, for whoever reads the figures."""


class NoReaderError(Exception):
    """ndpiReader is not here, or does not run."""


def version() -> str:
    """Return its version.

    Raises:
        NoReaderError: it is not here.
    """
    if shutil.which(READER) is None:
        raise NoReaderError(f"{READER} is not installed: apt install libndpi-bin, or make setup")
    said = subprocess.run([READER, "-h"], capture_output=True, text=True, errors="replace", check=False).stdout
    found = re.search(r"nDPI\s+(\d[\w.\-]*)", said)
    return found[1] if found else "of an unknown version"


def called(captures: Sequence[Path], labels: dict[FlowName, Label], *words: str) -> dict[FlowName, str]:
    """Return what it calls each flow of captures, the folders of which are their sets; ``words`` are more options.

    Where its own table of IPv6 addresses leaves two readings, the one that has a label is taken.

    Raises:
        NoReaderError: it cannot be run.
    """
    said: dict[FlowName, set[str]] = defaultdict(set)
    with tempfile.TemporaryDirectory(prefix="wicket-ndpi-") as directory:

        def run(numbered: tuple[int, Path]) -> Path:
            number, capture = numbered
            table = Path(directory) / f"{number}.csv"
            command = [READER, "-i", str(capture), "-q", "-C", str(table), *words]
            try:
                subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            except OSError as error:
                raise NoReaderError(f"{READER} cannot be run: {error}") from error
            return table

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for capture, table in zip(captures, pool.map(run, enumerate(captures)), strict=True):
                for flow, name in _rows(capture, table, labels):
                    said[flow] |= protocols_of(name, flow.ip_proto)
    return {flow: _best(names, labels.get(flow)) for flow, names in said.items()}


def protocols_of(name: str, ip_proto: int) -> set[str]:
    """Return which of our protocols a name such as "IPsec" or "TLS.OpenVPN" stands for, in a flow of an IP protocol."""
    parts = name.split(".")
    found = {NAMES[part] for part in parts if part in NAMES}
    if "IPsec" in parts:
        found.add({ESP: "esp", AH: "ah"}.get(ip_proto, "ike"))
    if "GRE" in parts and ip_proto == GRE:
        found.add("gre_pptp")
    return found


def _best(names: set[str], label: Label | None) -> str:
    """Return the name of several that is best for it; plain GRE is not called PPTP's by being called GRE."""
    allowed = {label.protocol, label.also} if label else set()
    right = names & allowed
    wrong = names - {"gre_pptp"}
    return min(right or wrong, default=NONE)


def _rows(capture: Path, table: Path, labels: dict[FlowName, Label]) -> Iterator[tuple[FlowName, str]]:
    """Yield the flows of a table that it wrote, with its names for them.

    Later columns hold names that it found in packets, with line ends in them: what is no row is left out.
    """
    if not table.exists():
        return  # a capture that it cannot read
    with table.open(errors="replace") as lines:
        for line in lines:
            row = ROW.match(line)
            if row is None:
                continue
            one, one_port, other, other_port = row["ends"].split(",")
            readings = [
                _flow(capture, int(row["ip_proto"]), (a, int(one_port)), (b, int(other_port)))
                for a in _addresses(one)
                for b in _addresses(other)
            ]
            labelled = [flow for flow in readings if flow in labels]
            for flow in (labelled or readings)[:1]:
                yield flow, row["name"]


def _flow(capture: Path, ip_proto: int, *ends: tuple[str, int]) -> FlowName:
    a, b = sorted(ends, key=lambda end: (int(ip_address(end[0])), end[1]))
    return FlowName(capture.parent.name, capture.name, ip_proto, *a, *b)


def _addresses(spelt: str) -> Iterable[str]:
    """Return what an address of its tables can mean, canonically.

    It writes "::" for each ":0:" of an IPv6 address, beside the "::" that stands for the longest run of zeros.
    """
    if ":" not in spelt:
        return [spelt]
    places = [place.start() for place in re.finditer("::", spelt)]
    readings = []
    for kept in places or [-1]:
        text = "".join(
            ":0:" if at in places and at != kept else "" if at - 1 in places and at - 1 != kept else letter
            for at, letter in enumerate(spelt)
        )
        try:
            readings.append(str(ip_address(text)))
        except ValueError:
            continue
    return readings
