"""What wraps every view of the registry: transaction, body, conditions, key and answer, each in its one place."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

import structlog
from flask import Response, request
from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from api.kit import body, etag, payload
from api.kit.conditions import demanded_version, tag
from api.kit.contract import Contract, Media, under
from api.registry.desk import store
from api.registry.desk.idempotency import KeyClaim
from control.fault import Refused
from control.registry.access import scopes
from control.registry.parties.forms import Edit, some_of
from control.registry.store import unreadable
from control.registry.store.writing import Writing

UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, StatementError)
"""What a row raises of which a column holds what the program never put there."""

log = structlog.get_logger("api")

Body = TypeVar("Body", bound=BaseModel)
Arguments = ParamSpec("Arguments")


@dataclass(frozen=True, slots=True)
class ViewAnswer:
    """What a view answers.

    Attributes:
        content: the body, as the contract's model describes it; what is stored is not held to it again.
        version: of the object, for its ETag; none when the answer is about no single one.
        location: the path of an object that was made.
        settled: whether the version says all about the content, so that a 304 can stand for it.
        again: what the same request gets when it comes again, if that is something else.
        after: what is to be done once the change is committed; where it refuses, the answer is that refusal.
    """

    content: BaseModel | Mapping[str, Any]
    version: int | None = None
    location: str | None = None
    settled: bool = True
    again: BaseModel | Mapping[str, Any] | None = None
    after: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Given(Generic[Body]):
    """What a changing view works with.

    Attributes:
        writing: the open transaction.
        version: the one that If-Match named; none for any.
        value: the body as JSON.
        model: of the body.
    """

    writing: Writing
    version: int | None
    value: Any
    model: type[Body]

    @property
    def body(self) -> Body:
        """The body, which is valid.

        Raises:
            Refused: "invalid".
        """
        return payload.validate(self.model, self.value)

    @property
    def edit(self) -> Edit[Body]:
        """What the body, a merge patch (RFC 7396), says: a member that is null falls back to what it is when left out.

        Only that is held to the model: what an older version took elsewhere in the object does not stand in its way.

        Raises:
            Refused: "invalid".
        """
        payload.demand_members(self.model, self.value)
        values = {name: _default(self.model, name) if value is None else value for name, value in self.value.items()}
        return Edit(self.model, payload.validate(some_of(self.model), values))


class Nothing(BaseModel, extra="forbid"):
    """A body that says nothing; it may be left out."""


Reader = Callable[Concatenate[Session, Arguments], ViewAnswer]
Changer = Callable[Concatenate[Given[Body], Arguments], ViewAnswer]
View = Callable[Arguments, Response]


def reads(answer: type[BaseModel], action: str) -> Callable[[Reader[Arguments]], View[Arguments]]:
    """Make a view of a function that reads: it gets a session, and answers 304 when If-None-Match has it already.

    Here as in the other decorators ``action`` is one of the table in ``access.scopes``: it says who may ask.
    """
    contract = Contract(scopes.token_scopes(action), answer)

    def decorate(view: Reader[Arguments]) -> View[Arguments]:
        @wraps(view)
        def answered(*args: Arguments.args, **arguments: Arguments.kwargs) -> Response:
            with store.reading() as session:
                try:
                    read = view(session, *args, **arguments)
                    response = _response(read, contract)
                except (Refused, HTTPException, DBAPIError):
                    raise
                except UNREADABLE as error:
                    log.warning("a row cannot be read", object=_object(), error=repr(error))
                    unreadable.demand_readable(session, _object())
                    raise
            if read.version is not None and read.settled and etag.unchanged(tag(read.version)):
                return Response(status=304, headers={"ETag": tag(read.version)})
            return response

        return under(contract)(answered)

    return decorate


def creates(
    answer: type[BaseModel], action: str, body: type[Body]
) -> Callable[[Changer[Body, Arguments]], View[Arguments]]:
    """Make a view of a function that makes an object, or proposes something: POST, 201."""
    return _changes(Contract(scopes.token_scopes(action), answer, 201, body, keyed=True), body)


def takes(
    answer: type[BaseModel], action: str, media_types: tuple[str, ...]
) -> Callable[[Changer[Nothing, Arguments]], View[Arguments]]:
    """Make a view of a function that takes a file, to work on later: POST, 201; ``Given.value`` is the file."""
    media = tuple(Media(media_type) for media_type in media_types)
    return _changes(Contract(scopes.token_scopes(action), answer, 201, keyed=True, takes=media), Nothing)


def steps(
    answer: type[BaseModel], action: str, body: type[Body], status: int = 200, conditional: bool = True
) -> Callable[[Changer[Body, Arguments]], View[Arguments]]:
    """Make a view of a function that takes an object a step further: POST, with If-Match."""
    needed = any(field.is_required() for field in body.model_fields.values())
    contract = Contract(
        scopes.token_scopes(action), answer, status, body, body_needed=needed, conditional=conditional, keyed=True
    )
    return _changes(contract, body)


def patches(
    answer: type[BaseModel], action: str, body: type[Body]
) -> Callable[[Changer[Body, Arguments]], View[Arguments]]:
    """Make a view of a function that edits an object: PATCH, a merge patch, with If-Match."""
    return _changes(Contract(scopes.token_scopes(action), answer, body=body, patches=True, conditional=True), body)


def _changes(contract: Contract, model: type[Body]) -> Callable[[Changer[Body, Arguments]], View[Arguments]]:
    def decorate(view: Changer[Body, Arguments]) -> View[Arguments]:
        @wraps(view)
        def answered(*args: Arguments.args, **arguments: Arguments.kwargs) -> Response:
            with store.attempting(_action(view), _object()):
                data, value = _body(contract)
                claim = KeyClaim(data) if contract.keyed else None
                replayed = claim.take() if claim else None
            if replayed is not None:
                return replayed
            try:
                with store.attempting(_action(view), _object()):
                    version = demanded_version() if contract.conditional else None
                    if not contract.patches and not contract.takes:
                        payload.validate(model, value)
                with store.writing() as writing:
                    made = view(Given(writing, version, value, model), *args, **arguments)
                    if claim:
                        again = made if made.again is None else replace(made, content=made.again)
                        claim.store(writing, _response(again, contract))
                if made.after is not None:
                    made.after()
            except BaseException:
                if claim:
                    claim.release()
                raise
            return _response(made, contract)

        return under(contract)(answered)

    return decorate


def _body(contract: Contract) -> tuple[bytes, Any]:
    if contract.takes:
        data = body.read([media.name for media in contract.takes], is_file=True)
        return data, data
    return payload.read(contract.patches, contract.body_needed)


def _response(answer: ViewAnswer, contract: Contract) -> Response:
    headers = {}
    if answer.version is not None:
        headers["ETag"] = tag(answer.version)
    if answer.location is not None:
        headers["Location"] = answer.location
    return Response(_text(answer.content), contract.status, headers, content_type=payload.JSON)


def _text(content: BaseModel | Mapping[str, Any]) -> str:
    return content.model_dump_json() if isinstance(content, BaseModel) else json.dumps(content, separators=(",", ":"))


def _default(model: type[BaseModel], name: str) -> Any:
    """Return what a member of a model is when it is left out; none when it must not be."""
    field = model.model_fields[name]
    return None if field.is_required() else to_jsonable_python(field.get_default(call_default_factory=True))


def _action(view: Callable[..., Any]) -> str:
    """Return what the audit calls a view; ``return_`` has its underscore from Python alone."""
    return f"{view.__module__.rpartition('.')[2]}.{view.__name__.rstrip('_')}"


def _object() -> str:
    return next((str(value) for value in (request.view_args or {}).values()), "")
