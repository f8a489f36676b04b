"""wicket-api as a process: how it starts, what it prints, how it ends, what it leaves."""

import signal
import subprocess
from pathlib import Path

from control import config as configuration
from lab.gateway import API, Gateway, configure, free_port


def test_it_says_where_it_listens_and_stops_cleanly(tmp_path: Path) -> None:
    port = free_port()
    config = configure(tmp_path, tmp_path, port)
    token = configuration.load(config).token_file
    with subprocess.Popen(
        [API, "--config", str(config)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            assert f"http://127.0.0.1:{port}" in process.stderr.readline()
            Gateway(port, config, token, [process]).wait("/healthz", 200)
            process.send_signal(signal.SIGTERM)
            output, errors = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, output, errors) == (0, "", "")
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == {config, token}


def test_the_token_is_never_printed(gateway: Gateway) -> None:
    refused = gateway.ask("PUT", "/v1/policy", {"ike": {}}, token="wrong")
    assert gateway.token.encode() not in refused.body
    assert gateway.token not in str(refused.headers)


def test_a_token_file_that_others_may_read_stops_the_start(tmp_path: Path) -> None:
    config = configure(tmp_path, tmp_path, free_port())
    token = configuration.load(config).token_file
    token.parent.mkdir(parents=True)
    token.write_text("secret\n")
    token.chmod(0o644)
    ended = subprocess.run(
        [API, "--config", str(config)],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ended.returncode == 1
    assert str(token) in ended.stderr
    assert "chmod 600" in ended.stderr
    assert "secret" not in ended.stderr
    assert "Traceback" not in ended.stderr
