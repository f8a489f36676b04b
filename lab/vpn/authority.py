"""A throwaway certificate authority, for OpenVPN and for the HTTPS that must never suffer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lab.command import run
from lab.network import Side

_NEW = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_DAYS = "2"


@dataclass(frozen=True)
class Certificate:
    """Files with a certificate and its private key, both PEM."""

    certificate: Path
    key: Path


class Authority:
    """Issues P-256 certificates, which take milliseconds; all its files lie in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.root = self._make("root", "/CN=Wicketgate lab", *_extensions("keyUsage=keyCertSign"))

    def issue(self, name: str, *, usage: str, alternative: str | None = None) -> Certificate:
        """A new certificate; `usage` is serverAuth or clientAuth, `alternative` a subjectAltName."""
        # RFC 5280, sections 4.2.1.1 and 4.2.1.3: what a strict verifier, as Python 3.13's is, asks for.
        extensions = [
            *(f"extendedKeyUsage={usage}", "keyUsage=digitalSignature", "basicConstraints=CA:FALSE"),
            *("authorityKeyIdentifier=keyid", *([f"subjectAltName={alternative}"] if alternative else [])),
        ]
        signer = ("-CA", str(self.root.certificate), "-CAkey", str(self.root.key))
        return self._make(name, f"/CN={name}", *signer, *_extensions(*extensions))

    def pair(self) -> dict[Side, Certificate]:
        """One that all OpenVPN servers share and one for their clients; asked for once, before they start."""
        return {"server": self.issue("server", usage="serverAuth"), "client": self.issue("client", usage="clientAuth")}

    def _make(self, name: str, subject: str, *more: str) -> Certificate:
        made = Certificate(self._directory / f"{name}.crt", self._directory / f"{name}.key")
        files = ("-out", str(made.certificate), "-keyout", str(made.key))
        run(*_NEW, "-days", _DAYS, "-subj", subject, *files, *more)
        return made


def _extensions(*lines: str) -> tuple[str, ...]:
    return tuple(word for line in lines for word in ("-addext", line))
