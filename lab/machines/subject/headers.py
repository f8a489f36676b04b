"""Compiling without the kernel's headers, as on an operator's router, and with them."""

from __future__ import annotations

from lab.machines.gateway import SERVICE
from lab.machines.lab import Lab
from lab.machines.machine import GUEST_DIRECTORY
from lab.machines.table import Failed

_UNPACK_SECONDS = 300


def headers(lab: Lab) -> None:
    """A fresh compile in both states; the headers are gone again at the end."""
    _take_away(lab)
    _compiles(lab, "without kernel headers", "the user interface's")
    try:
        with lab.table.row("headers", "the kernel's headers are unpacked", "a build tree of the running kernel") as row:
            row.see(_unpack(lab), lab.edge.succeeds("test -e /lib/modules/$(uname -r)/source/include/linux/kconfig.h"))
        _compiles(lab, "with kernel headers", "the kernel's")
    finally:
        _take_away(lab)
        lab.gateway.restart()


def _compiles(lab: Lab, name: str, headers_: str) -> None:
    with lab.table.row("headers", f"{name}: compiled anew", "the agent answers, nothing was adopted") as row:
        # Without an agent, this removes the program and so makes the next one compile.
        lab.edge.run(f"systemctl stop {SERVICE}; wicket detach >/dev/null; test ! -e /sys/fs/bpf/wicketgate/main/live")
        row.see(f"answers after {lab.gateway.restart():.1f} s", True)
    with lab.table.row("headers", f"{name}: wicket doctor", f"headers: {headers_}; all is good") as row:
        findings = {finding["what"]: finding for finding in lab.edge.json("wicket doctor --json || true", seconds=120)}
        used = findings["headers"]["found"]
        bad = [f"{what}: {finding['found']}" for what, finding in findings.items() if not finding["good"]]
        program = findings["program"]["found"]
        row.see(
            f"headers: {used}; program {program}; missing: {', '.join(bad) or 'nothing'}",
            used.startswith(headers_) and not bad,
        )


def _unpack(lab: Lab) -> str:
    """Unpack every .deb of the directory of headers on the edge; apt is not asked, nor are their dependencies."""
    files = sorted(lab.headers.glob("*.deb")) if lab.headers else []
    if not files:
        raise Failed(f"{lab.headers}: no .deb with kernel headers")
    for file in files:
        there = f"{GUEST_DIRECTORY}/{file.name}"
        lab.edge.machine.put(file, there)
        # /lib is a link, which dpkg-deb itself would replace by the package's directory.
        unpack = f"dpkg-deb --fsys-tarfile {there} | tar --extract --keep-directory-symlink --directory /"
        lab.edge.run(f"{unpack}; rm {there}", seconds=_UNPACK_SECONDS)
    return ", ".join(file.name for file in files)


def _take_away(lab: Lab) -> None:
    trees = "/lib/modules/$(uname -r)/build /lib/modules/$(uname -r)/source"
    lab.edge.run(f"rm -rf /usr/src/linux-headers-* /usr/lib/linux-kbuild-* {trees}")
