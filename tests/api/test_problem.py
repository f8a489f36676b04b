"""Errors that nobody foresaw, and those of Flask itself: a problem, without what is nobody's business."""

from pathlib import Path

import pytest
from flask import abort
from structlog.testing import capture_logs

from api.application import create_app
from control import config as configuration
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
