"""Arguments and options of a command, from the form that it fills in, and its columns in a table."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, get_args

import click
from pydantic.fields import FieldInfo

from control.fault import Fault, Refused
from control.registry.parties import contacts, forms
from control.registry.parties.forms import AnyForm, Edit

Command = TypeVar("Command", bound=Callable[..., Any])

Said = Mapping[str, Any]
"""What a command's arguments and options say of a form's fields, and of one contact's; none where they say nothing."""

CONTACTS = "contacts"
TITLE = "That cannot be entered"


class _OneOf(click.Choice[str]):
    """Shows and completes the words that there are, and leaves it to the form to refuse another."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value


def filled_in(form: type[AnyForm], names: Sequence[str], edits: bool = False) -> Callable[[Command], Command]:
    """Give a command what fills in a form: an argument for what is needed, unless it edits, and options for the rest.

    Of contacts the options are those of one.
    """
    decorators = [decorator for name in names for decorator in _decorators(name, form.model_fields[name], edits)]

    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def _decorators(name: str, field: FieldInfo, edits: bool) -> list[Callable[[Any], Any]]:
    if name == CONTACTS:
        described = contacts.Contact.model_fields
        return [click.option(f"--{column}", help=described[of].description) for column, of in contacts.COLUMNS.items()]
    words = get_args(field.annotation)
    kind = _OneOf(words) if words and all(isinstance(word, str) for word in words) else str
    if field.is_required() and not edits:
        return [click.argument(name, type=kind)]
    return [click.option(_option(name), type=kind, help=field.description)]


def read(form: type[AnyForm], said: Said) -> AnyForm:
    """Return the form that a command's arguments and options fill in.

    Raises:
        Refused: "invalid", with every fault by the option that it is in.
    """
    try:
        return forms.read(form, _values(said), TITLE)
    except Refused as refused:
        raise _by_option(refused) from refused


def read_edit(form: type[AnyForm], said: Said) -> Edit[AnyForm]:
    """Return what a command's options say of a form; see ``read``."""
    try:
        return forms.read_edit(form, _values(said), TITLE)
    except Refused as refused:
        raise _by_option(refused) from refused


def _values(said: Said) -> dict[str, object]:
    people = contacts.of_columns(said)
    values: dict[str, object] = {
        name: value for name, value in said.items() if value is not None and name not in contacts.COLUMNS
    }
    return {**values, CONTACTS: people} if people else values


def _by_option(refused: Refused) -> Refused:
    options = {f"{CONTACTS}[0].{of}": _option(column) for column, of in contacts.COLUMNS.items()}
    faults = [Fault(options.get(fault.where, fault.where), fault.why, fault.mend) for fault in refused.faults]
    return Refused(refused.kind, refused.title, faults)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
