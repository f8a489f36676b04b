"""What an endpoint demands and gives, said once: door, view and OpenAPI document all read it here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from control.registry.access import scopes

READING = frozenset({"GET", "HEAD", "OPTIONS"})
GATEWAY_READERS = scopes.token_scopes("gateway.read")
GATEWAY_WRITERS = scopes.token_scopes("gateway.change")

ATTRIBUTE = "contract"


@dataclass(frozen=True, slots=True)
class Contract:
    """What a view of the registry demands and gives.

    Attributes:
        scopes: of a token that may ask at all; what it may see or do with which object is for the services.
        answer: the model of the answer.
        status: of an answer that is no refusal.
        body: the model of the request's body; none when it takes none.
        body_needed: whether a request without a body is refused.
        patches: whether the body is a merge patch of the model (RFC 7396).
        conditional: whether If-Match is demanded.
        keyed: whether Idempotency-Key is demanded.
        takes: media types of the body when it is a file and no JSON.
        gives: media types of the answer when it is no JSON.
    """

    scopes: frozenset[str]
    answer: type[BaseModel]
    status: int = 200
    body: type[BaseModel] | None = None
    body_needed: bool = True
    patches: bool = False
    conditional: bool = False
    keyed: bool = False
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()


def contract_of(view: Callable[..., Any] | None) -> Contract | None:
    """Return the contract of a view; none when it is one of the gateway's."""
    return getattr(view, ATTRIBUTE, None)


def scopes_for(view: Callable[..., Any] | None, method: str) -> frozenset[str]:
    """Return the scopes of which a token needs one to reach a view."""
    contract = contract_of(view)
    if contract is not None:
        return contract.scopes
    return GATEWAY_READERS if method in READING else GATEWAY_WRITERS
