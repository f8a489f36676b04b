"""Errors that nobody foresaw, and those of Flask itself: a problem, without what is nobody's business."""

import socket
from pathlib import Path

import pytest
from flask import abort
from structlog.testing import capture_logs

from api.application import create_app
from api.kit import agent
from control import config as configuration
from control.commands.client import AgentSocket
from control.rollout.origin import Door
from lab.gateway import configure


def test_a_bug_is_answered_by_its_id_and_logged_with_its_trace(tmp_path: Path) -> None:
    app = create_app(configuration.load(configure(tmp_path, tmp_path, 8080)))
    app.add_url_rule("/bug", view_func=lambda: f"{1 // 0}")
    with capture_logs() as logs:
        answer = app.test_client().get("/bug?address=192.0.2.1", headers={"X-Request-ID": "find-me"})

    problem = answer.get_json(force=True)
    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert problem["type"].endswith("#internal")
    assert "find-me" in problem["errors"][0]["mend"]
    assert "ZeroDivision" not in answer.text
    assert problem["done"] is None, "nobody knows what it did before"
    assert [(log["event"], log["request_id"], log["path"]) for log in logs] == [("unhandled", "find-me", "/bug")]
    assert isinstance(logs[0]["exc_info"], ZeroDivisionError)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [(400, 400, "bad-request"), (408, 400, "bad-request"), (418, 400, "bad-request"), (501, 500, "internal")],
)
def test_errors_without_a_kind_of_their_own_get_the_nearest(tmp_path: Path, code: int, status: int, kind: str) -> None:
    app = create_app(configuration.load(configure(tmp_path, tmp_path, 8080)))
    app.add_url_rule("/odd", view_func=lambda: abort(code))
    answer = app.test_client().get("/odd")
    problem = answer.get_json(force=True)
    assert (answer.status_code, problem["status"]) == (status, status)
    assert problem["type"].endswith(f"#{kind}")
    assert problem["errors"][0]["where"] == "GET /odd"
    assert problem["done"] is False


def test_what_a_hung_agent_was_asked_to_do_may_be_done(tmp_path: Path) -> None:
    config = configuration.load(configure(tmp_path, tmp_path, 8080))
    app = create_app(config)
    config.socket.parent.mkdir(parents=True)
    headers = {"Authorization": f"Bearer {config.token_file.read_text().strip()}"}
    with socket.socket(socket.AF_UNIX) as hung:
        hung.bind(str(config.socket))
        hung.listen(8)
        app.extensions[agent.EXTENSION] = AgentSocket(config.socket, Door.API, timeout=0.2)
        order = {"esp": {"mode": "monitor", "share": 100}}
        answers = [
            app.test_client().put("/v1/policy", json=order, headers=headers),
            app.test_client().get("/v1/policy"),
        ]
    assert [(answer.status_code, answer.get_json(force=True)["done"]) for answer in answers] == [
        (503, None),
        (503, False),
    ]


def test_every_refusal_of_a_gateway_says_how_to_stop_dropping(tmp_path: Path) -> None:
    config = configuration.load(configure(tmp_path, tmp_path, 8080))
    client = create_app(config).test_client()
    headers = {"Authorization": f"Bearer {config.token_file.read_text().strip()}"}
    refused = [
        client.put("/v1/policy", json={"esp": {"mode": "enforced"}}, headers=headers),
        client.put("/v1/allowlist", data=b"192.0.2.300", content_type="text/csv", headers=headers),
        client.put("/v1/bypass", data=b"", headers=headers),
        client.get("/v1/allowlist", headers=headers),
    ]
    for answer in refused:
        assert answer.status_code >= 400
        assert "PUT /v1/bypass" in answer.get_json(force=True)["stop_dropping"]
    assert "stop_dropping" not in client.get("/nowhere", headers=headers).get_json(force=True)
