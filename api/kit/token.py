"""The gateway's bearer token: in a file that is made at the first start, or a credential of the service."""

import os
import re
import secrets
import stat
from pathlib import Path
from typing import Protocol

from control.config import Config, credentials, secret_file
from control.config.credentials import Credential
from control.fault import Fault, Kind, Refused

TOKEN_BYTES = 32  # 256 bits: no guessing, so no counting of attempts either
BEARER = re.compile(r"[A-Za-z0-9._~+/-]{16,}=*")
"""b64token of RFC 6750, section 2.1, and long enough not to be guessed."""


class TokenSource(Protocol):
    """Where the token is; it is read anew for every request that needs it."""

    @property
    def path(self) -> Path:
        """The file that it is in, to name in errors."""

    def read(self) -> str:
        """Return the token.

        Raises:
            Refused: kind "bad-configuration", it cannot be used.
        """


def gateway_token(config: Config) -> TokenSource:
    """Return the token: the credential, where there is one, else the file, which is made unless it is there.

    Raises:
        Refused: kind "bad-configuration", it cannot be used.
    """
    credential = credentials.find(credentials.API_TOKEN)
    if credential:
        token = CredentialToken(credential)
        token.read()
        return token
    file = TokenFile(config.token_file)
    file.ensure()
    return file


class CredentialToken:
    """The token as a credential."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    @property
    def path(self) -> Path:
        """The file that it is in."""
        return self._credential.path

    def read(self) -> str:
        """Return the token.

        Raises:
            Refused: kind "bad-configuration", it is none.
        """
        token = self._credential.read()
        if not BEARER.fullmatch(token):
            mend = "write 16 or more letters, digits or any of - . _ ~ + /, as `openssl rand -hex 32` does"
            raise self._credential.refused("is no bearer token", mend)
        return token


class TokenFile:
    """The file that holds the bearer token, made at the first start and readable by its owner alone.

    It is read anew for every request that needs it, so replacing the file replaces the token at once.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def ensure(self) -> None:
        """Make the file with a new token unless there is one.

        Raises:
            Refused: kind "bad-configuration", the file cannot be made or is not ours alone.
        """
        try:
            secret_file.make(self.path, secrets.token_urlsafe(TOKEN_BYTES))
        except OSError as error:
            raise self._refused(f"cannot be made ({error.strerror})", "name a directory to write to") from error
        self.read()

    def read(self) -> str:
        """Return the token.

        Raises:
            Refused: kind "bad-configuration", the file is missing, empty or not ours alone.
        """
        try:
            with self.path.open() as file:
                status = os.fstat(file.fileno())
                token = file.read().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise self._refused(f"cannot be read ({error})", "restart wicket-api, which makes it") from error
        if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            raise self._refused("others than its owner may read it", f"chown it to uid {os.geteuid()}, chmod 600")
        if not token:
            raise self._refused("is empty", "remove it and restart wicket-api, which makes it anew")
        return token

    def _refused(self, why: str, mend: str) -> Refused:
        return Refused(Kind.BAD_CONFIGURATION, "The API's token file is unusable", [Fault(str(self.path), why, mend)])
