"""The least frame with which something is still wrong."""

from collections.abc import Callable

from tests.fuzz.mutations import LEAST


def shrunk(frame: bytes, is_wrong: Callable[[bytes], bool]) -> bytes:
    """Return a frame with which it is still wrong, and of which no byte can be left out or made zero."""
    while True:
        smaller = _zeroed(_shortened(frame, is_wrong), is_wrong)
        if smaller == frame:
            return frame
        frame = smaller


def _shortened(frame: bytes, is_wrong: Callable[[bytes], bool]) -> bytes:
    size = 1 << len(frame).bit_length()
    while size:
        at = len(frame) - size
        while at >= 0:
            shorter = frame[:at] + frame[at + size :]
            if len(shorter) >= LEAST and is_wrong(shorter):
                frame = shorter
            at -= size
        size //= 2
    return frame


def _zeroed(frame: bytes, is_wrong: Callable[[bytes], bool]) -> bytes:
    for at, octet in enumerate(frame):
        zeroed = frame[:at] + b"\0" + frame[at + 1 :]
        if octet and is_wrong(zeroed):
            frame = zeroed
    return frame
