"""The application: settings in, a Flask application with every endpoint out."""

import re
from uuid import uuid4

from apiflask import APIFlask
from flask import Response, g, request
from flask.json.provider import DefaultJSONProvider

from api.gateway import allowlist, bypass, check, heads, health, held, history, metrics, policy, readiness, rollout
from api.kit import agent, document, problem
from api.kit.door import Doorkeeper
from api.kit.token import gateway_token
from api.registry import wiring
from control.commands.client import AgentSocket
from control.config import Config
from control.rollout.origin import Door

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,59}")
"""What we take over from X-Request-ID; anything else would let a client write into logs, or be taken for another."""


class InOrder(DefaultJSONProvider):
    """JSON with the members in the order of the models, which reads better than the alphabet's."""

    sort_keys = False


DROPPING = {subject.blueprint.name for subject in (allowlist, policy, rollout, bypass, held, history)}
"""What a gateway lets people change."""


def create_app(config: Config) -> APIFlask:
    """Return the application, ready to serve.

    Raises:
        Refused: kind "bad-configuration", the token's file or the categories cannot be made or used; "unavailable"
            or "no-room", the registry's database cannot be.
        MissingContractError: a view says of no contract what it demands and gives.
    """
    token = gateway_token(config)
    app = APIFlask(
        __name__,
        title="Wicketgate",
        version="1",
        spec_path=None,
        docs_path=None,
        json_errors=False,
        static_folder=None,  # type: ignore[arg-type]  # as Flask has it: no files are served
    )
    app.config["MAX_CONTENT_LENGTH"] = config.list.max_body
    app.config["WICKETGATE_BOUNDS"] = config.list.bounds
    app.json = InOrder(app)
    app.url_map.converters["int"] = history.RevisionConverter
    app.extensions[agent.EXTENSION] = AgentSocket(config.socket, Door.API) if config.api.gateway else None
    app.extensions[readiness.EXTENSION] = readiness.Readiness(health.look)
    app.before_request(_name_request)
    app.before_request(_note_gateway)
    app.after_request(_show_name)
    problem.register(app)
    if config.registry.enabled:
        wiring.register(app, config, token)
    else:
        app.before_request(Doorkeeper(config.api.listen, token).check)
    for subject in (allowlist, policy, rollout, bypass, held, history, heads, check, health, metrics):
        app.register_blueprint(subject.blueprint)
    document.register(app, with_scopes=config.registry.enabled)
    return app


def _name_request() -> None:
    named = request.headers.get("X-Request-ID", "")
    g.request_id = named if REQUEST_ID.fullmatch(named) else uuid4().hex


def _note_gateway() -> None:
    """Have every refusal of what may drop packets say how to stop that."""
    g.is_gateways = agent.is_here() and request.blueprint in DROPPING


def _show_name(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    return response
