"""Schemathesis over the whole OpenAPI document, against a running agent and API: ``python -m tests.api_registry.fuzz``.

It sends what the schemas allow and what they forbid, with a token of every scope, and holds every answer against the
document: no 5xx, no undocumented status, type or body. What follows ``--`` is handed on to it.
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import schemathesis

from lab.gateway import running
from tests.api_registry.world import begin, furnish, settings

HERE = Path(__file__).parent
COMMAND = str(Path(sys.executable).with_name("schemathesis"))
KEY = "Idempotency-Key"
LONGEST_QUERY = 3000
"""Characters; with the path and the method, less than gunicorn's limit_request_line."""


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Give each request a key of its own: with few keys almost all would be refused as another's."""
    if case.headers and case.headers.get(KEY):
        case.headers = {**case.headers, KEY: f"{case.headers[KEY][:64]}{secrets.token_hex(8)}"}
    tokens = os.environ["WICKET_TOKENS"].split()
    authorization = kwargs.get("headers", {}).get("Authorization", "")
    if authorization == f"Bearer {tokens[0]}":  # not one that a check has made up
        kwargs["headers"]["Authorization"] = f"Bearer {secrets.choice(tokens)}"


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Leave out what gunicorn refuses before there is a request: docs/errors.md says that it answers in HTML."""
    return len(urlencode(case.query or {}, doseq=True)) < LONGEST_QUERY


@schemathesis.serializer("application/x-ndjson")
def ndjson(context: Any, value: Any) -> bytes:
    """Return a text as it is, and anything else as a row of NDJSON."""
    return value.encode(errors="replace") if isinstance(value, str) else json.dumps(value).encode()


def run(*more: str) -> int:
    """Start everything, let schemathesis at it, and return its status."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        bpffs = directory / "bpf"
        bpffs.mkdir()
        subprocess.run(["mount", "-t", "bpf", "bpf", bpffs], check=True)
        try:
            with running(directory, bpffs, more=settings(directory)) as gateway:
                world = furnish(begin(gateway))
                staff = world.token("officer", "operator", "auditor")
                tokens = [staff, staff, *world.sides[0].tokens.values()]
                arguments = [
                    *(COMMAND, "--config-file", str(HERE / "schemathesis.toml"), "run"),
                    f"http://127.0.0.1:{gateway.port}/openapi.json",
                    *(
                        "--request-timeout",
                        "30",
                        "--exclude-path",
                        "/v1/changes/stream",
                        "--generation-database",
                        "none",
                    ),  # it does not end
                    *more,
                ]
                environment = {
                    **os.environ,
                    "PYTHONPATH": str(HERE.parents[1]),
                    "WICKET_TOKEN": staff,
                    "WICKET_TOKENS": " ".join(tokens),
                    "SCHEMATHESIS_HOOKS": __spec__.name if __spec__ else __name__,
                }
                return subprocess.run(arguments, cwd=directory, env=environment, check=False).returncode
        finally:
            subprocess.run(["umount", bpffs], check=True)


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]))
