"""Every row of `make faults`."""

from lab.faults.damage import DAMAGES
from lab.faults.faults import FAULTS
from lab.faults.row import BRAKES, Row

ROWS = [
    *(Row(name, fault, brake) for name, fault in FAULTS.items() for brake in BRAKES),
    *(Row(name, fault) for name, fault in DAMAGES.items()),
]
