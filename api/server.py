"""wicket-api: the application behind gunicorn."""

import gc
import resource
import sys
from pathlib import Path
from typing import Any

import click
import structlog
from gunicorn.app.base import BaseApplication

from api.application import create_app
from api.registry import wiring
from api.watchdog import Watchdog
from control import config as configuration
from control.config import Config
from control.fault import Refused
from control.host.logs import configure_logs

log = structlog.get_logger("api")

STOP_SECONDS = 10
"""How long requests under way may take after SIGTERM."""

CONNECTIONS = 10_000
"""Of one process, most of which wait (api/connections.py)."""

FILES = 2 * CONNECTIONS

STALL_SECONDS = 30
"""How long a client may send or take nothing in the middle of a request: its thread is wanted by others."""


TURN_SECONDS = 0.0005
"""For how long one thread of Python's may keep the others waiting: who writes a list of a million would for 5 ms at
each of the dozen steps of somebody else's short request."""


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn with our settings alone: neither its command line nor GUNICORN_CMD_ARGS is read."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.application = create_app(config)
        super().__init__(prog="wicket-api")

    def load_config(self) -> None:
        """Hand our settings to gunicorn."""
        for name, value in (settings(self.config) | self._work()).items():
            self.cfg.set(name, value)

    def _work(self) -> dict[str, Any]:
        """Return what has each process do the registry's jobs as well, once it is forked."""
        if not self.config.registry.enabled:
            return {}
        worker = wiring.worker(self.application, self.config)
        return {"post_worker_init": lambda _: worker.start(), "worker_exit": lambda _, __: worker.stop()}

    def load(self) -> Any:
        """Return the application, made before the fork: what is wrong with it ends the start, once.

        What is there by now is permanent. Without saying so, the collector goes through all of it now and then, in
        the middle of some request, for 10 to 50 ms.
        """
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < FILES:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, hard), hard))
        gc.collect()
        gc.freeze()
        sys.setswitchinterval(TURN_SECONDS)
        return self.application


def settings(config: Config) -> dict[str, Any]:
    """Return gunicorn's settings."""
    return {
        "bind": config.api.listen,
        "workers": config.api.workers,
        "threads": config.api.threads,
        "worker_class": "api.connections.Connections",
        "worker_connections": CONNECTIONS,
        "graceful_timeout": STOP_SECONDS,
        "forwarder_headers": "",  # or a client on this machine would say SCRIPT_NAME and PATH_INFO
        "control_socket_disable": True,  # it would leave a socket in the home directory
        "loglevel": "warning",
        "pre_request": lambda _, request: request.unreader.sock.settimeout(STALL_SECONDS),
        "when_ready": lambda arbiter: _ready(config, arbiter),  # gunicorn itself tells the service manager
    }


def _ready(config: Config, arbiter: Any) -> None:
    log.info("listening", url=f"http://{config.api.listen}")
    Watchdog(arbiter.LISTENERS[0].sock.getsockname()).start()


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", "path", type=click.Path(path_type=Path), default=None, help="The configuration, TOML.")
def main(path: Path | None) -> None:
    """Serve the API of a gateway until SIGTERM."""
    try:
        config = configuration.load(path, for_api=True)
        configure_logs(config.log.level, config.log.format)
        server = Server(config)
    except Refused as refused:
        click.echo(f"wicket-api: {refused}", err=True)
        sys.exit(1)
    server.run()
