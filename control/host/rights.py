"""What this process may do to the kernel: capabilities(7)."""

from collections.abc import Mapping
from pathlib import Path

NEEDED: Mapping[str, int] = {"CAP_NET_ADMIN": 12, "CAP_PERFMON": 38, "CAP_BPF": 39}
"""What it takes to load the program and attach it, by the bits of <linux/capability.h>."""


def lacking() -> list[str]:
    """Return which of the needed capabilities this process has not in effect."""
    status = Path("/proc/self/status").read_text()
    effective = int(status.split("CapEff:")[1].split()[0], 16)
    return [name for name, bit in NEEDED.items() if not effective >> bit & 1]
