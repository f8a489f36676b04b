"""What a machine may lack for a row, asked of the machine itself and told to people."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

from lab.command import run

_TCP_ULP = 31  # linux/tcp.h
_LINK = "wlab-asks"


def kernel_link(kind: str) -> str:
    """Whether the kernel makes links of a kind; "" when it does. Asked in a namespace that goes with the asking."""
    try:
        run("unshare", "--net", "ip", "link", "add", _LINK, "type", kind)
    except RuntimeError:
        return f"no {kind} in this kernel"
    return ""


def program(name: str, package: str) -> str:
    """Whether a program is installed; "" when it is."""
    found = shutil.which(name, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    return "" if found else f"no {name}: Debian's package {package} is not installed"


def device(path: str) -> str:
    """Whether the kernel has a device; "" when it does."""
    return "" if Path(path).exists() else f"no {path} in this kernel"


def upper_layer(name: str) -> str:
    """Whether the kernel has an upper layer for TCP (setsockopt TCP_ULP); "" when it does."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as asker:
        try:
            asker.setsockopt(socket.IPPROTO_TCP, _TCP_ULP, name.encode())
        except OSError:
            return f"no {name} in this kernel"
    return ""
