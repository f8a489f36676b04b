"""The links of this network namespace as the kernel tells of them, kept up to date by its messages; and when its
addresses change."""

import contextlib
import errno
import threading
import time
from collections.abc import Callable, Mapping

from control.datapath.interfaces import addresses, messages, netlink
from control.datapath.interfaces.messages import DEL_LINK, Link

LOOK_ANEW = 60.0  # s: a netlink socket may lose messages, and mostly says so
SLICE = 0.5  # s: how long a close may have to wait


class LinkTable:
    """All links by index. A thread of its own hears what changes; whoever reads waits for nobody.

    Nothing is asked of the kernel but one dump at the start, where messages were lost, and now and then.
    """

    def __init__(self) -> None:
        # Before the dump, so that nothing between is missed.
        self._heard = netlink.listening(messages.GROUP | addresses.GROUPS)
        self._heard.settimeout(SLICE)
        self._lock = threading.Lock()
        self._links: dict[int, Link] = {}
        self._changed: Callable[[Link], None] = lambda _: None
        self._readdressed: Callable[[], None] = lambda: None
        self._closed = threading.Event()
        self._look_anew()
        self._thread = threading.Thread(target=self._hear, name="links", daemon=True)
        self._thread.start()

    def on_change(self, changed: Callable[[Link], None]) -> None:
        """Have a function called, from the table's thread, with each link that comes, changes or goes."""
        self._changed = changed

    def on_addresses(self, readdressed: Callable[[], None]) -> None:
        """Have a function called, from the table's thread, when addresses may have come or gone."""
        self._readdressed = readdressed

    def links(self) -> Mapping[int, Link]:
        """Return all links by index, as they were at one moment."""
        return self._links

    def refresh(self, index: int) -> Link | None:
        """Ask the kernel about one link, for who has just changed it; return it, None where it is gone."""
        with self._lock:
            link = messages.one(index=index)
            self._put(index, link)
            return link

    def close(self) -> None:
        """Hear no more."""
        self._closed.set()
        self._thread.join()
        self._heard.close()

    def _hear(self) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(TimeoutError):
                self._take_in()
            if time.monotonic() - self._looked_at > LOOK_ANEW:
                self._look_anew()

    def _take_in(self) -> None:
        try:
            heard = self._heard.recv(netlink.BUFFER)
            told, is_readdressed = list(messages.links(heard)), addresses.tells_of_addresses(heard)
        except TimeoutError:
            raise
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno not in (errno.ENOBUFS, errno.EINTR):
                raise
            self._look_anew()  # some messages were lost
            return
        with self._lock:
            for kind, link in told:
                # What was heard may be older than what ``refresh`` saw: a link that is told of is asked about, where it
                # carries a program; the others come by the hundred, and only their names are of interest.
                known = self._links.get(link.index)
                is_doubtful = bool(link.program or (known and known.program))
                told_of = None if kind == DEL_LINK else link
                self._put(link.index, messages.one(index=link.index) if is_doubtful else told_of)
        for _, link in told:
            self._changed(link)
        if is_readdressed:
            self._readdressed()

    def _look_anew(self) -> None:
        with self._lock:
            before, self._links = self._links, messages.dump()
            self._looked_at = time.monotonic()
            differing = [link for index, link in self._links.items() if before.get(index) != link]
            differing += [link for index, link in before.items() if index not in self._links]
        for link in differing:
            self._changed(link)
        self._readdressed()

    def _put(self, index: int, link: Link | None) -> None:
        """Replace one link. The whole table is replaced where names come and go, so that a reader has one moment."""
        links = dict(self._links) if link is None or index not in self._links else self._links
        if link is None:
            links.pop(index, None)
        else:
            links[index] = link
        self._links = links
