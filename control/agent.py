"""wicketd, the agent of an edge: it renews the lease, sweeps marks, follows interfaces, and answers its socket.

Whatever ends it (a signal, a crash, a power cut), the kernel goes on with the last list; nothing is cleaned up
on the way out. Only `wicket detach` takes the program out.
"""

import faulthandler
import signal
import sys
import threading
import time
from pathlib import Path

import click
import structlog

from control import config as configuration
from control.config import Config
from control.datapath.interfaces.links import Link
from control.edge.commands.server import AgentServer
from control.edge.contact import FeedContact
from control.edge.edge import Edge
from control.edge.follower import Follower
from control.edge.reporter import Reporter
from control.fault import Refused
from control.feed.registrations import Registrations
from control.host import memory, service
from control.host.logs import configure_logs

log = structlog.get_logger()

LOOK_AT_LINKS = 5.0  # s: also without being told of a change
LOOK_AT_ADDRESSES = 60.0  # s: also without being told of a change
LOOK_AT_BRAKE = 0.5  # s: whether its file is there
BEAT = 1.0  # s between two looks of the breaker
WORK = 1.0  # s between two looks at whether everything does what it should
LOOK_AT_MEMORY = 1.0  # s
TURN_SECONDS = 0.0005  # for how long one thread may keep the others from Python: a change waits for many steps of these


class Agent:
    """The loop of one edge."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._stop, self._wake = threading.Event(), threading.Event()
        self._links_changed = self._readdressed = True
        self._failed: set[object] = set()
        self._tasks = {
            edge.bypass.watch: LOOK_AT_BRAKE,
            edge.beat: BEAT,
            edge.sweep: edge.config.sweep,
            self._follow_links: LOOK_AT_LINKS,
            self._follow_addresses: LOOK_AT_ADDRESSES,
            self._work: WORK,
            memory.Growth().give_back: LOOK_AT_MEMORY,
        }
        if (interval := service.watchdog_interval()) is not None:
            self._tasks[self._say_alive] = interval

    def run(self) -> None:
        """Work until ``stop`` is called."""
        due = dict.fromkeys(self._tasks, 0.0)
        self._edge.table.on_change(self._on_link_change)
        self._edge.table.on_addresses(self._on_addresses)
        while not self._stop.is_set():
            now = time.monotonic()
            if self._links_changed:
                self._links_changed, due[self._follow_links] = False, 0.0
            if self._readdressed:
                self._readdressed, due[self._follow_addresses] = False, 0.0
            for task, interval in self._tasks.items():
                if due[task] <= now:
                    self._attempt(task)
                    due[task] = time.monotonic() + interval
            self._wake.wait(max(0.0, min(due.values()) - time.monotonic()))
            self._wake.clear()

    def stop(self) -> None:
        """End ``run`` soon; safe from a signal handler."""
        self._stop.set()
        self._wake.set()

    def _work(self) -> None:
        """Earn the lease: the loop turns, links are followed, marks taken in, and the list is there."""
        if self._failed or self._edge.datapath.lists.live is None:
            self._edge.lease.rest()
        else:
            self._edge.lease.work()

    def _attempt(self, task: object) -> None:
        try:
            task()  # type: ignore[operator]
            self._failed.discard(task)
        except Exception:  # one task's trouble (a full disk, say) must not end the others, the lease above all
            self._failed.add(task)
            log.exception("task failed", task=getattr(task, "__name__", str(task)))

    def _follow_links(self) -> None:
        with self._edge.turn() as turn:
            self._edge.interfaces.follow(turn)

    def _follow_addresses(self) -> None:
        with self._edge.turn() as turn:
            self._edge.network.follow(turn)

    def _say_alive(self) -> None:
        """Tell the service manager from the loop itself: when a task hangs, it is not told, and starts us anew."""
        service.tell("WATCHDOG=1")
        service.tell(service.status(_summary(self._edge)))

    def _on_link_change(self, link: Link) -> None:
        if self._edge.interfaces.concerns(link):
            self._links_changed = True
            self._wake.set()

    def _on_addresses(self) -> None:
        self._readdressed = True
        self._wake.set()


def serve(config: Config) -> None:
    """Run an agent until SIGTERM or SIGINT.

    Raises:
        Refused: it cannot start.
    """
    memory.keep_freed()
    sys.setswitchinterval(TURN_SECONDS)
    edge = Edge.open(config)
    agent = Agent(edge)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: agent.stop())
    server, followers = AgentServer(config.socket, edge), _followers(edge)
    memory.settle()
    threading.Thread(target=server.serve_forever, name="socket", daemon=True).start()
    for follower in followers:
        follower.start()
    # The list is live, and what is there of the interfaces is guarded. Nobody waited for the feed.
    service.tell("READY=1", service.status(_summary(edge)))
    log.info("ready", socket=str(config.socket))
    try:
        agent.run()
    finally:
        service.tell("STOPPING=1")
        edge.lease.end()
        server.shutdown()
        server.server_close()
        for follower in followers:
            follower.stop()
        edge.close()
        log.info("stopped; the kernel goes on")


def _summary(edge: Edge) -> str:
    states = edge.interfaces.states()
    guarded, state = sum(interface.attached for interface in states), edge.list.state
    local = state.local.serial
    return f"{state.union.count} entries live, serial {local}; {guarded} of {len(states)} interfaces guarded"


def _followers(edge: Edge) -> list[Follower | Reporter]:
    """Return what follows the feed of the configuration, and reports to it, if it names one."""
    config = edge.config
    if not config.feed.url:
        return []
    from control.feed.database import RegistryFeed  # with SQLAlchemy, which an edge without a feed does without

    feed, reports, asked = (RegistryFeed(config.feed.url, config.edge_name) for _ in range(3))
    contact = FeedContact(feed.where, config.edge_name)
    edge.registrations = Registrations(asked, lambda: contact.trouble)
    return [Follower(edge, feed, contact, config.feed.poll), Reporter(edge, reports, config.feed.report)]


@click.command()
@click.option("--config", "path", type=click.Path(path_type=Path), help="Configuration file.")
def main(path: Path | None) -> None:
    """Run Wicketgate's agent on this edge."""
    # Where every thread stands, on stderr, when a watchdog ends us: systemd does so by SIGABRT (systemd.service(5)).
    faulthandler.enable()
    try:
        config = configuration.load(path)
        configure_logs(config.log.level, config.log.format)
        serve(config)
    except Refused as refused:
        click.echo(f"wicketd: {refused}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
