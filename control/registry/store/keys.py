"""The registry's key: one secret beside its database, from which everything is keyed that must not be made from it.

Whoever can read or write the database makes no token, no cursor and no signed head by that. The key is a file of the
machine that serves the registry, or a credential of its service; several machines share it. The ledger has its name,
so that a machine with another key says so, instead of knowing no token.
"""

import hashlib
import hmac
import os
import secrets
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from control.config import credentials, secret_file
from control.fault import Fault, Kind, Refused

BYTES = 32
NAME_DIGITS = 16
TITLE = "The registry's key cannot be used"


class Keys:
    """What the registry's key is good for."""

    def __init__(self, secret: bytes) -> None:
        """``secret`` is 32 random bytes."""
        self._secret = secret

    def of_token(self, token: str) -> bytes:
        """Return the digest by which a token is known: HMAC-SHA-256."""
        return hmac.digest(self._secret, token.encode(errors="surrogatepass"), hashlib.sha256)

    def of_cursor(self, text: bytes) -> bytes:
        """Return what shows that a cursor was made here: 16 bytes of an HMAC-SHA-256."""
        return hmac.digest(hmac.digest(self._secret, b"cursors", hashlib.sha256), text, hashlib.sha256)[:16]

    @cached_property
    def heads(self) -> Ed25519PrivateKey:
        """What signs the heads of the audit (RFC 8032)."""
        return Ed25519PrivateKey.from_private_bytes(hmac.digest(self._secret, b"heads", hashlib.sha256))

    @cached_property
    def public(self) -> bytes:
        """What everybody holds signed heads against: 32 bytes."""
        return self.heads.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @cached_property
    def name(self) -> str:
        """By which the ledger knows the key: the first digits of the SHA-256 of the public one."""
        return hashlib.sha256(self.public).hexdigest()[:NAME_DIGITS]


class KeyFile:
    """Where the key is: the credential, where there is one, else a file with 64 hexadecimal digits."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Keys:
        """Return the key.

        Raises:
            Refused: "bad-configuration": there is none, others may read it, or it is no key.
        """
        if credential := credentials.find(credentials.REGISTRY_KEY):
            return _keys(credential.read(), credential.where)
        try:
            with self.path.open() as file:
                readable = os.fstat(file.fileno()).st_mode & 0o077
                text = file.read()
        except (OSError, UnicodeDecodeError) as error:
            why = f"cannot be read ({error.strerror})" if isinstance(error, OSError) else "is not text"
            mend = "run wicket registry upgrade, which makes it, or copy the one that the registry has elsewhere"
            raise _refused(str(self.path), why, mend) from error
        if readable:
            mend = "chmod 600, and have all tokens made anew"
            raise _refused(str(self.path), "others than its owner may read it", mend)
        return _keys(text, str(self.path))

    def made(self, secret: bytes | None = None) -> Keys:
        """Return the key, which is made first unless it is there: of ``secret``, or at random.

        Raises:
            Refused: "bad-configuration": it cannot be made, or used.
        """
        if credentials.find(credentials.REGISTRY_KEY) is None:
            try:
                text = (secret or secrets.token_bytes(BYTES)).hex()
                secret_file.make(self.path, text, for_directorys_owner=True)
            except OSError as error:
                mend = "name a directory to write to, by state or registry.key"
                raise _refused(str(self.path), f"cannot be made ({error.strerror})", mend) from error
        return self.read()


def _keys(text: str, where: str) -> Keys:
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != BYTES:
        raise _refused(where, "is no key of 64 hexadecimal digits", "write one, as `openssl rand -hex 32` does")
    return Keys(secret)


def _refused(where: str, why: str, mend: str) -> Refused:
    return Refused(Kind.BAD_CONFIGURATION, TITLE, [Fault(where, why, mend)])
