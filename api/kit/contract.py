"""What an endpoint demands and gives, said once: door, throttle, view and OpenAPI document all read it here."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, ParamSpec, TypeVar

from flask import Flask, Response
from pydantic import BaseModel

from api.kit.payload import JSON
from control.registry.access import scopes

READING = frozenset({"GET", "HEAD", "OPTIONS"})
GATEWAY_READERS = scopes.token_scopes("gateway.read")
GATEWAY_WRITERS = scopes.token_scopes("gateway.change")
NOBODY = frozenset[str]()
"""Scopes of a public endpoint, which asks for no token."""

ATTRIBUTE = "contract"

Heeded = Literal["If-Match", "If-None-Match", "Content-Digest"]
"""Headers that a request may have, and that are heeded then."""

Arguments = ParamSpec("Arguments")
View = TypeVar("View", bound=Callable[..., Any])
Answered = BaseModel | tuple[BaseModel, dict[str, str]] | Response
"""What a view may return: the answer, the answer with headers, or a response that is whole already."""


@dataclass(frozen=True, slots=True)
class Media:
    """A media type of a body that is more than one model in JSON.

    Attributes:
        name: such as ``text/csv``.
        model: of the body, when it is JSON.
        example: of the body, when it is text.
    """

    name: str
    model: type[BaseModel] | None = None
    example: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Another answer than the usual one that is no refusal, with the same body.

    Attributes:
        status: of it.
        description: what it means.
        location: what the header Location is the path of.
    """

    status: int
    description: str
    location: str


@dataclass(frozen=True, slots=True)
class Contract:
    """What a view demands and gives.

    Attributes:
        scopes: of a token that may ask at all; what it may see or do with which object is for the services.
        answer: the model of the answer; none when it is no JSON.
        status: of an answer that is no refusal.
        body: the model of the request's body; none when it takes none.
        body_needed: whether a request without a body is refused.
        patches: whether the body is a merge patch of the model (RFC 7396).
        conditional: whether If-Match is demanded.
        keyed: whether Idempotency-Key is demanded.
        takes: media types of the body when it is a file, or JSON among others.
        gives: media types of the answer when it is no JSON, or JSON among others.
        public: whether no token is asked for, wherever the API listens.
        versioned: whether the answer has an ETag, also where no condition is demanded.
        heeds: conditions that a request may make; with If-None-Match the answer can be 304.
        also: other answers that are no refusal.
        rate: which of the registry's rates an address is held to.
    """

    scopes: frozenset[str]
    answer: type[BaseModel] | None
    status: int = 200
    body: type[BaseModel] | None = None
    body_needed: bool = True
    patches: bool = False
    conditional: bool = False
    keyed: bool = False
    takes: tuple[Media, ...] = ()
    gives: tuple[Media, ...] = ()
    public: bool = False
    versioned: bool = False
    heeds: tuple[Heeded, ...] = ()
    also: tuple[Outcome, ...] = ()
    rate: Literal["address", "check"] = "address"


class MissingContractError(TypeError):
    """A view is served that has no contract: neither door nor document would know what it demands."""


def under(contract: Contract) -> Callable[[View], View]:
    """Serve a view, which makes its own response, under a contract."""

    def decorate(view: View) -> View:
        setattr(view, ATTRIBUTE, contract)
        return view

    return decorate


def serves(contract: Contract) -> Callable[[Callable[Arguments, Answered]], Callable[Arguments, Response]]:
    """Make a view of a function that returns what its contract answers."""

    def decorate(view: Callable[Arguments, Answered]) -> Callable[Arguments, Response]:
        @wraps(view)
        def served(*args: Arguments.args, **arguments: Arguments.kwargs) -> Response:
            answer = view(*args, **arguments)
            if isinstance(answer, Response):
                return answer
            content, headers = answer if isinstance(answer, tuple) else (answer, {})
            return Response(content.model_dump_json(), contract.status, headers, content_type=JSON)

        return under(contract)(served)

    return decorate


def contract_of(view: Callable[..., Any] | None) -> Contract | None:
    """Return the contract of a view; none when there is no such view, or it was served after the start."""
    return getattr(view, ATTRIBUTE, None)


def scopes_for(view: Callable[..., Any] | None) -> frozenset[str]:
    """Return the scopes of which a token needs one to reach a view; none at all without a contract."""
    contract = contract_of(view)
    return contract.scopes if contract else NOBODY


def demand_contracts(app: Flask) -> dict[str, Contract]:
    """Return the contract of every endpoint.

    Raises:
        MissingContractError: an endpoint has none.
    """
    contracts = {endpoint: contract_of(view) for endpoint, view in app.view_functions.items()}
    bare = [endpoint for endpoint, contract in contracts.items() if contract is None]
    if bare:
        raise MissingContractError(f"no contract says what these endpoints demand and give: {', '.join(bare)}")
    return {endpoint: contract for endpoint, contract in contracts.items() if contract}
