"""The headers that bcc compiles with, on machines that have none of their kernel's.

An operator's router has no kernel headers, and the program needs none: only types and numbers of the kernel's
user interface, which the package linux-libc-dev brings. bcc looks for a kernel's build tree, so one is laid out
for it, which names the rest to the compiler.
"""

import os
import platform
import resource
import sysconfig
from pathlib import Path

from control.fault import Fault, Kind, Refused

# What bcc's own helpers.h expects of a kernel's configuration header.
KCONFIG = """
#define CONFIG_BPF_SYSCALL 1
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long long u64;
typedef signed char s8; typedef short s16; typedef int s32; typedef long long s64; typedef _Bool bool;
typedef unsigned long size_t; typedef unsigned long uintptr_t;
#define htons(x) __builtin_bswap16(x)
"""
# Headers that must differ from the user interface's: bcc brings its own bpf.h, and wants these to exist beside it.
REPLACEMENTS = {
    "linux/bpf.h": "",
    "uapi/linux/bpf.h": "",
    "linux/log2.h": "",
    "linux/kconfig.h": KCONFIG,
    "asm/page.h": f"#define PAGE_SIZE {resource.getpagesize()}\n",
}
ARCHITECTURES = {"x86_64": "x86", "aarch64": "arm64", "riscv64": "riscv"}


def build_tree() -> Path | None:
    """Return the build tree of the running kernel, when its headers are installed and may be read.

    A sandbox may hide /lib/modules; the user interface's headers do where it does.
    """
    modules = Path("/lib/modules") / os.uname().release
    # Debian keeps what all its kernels of a version share apart, as "source"; bcc looks into both.
    there = any(os.access(modules / each / "include/linux/kconfig.h", os.R_OK) for each in ("build", "source"))
    return modules / "build" if there else None


def lay_tree(directory: Path, include: Path = Path("/usr/include")) -> list[str]:
    """Lay out, under ``directory``, what bcc looks for in a build tree; return the flags with which it finds the rest.

    Raises:
        Refused: the headers of the kernel's user interface are not installed.
    """
    own = include / (sysconfig.get_config_var("MULTIARCH") or "")
    if not (include / "linux" / "bpf.h").exists() or not (own / "asm" / "types.h").exists():
        fault = Fault(str(include), "neither kernel headers nor linux/bpf.h are here", "apt install linux-libc-dev")
        raise Refused(Kind.BAD_PINS, "The kernel program cannot be compiled", [fault])
    (directory / "arch" / ARCHITECTURES[platform.machine()] / "include" / "uapi").mkdir(parents=True)
    for name, text in REPLACEMENTS.items():
        path = directory / "include" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (directory / "include/uapi/linux/if_packet.h").symlink_to(include / "linux/if_packet.h")  # bcc asks for it there
    return [f"-isystem{place}" for place in (include, own)]
