"""What tests load without compiling it each time is what the product compiles."""

from collections.abc import Callable
from pathlib import Path

from control.datapath import syscall
from control.datapath.program.compile import compile_and_pin
from control.datapath.program.pins import Pinned, remove
from tests.program import Copies


def made(by: Callable[[Path], None], directory: Path) -> tuple[bytes, str, dict[str, tuple[int, ...]]]:
    """The program's tag, a hash of its instructions, and its name, and how its maps are shaped."""
    by(directory)
    pinned = Pinned(directory)
    try:
        _, tag, name = syscall.program_info(pinned.program)
        return tag, name, {name: syscall.map_info(fd) for name, fd in pinned.maps.items()}
    finally:
        pinned.close()
        remove(directory)


def test_a_copy_is_what_the_compiler_makes(copies: Copies, bpffs: Path) -> None:
    compiled = made(compile_and_pin, bpffs / "compiled")
    assert [made(copies.pin, bpffs / "copied") for _ in range(2)] == [compiled] * 2
