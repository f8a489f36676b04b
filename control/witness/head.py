"""A signed head: what a registry says, with its signature, of its audit and of its live list at one moment.

Whoever keeps one can prove later that no row up to it was altered, removed or put in another order. The registry makes
it, an edge keeps it, and either can read the other's.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from control.fault import BadValueError, shown

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FORMAT = "wicketgate audit head 1"
"""First line of what is signed, so that a signature of anything else is none of a head."""

MEND = "take it as `wicket registry audit heads`, GET /v1/audit/heads or an edge gives it"

_DIGITS = {"hash": 64, "epoch": 32, "digest": 64, "key": 64, "signature": 128}
"""Hexadecimal digits of a field."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a head says.

    Attributes:
        number: of the head, from 1, without gaps.
        at: when it was made, by the registry's clock.
        seq, hash: number and hash of the audit's last row, as hexadecimal digits; 0 and zeros before the first.
        tables: revision of the registry's tables.
        epoch: of the live list's serials, as hexadecimal digits.
        serial, count: of the live list.
        digest: of the whole live list (control/allowlist/digest.py); empty: it is not known.
    """

    number: int
    at: datetime
    seq: int
    hash: str
    tables: str
    epoch: str
    serial: int
    count: int
    digest: str

    @property
    def message(self) -> bytes:
        """What is signed: a line for each field, in this order."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        fields["at"] = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return "\n".join([FORMAT, *(f"{name} {value}" for name, value in fields.items()), ""]).encode()


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head with its signature.

    Attributes:
        key: the public key that it is to be held against, as hexadecimal digits. Whoever knows the registry's holds it
            against that one.
        signature: Ed25519 (RFC 8032) of the head's message, as hexadecimal digits.
    """

    head: Head
    key: str
    signature: str

    @property
    def line(self) -> str:
        """The head as a line of JSON, as ``read`` takes it."""
        fields = {name: getattr(self.head, name) for name in Head.__slots__}
        fields["at"] = self.head.at.astimezone(UTC).isoformat(timespec="microseconds")
        return json.dumps({**fields, "key": self.key, "signature": self.signature}, separators=(",", ":"))

    @property
    def is_signed(self) -> bool:
        """Whether the signature is that of the head by the key that it names."""
        # Late: an edge without a registry never needs it, and it is megabytes.
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.key))
            key.verify(bytes.fromhex(self.signature), self.head.message)
        except (InvalidSignature, ValueError):
            return False
        return True


def sign(key: "Ed25519PrivateKey", head: Head) -> SignedHead:
    """Return a head with its signature."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return SignedHead(head, public.hex(), key.sign(head.message).hex())


def read(line: str) -> SignedHead:
    """Return the head that a line of JSON says; its signature is not looked at.

    Raises:
        BadValueError: it is none.
    """
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadValueError("is no JSON", MEND) from error
    return from_fields(fields)


def from_fields(fields: Any) -> SignedHead:
    """Return the head of which ``fields`` are the members in JSON types.

    Raises:
        BadValueError: it is none.
    """
    if not isinstance(fields, Mapping):
        raise BadValueError(f"{shown(str(fields))} is no head of an audit", MEND)
    numbers = {name: _number(fields, name) for name in ("number", "seq", "serial", "count")}
    digits = {name: _hexadecimal(fields, name, length) for name, length in _DIGITS.items()}
    key, signature = digits.pop("key"), digits.pop("signature")
    try:
        at = datetime.fromisoformat(str(fields.get("at")))
    except ValueError as error:
        raise BadValueError("at is no time", MEND) from error
    if at.tzinfo is None:
        raise BadValueError("at has no time zone", MEND)
    tables = fields.get("tables")
    if not isinstance(tables, str) or not tables.isalnum() or len(tables) > 32:
        raise BadValueError("tables is no revision", MEND)
    head = Head(
        numbers["number"],
        at,
        numbers["seq"],
        digits["hash"],
        tables,
        digits["epoch"],
        numbers["serial"],
        numbers["count"],
        digits["digest"],
    )
    return SignedHead(head, key, signature)


def _number(fields: Mapping[str, Any], name: str) -> int:
    value = fields.get(name)
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise BadValueError(f"{name} is no number", MEND)
    return value


def _hexadecimal(fields: Mapping[str, Any], name: str, length: int) -> str:
    value = fields.get(name)
    if name == "digest" and value == "":
        return ""
    if not isinstance(value, str) or len(value) != length or not set(value) <= set("0123456789abcdef"):
        raise BadValueError(f"{name} is not {length} hexadecimal digits", MEND)
    return value
