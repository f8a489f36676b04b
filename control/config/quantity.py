"""Quantities with a unit in text, such as 15m or 64MiB."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from control.fault import BadValueError, shown


@dataclass(frozen=True)
class Quantity:
    """A kind of quantity.

    Attributes:
        what: its name in a refusal.
        units: each unit and how many of the smallest one it is, ascending.
        least: the smallest value allowed, in the smallest unit.
    """

    what: str
    units: Mapping[str, int]
    least: int = 1

    def read(self, value: object) -> int:
        """Return a quantity in the smallest unit.

        Raises:
            BadValueError: it is no whole number with a unit, or less than the least.
        """
        found = re.fullmatch(r"([0-9]{1,9})\s*([A-Za-z]+)", value, re.ASCII) if isinstance(value, str) else None
        if not found or found[2] not in self.units:
            *units, last = self.units
            examples = f"such as {self.spell(self.least)}; units are {', '.join(units)} and {last}"
            raise BadValueError(f"{shown(value)} is no {self.what}", f"write a number and a unit in quotes, {examples}")
        number = int(found[1]) * self.units[found[2]]
        if number < self.least:
            raise BadValueError(f"{shown(value)} is too little", f"write at least {self.spell(self.least)}")
        return number

    def spell(self, number: int) -> str:
        """Return the text for a quantity, in its largest unit that leaves no fraction."""
        if not number:
            return f"0{next(iter(self.units))}"
        unit = max((unit for unit, size in self.units.items() if number % size == 0), key=self.units.__getitem__)
        return f"{number // self.units[unit]}{unit}"


SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
BYTES = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
