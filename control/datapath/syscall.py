"""bpf(2) by ctypes: the few commands that the control plane needs.

bcc 0.26 offers neither test runs nor batches on file descriptors of pinned maps, and importing it costs the
long-lived agent a compiler's memory; so everything after compilation comes through here.
"""

import ctypes as ct
import errno
import os
import platform
import signal
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SYS_BPF = {"x86_64": 321, "aarch64": 280, "riscv64": 280}[platform.machine()]

# enum bpf_cmd, <linux/bpf.h>
MAP_CREATE, MAP_LOOKUP, MAP_UPDATE, MAP_DELETE, MAP_NEXT_KEY = 0, 1, 2, 3, 4
OBJ_PIN, OBJ_GET, PROG_TEST_RUN, PROG_GET_NEXT_ID, PROG_GET_FD_BY_ID, MAP_GET_FD_BY_ID, OBJ_INFO = (
    6,
    7,
    10,
    11,
    13,
    14,
    15,
)
MAP_LOOKUP_BATCH, MAP_UPDATE_BATCH, PROG_BIND_MAP = 24, 26, 35

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>

READ_ONLY = 1 << 3  # BPF_F_RDONLY
PROG_TYPE_XDP = 6  # enum bpf_prog_type
MOST_MAPS = 64  # that a program may use (MAX_USED_MAPS)

ATTRIBUTES = 144  # bytes of union bpf_attr that we hand over; the kernel wants zeros after what it reads

_libc = ct.CDLL(None, use_errno=True)


def bpf(command: int, attributes: bytes) -> tuple[int, bytes]:
    """Run one command and return its result and the attributes as the kernel left them.

    Raises:
        OSError: as the kernel refused; the attributes are its second argument's ``attributes``.
    """
    buffer = ct.create_string_buffer(attributes, ATTRIBUTES)
    result = _libc.syscall(SYS_BPF, command, buffer, len(attributes))
    if result < 0:
        error = OSError(ct.get_errno(), os.strerror(ct.get_errno()))
        error.attributes = buffer.raw  # type: ignore[attr-defined]
        try:
            raise error
        finally:
            del error  # or it and this frame hold each other, and with it every list of whoever asked
    return result, buffer.raw


def pointer(array: NDArray[Any]) -> int:
    """Return the address of an array's data."""
    return int(array.ctypes.data)


def create_map(kind: int, key: int, value: int, entries: int, flags: int) -> int:
    """Create a map and return its file descriptor; sizes in bytes."""
    return bpf(MAP_CREATE, struct.pack("IIIII", kind, key, value, entries, flags))[0]


def pin(fd: int, path: str) -> None:
    """Pin a map or program under a path of a bpffs."""
    name = ct.create_string_buffer(path.encode())
    bpf(OBJ_PIN, struct.pack("QII", ct.addressof(name), fd, 0))


def open_pin(path: str, *, read_only: bool = False) -> int:
    """Open what is pinned under a path and return its file descriptor.

    For writing too unless ``read_only``, which works on a bpffs that is mounted so, for maps.
    """
    name = ct.create_string_buffer(path.encode())
    return bpf(OBJ_GET, struct.pack("QII", ct.addressof(name), 0, READ_ONLY if read_only else 0))[0]


def open_program(path: str) -> int:
    """Open a program that is pinned under a path and return its file descriptor.

    Raises:
        OSError: nothing is pinned there, or something else.
    """
    fd = open_pin(path)
    if Path(f"/proc/self/fd/{fd}").readlink().name == "anon_inode:bpf-prog":
        return fd
    os.close(fd)
    raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)


def lookup(fd: int, key: NDArray[Any], value: NDArray[Any]) -> bool:
    """Read the value of ``key`` into ``value``; return whether it is there."""
    try:
        bpf(MAP_LOOKUP, struct.pack("IIQQQ", fd, 0, pointer(key), pointer(value), 0))
    except FileNotFoundError:
        return False
    return True


def update(fd: int, key: NDArray[Any], value: NDArray[Any]) -> None:
    """Store ``value`` under ``key``, whether it was there or not."""
    bpf(MAP_UPDATE, struct.pack("IIQQQ", fd, 0, pointer(key), pointer(value), 0))


def delete(fd: int, key: NDArray[Any]) -> bool:
    """Remove ``key``; return whether it was there."""
    try:
        bpf(MAP_DELETE, struct.pack("IIQQQ", fd, 0, pointer(key), 0, 0))
    except FileNotFoundError:
        return False
    return True


def update_batch(fd: int, keys: NDArray[Any], values: NDArray[Any]) -> None:
    """Store all ``values`` under ``keys``, one-dimensional and of one length."""
    done = 0
    while done < len(keys):
        batch = struct.pack("QQQQIIQQ", 0, 0, pointer(keys[done:]), pointer(values[done:]), len(keys) - done, fd, 0, 0)
        done += struct.unpack_from("I", bpf(MAP_UPDATE_BATCH, batch)[1], 32)[0]


def read_all(fd: int, key: np.dtype[Any], value: np.dtype[Any], entries: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Read a whole hash map that holds up to ``entries``: its keys and values, in no order.

    An entry that is stored or removed meanwhile may be in it, or not.
    """
    keys, values = np.empty(entries + 4096, key), np.empty(entries + 4096, value)
    token, done = np.zeros(1, np.uint64), 0
    while done < len(keys):
        room = len(keys) - done
        begin = pointer(token) if done else 0
        batch = struct.pack(
            "QQQQIIQQ", begin, pointer(token), pointer(keys[done:]), pointer(values[done:]), room, fd, 0, 0
        )
        try:
            done += struct.unpack_from("I", bpf(MAP_LOOKUP_BATCH, batch)[1], 32)[0]
        except OSError as error:
            if error.errno != errno.ENOENT:  # which says: that was the last of them
                raise
            done += struct.unpack_from("I", error.attributes, 32)[0]  # type: ignore[attr-defined]
            break
    return keys[:done], values[:done]


def map_info(fd: int) -> tuple[int, int, int, int, int]:
    """Return a map's type, key size, value size (bytes), most entries and flags."""
    info = np.zeros(32, np.uint32)
    bpf(OBJ_INFO, struct.pack("IIQ", fd, info.nbytes, pointer(info)))
    kind, _, key, value, entries, flags = (int(word) for word in info[:6])
    return kind, key, value, entries, flags


def map_name(fd: int) -> str:
    """Return the name that a map was made with, of which the kernel keeps 15 bytes."""
    info = np.zeros(256, np.uint8)
    bpf(OBJ_INFO, struct.pack("IIQ", fd, info.nbytes, pointer(info)))
    return info.tobytes()[24:40].split(b"\0")[0].decode()  # struct bpf_map_info: six words, name[16], …


def map_id(fd: int) -> int:
    """Return the number by which the kernel knows a map."""
    info = np.zeros(32, np.uint32)
    bpf(OBJ_INFO, struct.pack("IIQ", fd, info.nbytes, pointer(info)))
    return int(info[1])


def map_by_id(number: int) -> int:
    """Open a map by its id (needs CAP_SYS_ADMIN) and return its file descriptor."""
    return bpf(MAP_GET_FD_BY_ID, struct.pack("III", number, 0, 0))[0]


def program_maps(fd: int) -> list[int]:
    """Return the ids of the maps that a program uses: whatever is pinned under their names, it asks these."""
    info, numbers = np.zeros(64, np.uint32), np.zeros(MOST_MAPS, np.uint32)
    # struct bpf_prog_info: …, nr_map_ids at 52, the place of map_ids at 56
    info[13] = MOST_MAPS
    info[14:16] = np.array([pointer(numbers)], np.uint64).view(np.uint32)
    bpf(OBJ_INFO, struct.pack("IIQ", fd, info.nbytes, pointer(info)))
    return [int(number) for number in numbers[: int(info[13])]]


def bind_map(program: int, fd: int) -> None:
    """Make a map one of a program's, which lives as long as that (Linux 5.10)."""
    bpf(PROG_BIND_MAP, struct.pack("III", program, fd, 0))


def programs() -> Iterator[int]:
    """Yield the ids of all programs that are loaded (needs CAP_SYS_ADMIN), by rising number."""
    number = 0
    while True:
        try:
            left = bpf(PROG_GET_NEXT_ID, struct.pack("III", number, 0, 0))[1]
        except FileNotFoundError:
            return
        number = struct.unpack_from("I", left, 4)[0]
        yield number


def program_type(fd: int) -> int:
    """Return a program's type, of enum bpf_prog_type."""
    info = np.zeros(64, np.uint32)
    bpf(OBJ_INFO, struct.pack("IIQ", fd, info.nbytes, pointer(info)))
    return int(info[0])


def program_info(fd: int) -> tuple[int, bytes, str]:
    """Return a program's id, its tag (a hash of its instructions) and its name."""
    info = np.zeros(256, np.uint8)
    bpf(OBJ_INFO, struct.pack("IIQ", fd, info.nbytes, pointer(info)))
    raw = info.tobytes()  # struct bpf_prog_info: type, id, tag[8], …, name[16] at 64
    return struct.unpack_from("I", raw, 4)[0], raw[8:16], raw[64:80].split(b"\0")[0].decode()


def program_size(fd: int) -> tuple[int, int]:
    """Return how many instructions a program has, and how many the verifier walked when it was loaded (Linux 5.16).

    The second is at most a million, or the program is refused; 0 where the kernel does not say.
    """
    info = np.zeros(64, np.uint32)
    bpf(OBJ_INFO, struct.pack("IIQ", fd, info.nbytes, pointer(info)))
    return int(info[5]) // 8, int(info[54])  # struct bpf_prog_info: …, xlated_prog_len at 20, …, verified_insns at 216


def program_by_id(number: int) -> int:
    """Open a loaded program by its id (needs CAP_SYS_ADMIN) and return its file descriptor."""
    return bpf(PROG_GET_FD_BY_ID, struct.pack("III", number, 0, 0))[0]


def test_run(fd: int, frame: bytes, output: NDArray[Any], repeat: int = 1) -> tuple[int, int]:
    """Run a program on a frame; return what it returned and the mean nanoseconds of a run.

    ``output`` takes the beginning of what the frame, with metadata in front, became.
    """
    data = ct.create_string_buffer(frame, len(frame))
    head = struct.pack("IIIIQQII", fd, 0, len(frame), output.nbytes, ct.addressof(data), pointer(output), repeat, 0)
    try:
        left = bpf(PROG_TEST_RUN, head + bytes(40))[1]
    except OSError as error:
        if error.errno != errno.ENOSPC:  # the output is shorter than the frame, as it should be
            raise
        left = error.attributes  # type: ignore[attr-defined]
    result, duration = struct.unpack_from("I", left, 4)[0], struct.unpack_from("I", left, 36)[0]
    return result, duration


def file_system(path: str) -> int:
    """Return which kind of filesystem a path is on, by its magic number of <linux/magic.h> (statfs(2)).

    Raises:
        OSError: as statfs refused.
    """
    buffer = ct.create_string_buffer(256)  # struct statfs is 120 bytes at most and begins with f_type
    if _libc.statfs(path.encode(), buffer) < 0:
        raise OSError(ct.get_errno(), os.strerror(ct.get_errno()), path)
    return int.from_bytes(buffer.raw[:4], "little")


def enter(namespace: Path) -> None:
    """Move this thread into the namespace of a file, of whatever kind that is (setns(2)).

    Raises:
        OSError: it may not.
    """
    fd = os.open(namespace, os.O_RDONLY)
    try:
        if _libc.setns(fd, 0) < 0:
            raise OSError(ct.get_errno(), os.strerror(ct.get_errno()), str(namespace))
    finally:
        os.close(fd)


def kill_with_parent() -> None:
    """Have the kernel send this process SIGKILL when its parent ends (prctl(2))."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def close_all(descriptors: Sequence[int]) -> None:
    """Close file descriptors."""
    for fd in descriptors:
        os.close(fd)
