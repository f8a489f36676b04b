"""Read by an agent of the lab at its start: on SIGUSR2 its main thread loops for good, and lets go of nothing."""

import signal


def _loop(*_: object) -> None:
    while True:
        pass


signal.signal(signal.SIGUSR2, _loop)
