"""Models of every room: what a body is read by, and the one problem that answers for whatever is refused."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

COMPONENT = "x-component"
"""Where a model's schema has its name in the document, until it is there."""


def named(name: str, **more: Any) -> ConfigDict:
    """Return the configuration of a model that the document calls otherwise than its class.

    The document's names are for clients and stay; class names are ours, and each is used once.

    Args:
        name: in the document.
        more: members of its schema.
    """
    return ConfigDict(title=name, json_schema_extra={COMPONENT: name, **more})


def name_of(model: type[BaseModel]) -> str:
    """Return what the document calls a model."""
    extra = model.model_config.get("json_schema_extra")
    return str(extra.get(COMPONENT, model.__name__)) if isinstance(extra, dict) else model.__name__


class Strict(BaseModel):
    """A model that refuses a member which it does not know: a slip of the pen must not pass for a default."""

    model_config = ConfigDict(extra="forbid")


class Error(BaseModel):
    """One thing that is wrong."""

    where: str
    why: str
    mend: str
    pointer: str | None = Field(None, description="JSON pointer to the member of the body, when it is one.")


class Problem(BaseModel):
    """Why nothing was done (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Error] = Field(description="The first of them.")
    errors_total: int = Field(description="How many there are.")
    request_id: str
    done: bool | None = Field(False, description="False; null where it is not known whether it was done.")
    stop_dropping: str | None = Field(None, description="At a gateway: how to stop all dropping now.")
