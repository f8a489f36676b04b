"""Reading the configuration: TOML, with every fault in it named by its line."""

import os
import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from control.config.quantity import Quantity
from control.config.settings import Config, InterfaceSettings, spelled
from control.config.toml_lines import line_of, lines_of
from control.fault import BadValueError, Fault, Refused, shown

ENVIRONMENT = "WICKET_CONFIG"
DEFAULT_PATH = Path("/etc/wicketgate/wicket.toml")
TITLE = "The configuration cannot be used"
MANUAL = "docs/configuration.md lists the settings"


def load(path: Path | None = None) -> Config:
    """Return the configuration of a file.

    Without a path it is that of the environment variable WICKET_CONFIG, or DEFAULT_PATH if that exists, or else
    every setting has its default.

    Raises:
        Refused: "bad-configuration", with every fault found.
    """
    named = path or (Path(os.environ[ENVIRONMENT]) if os.environ.get(ENVIRONMENT) else None)
    if named is None and not DEFAULT_PATH.exists():
        return Config()
    file = named or DEFAULT_PATH
    try:
        text = file.read_bytes().decode()
    except OSError as error:
        fault = Fault(str(file), f"cannot be read ({error.strerror})", "name a file that can be read with --config")
        raise Refused("bad-configuration", TITLE, [fault]) from error
    except UnicodeDecodeError as error:
        fault = Fault(str(file), f"is not UTF-8 text (byte {error.start})", "save it as UTF-8")
        raise Refused("bad-configuration", TITLE, [fault]) from error
    return parse(text)


def parse(text: str) -> Config:
    """Return the configuration that a TOML text says.

    Raises:
        Refused: "bad-configuration", with every fault found.
    """
    try:
        return Config.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise Refused("bad-configuration", TITLE, [_syntax_fault(str(error), text)]) from error
    except ValidationError as error:
        lines = lines_of(text)
        faults = sorted((_fault(each, lines) for each in error.errors(include_url=False)), key=lambda each: each[0])
        raise Refused("bad-configuration", TITLE, [fault for _, fault in faults]) from error


def _syntax_fault(message: str, text: str) -> Fault:
    place = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    where = f"line {place[1]}, column {place[2]}" if place else f"line {len(text.splitlines())}, the end"
    why = message[: place.start()] if place else message.removesuffix(" (at end of document)")
    return Fault(where, f"is no TOML: {why[:1].lower()}{why[1:]}", "mend the line; text needs quotes")


def _fault(error: ErrorDetails, lines: Mapping[tuple[str | int, ...], int]) -> tuple[int, Fault]:
    """Return one of pydantic's errors in our words, and its line for the order."""
    path = error["loc"]
    why, mend = _words(error)
    name = ""
    for part in path:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    if not path:  # a check of several settings together names the one to change
        name, _, why = why.partition(": ")
        path = (name,)
    line = line_of(lines, path)
    return line or 0, Fault(f"line {line}, {shown(name)}" if line else shown(name), why, mend)


def _words(error: ErrorDetails) -> tuple[str, str]:
    match error["type"]:
        case "extra_forbidden":
            *tables, name = error["loc"]
            return "is no setting", _nearest(str(name), _model_at(tuple(tables)))
        case "missing":
            return "is missing", "write it"
        case "value_error":
            wrong: BadValueError = error["ctx"]["error"]
            return wrong.why, wrong.mend
        case "tuple_type":
            return f"{shown(error['input'])} is no list of tables", "write [[interfaces]] and its settings below it"
    header = "[[interfaces]]" if error["loc"][0] == "interfaces" else f"[{error['loc'][0]}]"
    return f"{shown(error['input'])} is no table", f"write {header} and its settings below it"


def _model_at(tables: tuple[str | int, ...]) -> type[BaseModel]:
    if tables[:1] == ("interfaces",):
        return InterfaceSettings
    model = Config.model_fields[str(tables[0])].annotation if tables else Config
    return model if isinstance(model, type) and issubclass(model, BaseModel) else Config


def _nearest(name: str, model: type[BaseModel]) -> str:
    elsewhere = [each.name for each in reference() if each.name.rpartition(".")[2] == name]
    near = elsewhere or get_close_matches(name, model.model_fields, 1)
    return f"write {near[0]}, or remove it" if near else f"remove it: {MANUAL}"


class Setting(NamedTuple):
    """One row of the reference.

    Attributes:
        name: dotted, as ``list.max_entries``; ``interfaces[].name`` for those of each interface.
        type: what it is, in a word.
        default: as TOML writes it; "required" when there is none.
        description: what it is for.
    """

    name: str
    type: str
    default: str
    description: str


def reference() -> tuple[Setting, ...]:
    """Return every setting in order, for the manual."""
    return tuple(_settings(Config, ""))


def _settings(model: type[BaseModel], prefix: str) -> list[Setting]:
    settings: list[Setting] = []
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            settings += _settings(type(field.default), f"{name}.")
            continue
        default = "required" if field.is_required() else spelled(field, field.default)
        settings.append(Setting(prefix + name, _type(field), default, field.description or ""))
        if name == "interfaces":
            settings += _settings(InterfaceSettings, "interfaces[].")
    return settings


def _type(field: FieldInfo) -> str:
    quantities = [each.what for each in field.metadata if isinstance(each, Quantity)]
    words: dict[Any, str] = {int: "number", bool: "boolean", Path: "path"}
    return quantities[0] if quantities else "tables" if field.default == () else words.get(field.annotation, "text")
