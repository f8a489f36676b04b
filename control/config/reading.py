"""Reading the configuration: TOML, with every fault in it named by its line."""

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from control.config import credentials
from control.config.credentials import Credential
from control.config.quantity import Quantity
from control.config.settings import Config, InterfaceSettings, spelled
from control.config.toml_lines import line_of, lines_of
from control.fault import BadValueError, Fault, Kind, Refused, shown

ENVIRONMENT = "WICKET_CONFIG"
DEFAULT_PATH = Path("/etc/wicketgate/wicket.toml")
API_PATH = Path("/etc/wicketgate/api.toml")
"""What the API and `wicket registry` read instead, where it is there: the registry has a place of its own."""

PLACES = ("instance", "bpffs", "state", "run")
"""The settings that say where an instance is."""

TITLE = "The configuration cannot be used"
Lines = Mapping[tuple[str | int, ...], int]
MANUAL = "docs/configuration.md lists the settings"


def load(path: Path | None = None, *, for_api: bool = False) -> Config:
    """Return the configuration of a file, with what systemd's credentials add to it.

    Without a path it is that of the environment variable WICKET_CONFIG, or API_PATH ``for_api`` if that exists, or
    DEFAULT_PATH if that exists, or else every setting has its default.

    Raises:
        Refused: "bad-configuration", with every fault found.
    """
    named = path or (Path(os.environ[ENVIRONMENT]) if os.environ.get(ENVIRONMENT) else None)
    usual = [API_PATH, DEFAULT_PATH] if for_api else [DEFAULT_PATH]
    file = named or next((each for each in usual if each.exists()), None)
    found = [credential for name in credentials.SETTINGS if (credential := credentials.find(name))]
    config = parse(_text_of(file) if file else "", found)
    if config.bypass_file:
        return config
    return config.model_copy(update={"bypass_file": str((file or DEFAULT_PATH).absolute().parent / "bypass")})


def salvaged(path: Path | None = None) -> Config:
    """Return where an instance is, of a configuration that ``load`` refuses: for whoever must stop it now.

    What is said of `instance`, `bpffs`, `state` and `run` counts, line by line; everything else is as by default.

    Raises:
        Refused: one of these cannot be used itself: it is not known which instance is meant.
    """
    named = path or (Path(os.environ[ENVIRONMENT]) if os.environ.get(ENVIRONMENT) else DEFAULT_PATH)
    try:
        text = named.read_text(errors="replace")
    except OSError:
        text = ""
    kept: list[str] = []
    for line in text.partition("\n[")[0].splitlines():
        if line.split("=")[0].strip() in PLACES:
            parse("\n".join([*kept, line]), [])
            kept.append(line)
    return parse("\n".join(kept), []).model_copy(update={"bypass_file": str(named.absolute().parent / "bypass")})


def _text_of(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except OSError as error:
        fault = Fault(str(file), f"cannot be read ({error.strerror})", "name a file that can be read with --config")
        raise Refused(Kind.BAD_CONFIGURATION, TITLE, [fault]) from error
    except UnicodeDecodeError as error:
        fault = Fault(str(file), f"is not UTF-8 text (byte {error.start})", "save it as UTF-8")
        raise Refused(Kind.BAD_CONFIGURATION, TITLE, [fault]) from error


def parse(text: str, secret: Sequence[Credential] = ()) -> Config:
    """Return the configuration that a TOML text says, and the credentials that are settings.

    Raises:
        Refused: "bad-configuration", with every fault found.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refused(Kind.BAD_CONFIGURATION, TITLE, [_syntax_fault(str(error), text)]) from error
    lines = lines_of(text)
    twice = [fault for credential in secret if (fault := _add(data, credential, lines))]
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        added: dict[tuple[str | int, ...], str] = {
            credentials.SETTINGS[credential.name]: credential.where for credential in secret
        }
        errors = error.errors(include_url=False)
        faults = sorted([*twice, *(_fault(each, lines, added) for each in errors)], key=lambda each: each[0])
        raise Refused(
            Kind.BAD_CONFIGURATION, TITLE, [fault for _, fault in faults]
        ) from None  # it shows what was given
    if twice:
        raise Refused(Kind.BAD_CONFIGURATION, TITLE, [fault for _, fault in twice])
    return config


def _add(data: dict[str, Any], credential: Credential, lines: Lines) -> tuple[int, Fault] | None:
    """Add a setting that is a credential; return the fault, with its line, when the text has it as well."""
    table, key = credentials.SETTINGS[credential.name]
    held = data.setdefault(table, {})
    if isinstance(held, dict) and key in held:
        line = line_of(lines, (table, key)) or 0
        mend = "say it in one place: remove the line, or the credential"
        return line, Fault(f"line {line}, {table}.{key}", f"the {credential.where} says it as well", mend)
    if isinstance(held, dict):
        held[key] = credential.read()
    return None


def _syntax_fault(message: str, text: str) -> Fault:
    place = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    where = f"line {place[1]}, column {place[2]}" if place else f"line {len(text.splitlines())}, the end"
    why = message[: place.start()] if place else message.removesuffix(" (at end of document)")
    return Fault(where, f"is no TOML: {why[:1].lower()}{why[1:]}", "mend the line; text needs quotes")


def _fault(error: ErrorDetails, lines: Lines, added: Mapping[tuple[str | int, ...], str]) -> tuple[int, Fault]:
    """Return one of pydantic's errors in our words, and its line for the order."""
    path = error["loc"]
    why, mend = _words(error)
    if path in added and path not in lines:
        return 0, Fault(added[path], why, mend)
    name = ""
    for part in path:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    if not path:  # a check of several settings together names the one to change
        name, _, why = why.partition(": ")
        path = tuple(name.split("."))
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
    words: dict[Any, str] = {
        int: "number",
        bool: "boolean",
        Path: "path",
        tuple[str, ...]: "texts",
        tuple[int, ...]: "numbers",
    }
    is_tables = field.annotation == tuple[InterfaceSettings, ...]
    return quantities[0] if quantities else "tables" if is_tables else words.get(field.annotation, "text")
