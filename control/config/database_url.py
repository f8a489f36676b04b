"""URLs of databases. A password may be in them, so what is refused is never repeated."""

import re
from urllib.parse import parse_qs, urlsplit

from control.fault import BadValueError, shown


def text(value: object) -> str:
    """Return what is text.

    Raises:
        BadValueError: it is not.
    """
    if not isinstance(value, str):
        raise BadValueError(f"{shown(value)} is not text", "write text in quotes")
    return value


def database_url(value: object) -> str:
    """Return what is the URL of a database that SQLAlchemy takes, or empty.

    Raises:
        BadValueError: it is not.
    """
    url = text(value)
    if not re.fullmatch(r"(sqlite:///|postgresql://)\S+|", url):
        mend = "write sqlite:////path/of/a/file or postgresql://user:password@host/name, or leave it out"
        raise BadValueError("it is no URL of a database", mend)
    if url.startswith("postgresql:"):
        _demand_parts(url)
    return url


def _demand_parts(url: str) -> None:
    """Refuse what a database's driver would trip over, and then repeat in its own words, the password among them."""
    if not _are_told_apart(url):
        mend = "in user and password write %40 for @, %3A for :, %2F for /, %3F for ?, %23 for # and %25 for %"
        raise BadValueError("its user, password, host and port cannot be told apart", mend)
    if "password" in parse_qs(urlsplit(url).query, keep_blank_values=True):
        raise BadValueError("its password is among the options", "write postgresql://user:password@host/name")


def _are_told_apart(url: str) -> bool:
    try:
        parts = urlsplit(url)
        user = parts.netloc.rpartition("@")[0]
        return "@" not in user + parts.path + parts.query + parts.fragment and parts.port != 0
    except ValueError:
        return False
