"""The headers that bcc compiles with, on machines that have none of their kernel's.

An operator's router has no kernel headers, and the program needs none: only types and numbers of the kernel's
user interface, which the package linux-libc-dev brings. bcc looks for a kernel's build tree, so one is laid out
for it, of links.
"""

import os
import platform
import resource
import sysconfig
from pathlib import Path

from control.fault import Fault, Refused

# What bcc's own helpers.h expects of a kernel's configuration header.
KCONFIG = """
#define CONFIG_BPF_SYSCALL 1
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long long u64;
typedef signed char s8; typedef short s16; typedef int s32; typedef long long s64; typedef _Bool bool;
typedef unsigned long size_t; typedef unsigned long uintptr_t;
#define htons(x) __builtin_bswap16(x)
"""
ARCHITECTURES = {"x86_64": "x86", "aarch64": "arm64", "riscv64": "riscv"}


def build_tree() -> Path | None:
    """Return the build tree of the running kernel, when its headers are installed."""
    tree = Path("/lib/modules") / os.uname().release / "build"
    return tree if (tree / "include" / "linux" / "kconfig.h").exists() else None


def lay_tree(directory: Path, include: Path = Path("/usr/include")) -> Path:
    """Lay out a build tree of links under ``directory`` and return it.

    Raises:
        Refused: the headers of the kernel's user interface are not installed.
    """
    own = include / (sysconfig.get_config_var("MULTIARCH") or "")
    if not (include / "linux" / "bpf.h").exists() or not (own / "asm" / "types.h").exists():
        fault = Fault(str(include), "neither kernel headers nor linux/bpf.h are here", "apt install linux-libc-dev")
        raise Refused("bad-pins", "The kernel program cannot be compiled", [fault])
    architecture = ARCHITECTURES[platform.machine()]
    tree = directory / "include"
    for folder in (tree / "uapi" / "linux", tree / "linux", tree / "generated" / "uapi", tree / "asm"):
        folder.mkdir(parents=True)
    (directory / "arch" / architecture / "include" / "uapi").mkdir(parents=True)
    for target in (tree / "uapi" / "linux", tree / "linux"):
        _link(include / "linux", target)
    _link(own / "asm", tree / "asm")
    (tree / "asm-generic").symlink_to(include / "asm-generic")
    _write_replacements(tree)
    return directory


def _link(source: Path, target: Path) -> None:
    for header in source.iterdir():
        (target / header.name).symlink_to(header)


def _write_replacements(tree: Path) -> None:
    """Write the headers that must differ: bcc brings its own bpf.h, and wants these to exist beside it."""
    texts = {
        "linux/bpf.h": "",
        "uapi/linux/bpf.h": "",
        "linux/log2.h": "",
        "asm/page.h": f"#define PAGE_SIZE {resource.getpagesize()}\n",
        "linux/kconfig.h": KCONFIG,
    }
    for name, text in texts.items():
        path = tree / name
        path.unlink(missing_ok=True)
        path.write_text(text)
