"""wicket-api as a service: ready when it listens, alive while it answers, alone with the registry if it is told so."""

import os
import signal
from pathlib import Path

import pytest

from control import config as configuration
from lab.gateway import API, Gateway, configure, free_port
from tests.services.manager import WATCHDOG_SECONDS, started

ALONE = 'gateway = false\n\n[registry]\nenabled = true\nurl = "sqlite:///{}/registry/registry.db"\n'


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]"])
def test_it_knows_that_it_answers_on_every_address(tmp_path: Path, host: str) -> None:
    config = configure(tmp_path, tmp_path, free_port())
    config.write_text(config.read_text().replace("127.0.0.1", host))
    with started(tmp_path, API, "--config", str(config)) as manager:
        manager.wait_for("READY=1")
        assert manager.is_alive()


def test_it_says_that_it_is_alive_while_it_answers(tmp_path: Path) -> None:
    config = configure(tmp_path, tmp_path, free_port())
    with started(tmp_path, API, "--config", str(config)) as manager:
        manager.wait_for("READY=1")
        assert manager.is_alive()
        workers = children(manager.process.pid)
        assert workers
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        try:
            assert "does not answer" in manager.wait_for("STATUS=")
            assert not manager.is_alive_within(WATCHDOG_SECONDS)
        finally:
            for worker in workers:
                os.kill(worker, signal.SIGCONT)
        assert manager.is_alive()


def test_a_registry_without_a_gateway_is_ready_while_its_database_is(tmp_path: Path) -> None:
    port = free_port()
    config = configure(tmp_path, tmp_path, port, ALONE.format(tmp_path))
    with started(tmp_path, API, "--config", str(config)) as manager:
        manager.wait_for("READY=1")
        api = Gateway(port, config, configuration.load(config).token_file)
        api.wait("/healthz", 200)
        ready = api.ask("GET", "/readyz", token=None)
        assert (ready.status, ready.json) == (200, {"ready": True, "serial": 0})
        metrics = api.ask("GET", "/metrics").body
        assert b"wicketgate_registry_up 1.0" in metrics
        assert b"wicketgate_agent_up" not in metrics
        status = api.ask("GET", "/v1/status")
        assert (status.status, status.kind, status.errors[0]["where"]) == (503, "unavailable", "api.gateway")
        (tmp_path / "registry").rename(tmp_path / "gone")
        assert manager.is_alive(), "starting it anew would not bring the database back"


def test_the_token_may_be_a_credential(tmp_path: Path) -> None:
    port, token = free_port(), "a-token-of-the-operators"
    config = configure(tmp_path, tmp_path, port, ALONE.format(tmp_path))
    secrets = tmp_path / "credentials"
    secrets.mkdir()
    (secrets / "wicketgate.api.token").write_text(token + "\n")
    with started(tmp_path, API, "--config", str(config), CREDENTIALS_DIRECTORY=str(secrets)) as manager:
        manager.wait_for("READY=1")
        file = configuration.load(config).token_file
        api = Gateway(port, config, file)
        api.wait("/healthz", 200)
        assert api.ask("GET", "/v1/registrants", token=token).status in (200, 403)
        assert api.ask("GET", "/v1/registrants", token="another-token-altogether").status == 401
        assert not file.exists()
