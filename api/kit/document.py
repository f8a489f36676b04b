"""/openapi.json: the paths and parameters that APIFlask finds in the views, and all else from their contracts."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from apiflask import APIFlask
from flask import Response, json

from api.kit import describe
from api.kit.contract import NOBODY, READING, Contract, demand_contracts, under
from api.kit.payload import JSON
from api.kit.problem import MEDIA_TYPE
from api.kit.schema import Problem, name_of

Operation = dict[str, Any]

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
"""A variable of a path as Flask writes it."""

PROBLEM = {"schema": {"$ref": describe.REFERENCE.format(model=name_of(Problem))}}
REFUSED = {"description": "Refused; nothing has changed", "content": {MEDIA_TYPE: PROBLEM}}


def register(app: APIFlask, with_scopes: bool) -> None:
    """Serve the document of ``app``, whose views must all be registered by now.

    Args:
        app: the application.
        with_scopes: whether tokens have scopes, as a registry's do; else there is one token, which reading needs only
            where strangers reach the API.

    Raises:
        MissingContractError: a view has no contract.
    """
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        SECURITY_SCHEMES={"token": {"type": "http", "scheme": "bearer"}},
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_SERVERS=False,
        AUTO_404_RESPONSE=False,
    )
    contracts = demand_contracts(app)
    by_operation = {
        (PARAMETER.sub(r"{\1}", rule.rule), method.lower()): contracts[rule.endpoint]
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    app.spec_processor(lambda document: complete(document, by_operation, contracts.values(), with_scopes))
    text = json.dumps(app.spec, indent=2) + "\n"

    @app.get("/openapi.json", endpoint="openapi")
    @app.doc(hide=True)
    @under(Contract(NOBODY, None, public=True))
    def openapi() -> Response:
        return Response(text, content_type=JSON)


def complete(
    document: dict[str, Any] | str,
    by_operation: Mapping[tuple[str, str], Contract],
    contracts: Iterable[Contract],
    with_scopes: bool,
) -> dict[str, Any]:
    """Add to the generated document what the contracts say, and what is the same for all endpoints."""
    completed = dict(json.loads(json.dumps(document)))
    completed["components"]["schemas"] = describe.schemas(contracts, [Problem])
    for path, operations in completed["paths"].items():
        for method, operation in operations.items():
            contract = by_operation[path, method]
            operation["responses"]["default"] = REFUSED
            operation["responses"]["200"]["headers"] = {"X-Request-ID": {"schema": describe.TEXT}}
            describe.complete(operation, contract)
            if with_scopes and not contract.public:
                operation["security"] = [{"token": sorted(contract.scopes)}]
            elif not with_scopes and method.upper() not in READING:
                operation["security"] = [{"token": []}]
    return completed
