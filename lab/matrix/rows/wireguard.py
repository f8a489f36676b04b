"""WireGuard: wireguard-go, and the kernel's own where there is one."""

from __future__ import annotations

from lab.matrix.lacks import kernel_link
from lab.matrix.row import Kit, MatrixRow, Rekey
from lab.sessions.session import Session, Site
from lab.sessions.wireguard import KernelWireGuardSession, WireGuardSession


def _in_go(site: Site, _: Kit) -> Session:
    return WireGuardSession(site)


def _in_kernel(site: Site, _: Kit) -> Session:
    return KernelWireGuardSession(site)


ROWS = tuple(
    MatrixRow(f"{name} v{version}", "wireguard", make, version, lacks=lacks, rekey=Rekey.ENDS, quick=True)
    for version in (4, 6)
    for name, make, lacks in (
        ("wireguard-go", _in_go, lambda: ""),
        ("wireguard of the kernel", _in_kernel, lambda: kernel_link("wireguard")),
    )
)
