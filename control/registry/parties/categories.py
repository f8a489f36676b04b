"""Categories: what can be applied for, and on which terms. They are a file, not code."""

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from control.fault import Fault, Kind, Refused

DEFAULT_FILE = Path(__file__).with_name("categories.toml")

Applicant = Literal["organisation", "individual"]
APPLICANTS: tuple[str, ...] = get_args(Applicant)
"""Kinds of registrants."""

Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fee(_Strict):
    """When a fee is due: from how many addresses in one application, by which tariff."""

    from_addresses: int = Field(ge=1)
    tariff: str = Field(min_length=1)


class Category(_Strict):
    """What can be applied for; the file says what each field means."""

    title: str = Field(min_length=1)
    applicants: tuple[Applicant, ...] = Field(min_length=1)
    documents: tuple[Word, ...]
    most_entries: int = Field(ge=1, le=100_000)
    widest_ipv4: int = Field(24, ge=1, le=32)
    widest_ipv6: int = Field(48, ge=1, le=128)
    most_addresses: int = Field(4096, ge=1)
    most_networks: int = Field(65536, ge=1)
    valid_days: int = Field(ge=1, le=36_500)
    warn_days: int = Field(ge=0, le=3_650)
    fee: Fee | None = None

    @property
    def term(self) -> timedelta:
        """How long a registration is valid."""
        return timedelta(days=self.valid_days)

    @property
    def warning(self) -> timedelta:
        """How long before its end a registration counts as expiring."""
        return timedelta(days=self.warn_days)

    def tariff(self, addresses: int) -> str | None:
        """Return the tariff by which a fee is due for so many addresses, none when it is free."""
        return self.fee.tariff if self.fee and addresses >= self.fee.from_addresses else None


_READ = TypeAdapter(dict[Word, Category])


def load_categories(file: Path = DEFAULT_FILE) -> Mapping[str, Category]:
    """Return the categories of a file by name.

    Raises:
        Refused: "bad-configuration", with every fault.
    """
    title = "The categories cannot be used"
    try:
        return _READ.validate_python(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Refused(Kind.BAD_CONFIGURATION, title, [Fault(str(file), str(error), "mend the file")]) from error
    except ValidationError as error:
        faults = [
            Fault(
                f"{file}, {'.'.join(map(str, wrong['loc']))}", wrong["msg"], f"see {DEFAULT_FILE.name} for an example"
            )
            for wrong in error.errors(include_url=False)
        ]
        raise Refused(Kind.BAD_CONFIGURATION, title, faults) from error
