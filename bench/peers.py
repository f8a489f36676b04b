"""What others would do with the same addresses: nftables and ipset, where they are installed."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench import addresses
from bench.addresses import Addresses
from lab.stage.namespace import Namespace

SET = "registered"
OPENS = "udp length 156 @th,64,32 0x01000000"  # a handshake of WireGuard, in nft's words
IPTABLES_REFUSING = (
    *("-t", "raw", "-A", "PREROUTING", "-p", "udp", "-m", "length", "--length", "176"),
    *("-m", "u32", "--u32", "0>>22&0x3C@8=0x01000000"),
    *("-m", "set", "!", "--match-set", SET, "dst", "-m", "set", "!", "--match-set", SET, "src", "-j", "DROP"),
)
"""iptables' words for the same, with the set of ipset below."""


@contextmanager
def namespace() -> Iterator[Namespace]:
    """Give a network namespace that is gone afterwards."""
    made = Namespace(f"wb-{os.urandom(4).hex()}")
    made.create()
    try:
        yield made
    finally:
        made.remove()


def filled(registered: Addresses) -> dict[str, float]:
    """Load addresses into a set of each peer that is installed, in a network namespace; return the seconds it took."""
    texts = addresses.texts(registered)
    programs: dict[str, tuple[list[str], Callable[[list[str]], str]]] = {
        "nft": (["nft", "-f", "-"], nft_set),
        "ipset": (["ipset", "restore"], ipset),
    }
    took = {}
    for program, (command, script) in programs.items():
        if shutil.which(program):
            with namespace() as inside:
                took[program] = _timed(inside, command, script(texts))
    return took


def nft_refusing(registered: Addresses, family: str, hook: str) -> str:
    """Return nft's words for a chain that drops WireGuard's handshakes unless an end is registered."""
    refuse = f"ip protocol udp {OPENS} ip daddr != @{SET} ip saddr != @{SET} drop"
    return nft_set(addresses.texts(registered), family, f"chain refusing {{\n{hook}\n{refuse}\n}}\n")


def nft_set(texts: list[str], family: str = "ip", chain: str = "") -> str:
    """Return nft's words for a table with a set of these addresses, and a chain that uses it."""
    elements = ",".join(texts)
    return f"table {family} bench {{\nset {SET} {{\ntype ipv4_addr\nelements = {{ {elements} }}\n}}\n{chain}}}\n"


def ipset(texts: list[str]) -> str:
    """Return ipset's words for a set of these addresses."""
    size = 1 << len(texts).bit_length()
    lines = "".join(f"add {SET} {text}\n" for text in texts)
    return f"create {SET} hash:ip hashsize {size} maxelem {size}\n{lines}"


def _timed(inside: Namespace, command: list[str], script: str) -> float:
    began = time.perf_counter()
    subprocess.run([*inside.enter(), *command], input=script, text=True, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began
