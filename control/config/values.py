"""What the value of a setting may be: each check returns it, or says what is wrong with it."""

import re
from ipaddress import ip_network
from pathlib import Path

from pydantic import BeforeValidator

from control.allowlist import nat64
from control.config.database_url import text
from control.fault import BadValueError, shown

MAX_INTERFACE_NAME = 15
"""Characters of an interface's name: IFNAMSIZ of linux/if.h, less the final NUL."""


def whole(least: int, most: int) -> BeforeValidator:
    """Return a check for a whole number within limits."""

    def read(value: object) -> int:
        if type(value) is not int or not least <= value <= most:
            raise BadValueError(f"{shown(value)} is no number from {least} to {most}", "write one, without quotes")
        return value

    return BeforeValidator(read)


def one_of(*words: str) -> BeforeValidator:
    """Return a check for one of a few words."""

    def read(value: object) -> object:
        if value not in words:
            raise BadValueError(f"{shown(value)} is not known", f"write one of {', '.join(words)}")
        return value

    return BeforeValidator(read)


def yes_or_no(value: object) -> object:
    """Return what is true or false.

    Raises:
        BadValueError: it is neither.
    """
    if not isinstance(value, bool):
        raise BadValueError(f"{shown(value)} is neither true nor false", "write true or false, without quotes")
    return value


def directory(value: object) -> Path:
    """Return an absolute path.

    Raises:
        BadValueError: it is none.
    """
    path = value if isinstance(value, Path) else Path(text(value))
    if not path.is_absolute() or "\0" in str(path):
        raise BadValueError(f"{shown(str(path))} is no absolute path", "write a path that begins with /")
    return path


def instance_name(value: object) -> str:
    """Return the name of an instance.

    Raises:
        BadValueError: it is none.
    """
    if not re.fullmatch(r"[a-z0-9-]{1,32}", text(value), re.ASCII):
        why = f"{shown(value)} is no name of an instance"
        raise BadValueError(why, "write 1 to 32 lower-case letters, digits or hyphens")
    return str(value)


def interface_name(value: object) -> str:
    """Return the name of an interface.

    Raises:
        BadValueError: Linux takes no such name.
    """
    name = text(value)
    if not 1 <= len(name) <= MAX_INTERFACE_NAME or name in (".", "..") or re.search(r"[\s/:\0]", name):
        why = f"{shown(name)} is no name of an interface"
        raise BadValueError(why, "write the name that `ip link` shows, such as eth0")
    return name


def rising_shares(value: object) -> tuple[int, ...]:
    """Return per cents that rise.

    Raises:
        BadValueError: it is no list of them.
    """
    mend = "write rising numbers from 1 to 100, such as [1, 5, 25, 100]"
    if not isinstance(value, list | tuple) or not value or not all(type(each) is int for each in value):
        raise BadValueError(f"{shown(value)} is no list of shares", mend)
    if not all(1 <= each <= 100 for each in value) or list(value) != sorted(set(value)):
        raise BadValueError(f"{shown(value)} does not rise from 1 to 100", mend)
    return tuple(value)


def prefixes(value: object) -> tuple[str, ...]:
    """Return addresses and prefixes.

    Raises:
        BadValueError: it is no list of them.
    """
    mend = 'write addresses and prefixes in quotes, such as ["192.0.2.1", "2001:db8::/48"]'
    if not isinstance(value, list | tuple):
        raise BadValueError(f"{shown(value)} is no list", mend)
    for each in value:
        try:
            ip_network(text(each))
        except ValueError as error:
            raise BadValueError(f"{shown(each)} is no prefix: {error}", mend) from error
    return tuple(value)


def nat64_prefixes(value: object) -> tuple[str, ...]:
    """Return prefixes of NAT64.

    Raises:
        BadValueError: it is no list of them, or there are too many.
    """
    given = prefixes(value)
    if len(given) > nat64.MOST:
        raise BadValueError(f"{len(given)} are more than the {nat64.MOST} that the program looks behind", "write fewer")
    return tuple(str(nat64.read_prefix(each)) for each in given)


def host_and_port(value: object) -> str:
    """Return a host, or an IPv6 address in brackets, with a port.

    Raises:
        BadValueError: it is none.
    """
    parts = re.fullmatch(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})", text(value), re.ASCII)
    if not parts or not 1 <= int(parts[1]) <= 0xFFFF:
        raise BadValueError(f"{shown(value)} is no host:port", "write one such as 127.0.0.1:8080 or [::1]:8080")
    return str(value)


def named_urls(value: object) -> tuple[str, ...]:
    """Return URLs with names, such as ``north=https://north.example``.

    Raises:
        BadValueError: it is no list of them, or a name is there twice.
    """
    mend = 'write names with URLs in quotes, such as ["north=https://north.example"]'
    if not isinstance(value, list | tuple):
        raise BadValueError(f"{shown(value)} is no list", mend)
    names = []
    for each in value:
        name, _, url = text(each).rpartition("=")
        if not name or not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", url, re.ASCII):
            raise BadValueError(f"{shown(each)} is no name with a URL", mend)
        names.append(name)
    if len(set(names)) < len(names):
        raise BadValueError("a name is there twice", "name each edge once")
    return tuple(value)
