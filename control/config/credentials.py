"""Settings that are secret, as systemd's credentials: files that no unit, no other user and no backup of /etc sees.

A service has its own in $CREDENTIALS_DIRECTORY (systemd.exec(5), Credentials). By hand there is no such directory:
then whoever may read the machine's store, as root may, has the same ones as the service.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from control.fault import Fault, Kind, Refused

DIRECTORY = "CREDENTIALS_DIRECTORY"
STORE = Path("/etc/credstore")

SETTINGS = {
    "wicketgate.feed.url": ("feed", "url"),
    "wicketgate.registry.url": ("registry", "url"),
    "wicketgate.registry.worker_url": ("registry", "worker_url"),
    "wicketgate.registry.owner_url": ("registry", "owner_url"),
}
"""Credentials that are settings, by name."""

BY_HAND = frozenset({"wicketgate.registry.owner_url"})
"""Of these, those that no service is given: whoever has them may change what the services rely on."""

API_TOKEN = "wicketgate.api.token"
REGISTRY_KEY = "wicketgate.registry.key"


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential that is there; ``repr`` does not show it."""

    name: str
    path: Path

    @property
    def where(self) -> str:
        """What a fault calls it."""
        return f"credential {self.name} ({self.path})"

    def read(self) -> str:
        """Return its text, without the line break at its end.

        Raises:
            Refused: "bad-configuration", it cannot be read, is no text, or empty.
        """
        try:
            text = self.path.read_bytes().decode().strip()
        except (OSError, UnicodeDecodeError) as error:
            why = f"cannot be read ({error.strerror})" if isinstance(error, OSError) else "is not UTF-8 text"
            raise self.refused(why, "let it be a file with one line of text") from None  # the cause shows the bytes
        if not text:
            raise self.refused("is empty", "write it, or remove the file")
        return text

    def refused(self, why: str, mend: str) -> Refused:
        """Return the refusal of it."""
        return Refused(Kind.BAD_CONFIGURATION, "A credential cannot be used", [Fault(self.where, why, mend)])


def find(name: str) -> Credential | None:
    """Return the credential of a name; None when there is none for us."""
    own = os.environ.get(DIRECTORY)
    path = Path(own or STORE) / name
    # What a service was given has to be readable, and reading it says if it is not; the store may be for root alone.
    there = os.path.lexists(path) or not os.access(own, os.X_OK) if own else os.access(path, os.R_OK)
    return Credential(name, path) if there else None
