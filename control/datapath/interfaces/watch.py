"""Tells when interfaces come, go or are renamed."""

import errno
import socket
import threading
from collections.abc import Callable

RTMGRP_LINK = 1  # <linux/rtnetlink.h>


class LinkWatch:
    """Calls back on changes of the interfaces in this network namespace, from a thread of its own.

    Only that something changed is told, since a netlink socket may lose messages: who wants to know what it was
    looks at the interfaces.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed, self._closed = changed, threading.Event()
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._socket.bind((0, RTMGRP_LINK))
        self._socket.settimeout(0.5)
        self._thread = threading.Thread(target=self._watch, name="links", daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._closed.is_set():
            try:
                self._socket.recv(1 << 16)
            except TimeoutError:
                continue
            except OSError as error:
                if error.errno != errno.ENOBUFS:  # which says that some messages were lost
                    raise
            self._changed()

    def close(self) -> None:
        """Stop watching."""
        self._closed.set()
        self._thread.join()
        self._socket.close()
