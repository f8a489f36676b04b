"""A Ctrl-C waits for the end of what must not be cut in two, and is not lost."""

import os
import signal
import threading

import pytest

from lab.signals import held_back


@pytest.mark.parametrize("deep", [1, 2])
def test_a_signal_comes_at_the_end(deep: int) -> None:
    done = False
    with pytest.raises(KeyboardInterrupt), held_back():
        if deep == 2:
            with held_back():
                os.kill(os.getpid(), signal.SIGINT)
        else:
            os.kill(os.getpid(), signal.SIGINT)
        done = True
    assert done


def test_handlers_are_as_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    with held_back():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_another_thread_holds_nothing_back() -> None:
    seen: list[object] = []

    def look() -> None:
        with held_back():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]
