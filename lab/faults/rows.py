"""Every row of `make faults`."""

from lab.faults.damage import DAMAGES
from lab.faults.faults import FAULTS
from lab.faults.happenings import HAPPENINGS
from lab.faults.links import LINKS
from lab.faults.registry import REGISTRY
from lab.faults.row import BRAKES, Row
from lab.faults.surroundings import SURROUNDINGS

ROWS = [
    *(Row(name, fault, brake) for name, fault in FAULTS.items() for brake in BRAKES),
    *(Row(name, fault) for name, fault in DAMAGES.items()),
    *(Row(name, fault) for name, fault in HAPPENINGS.items()),
    *(Row(name, fault) for name, fault in LINKS.items()),
    *(Row(name, fault) for name, fault in REGISTRY.items()),
    *(Row(name, fault) for name, fault in SURROUNDINGS.items()),
    Row("agent-started-afterwards", SURROUNDINGS["agent-started-afterwards"], "policy"),
    Row("agent-started-afterwards", SURROUNDINGS["agent-started-afterwards"], "detach"),
    Row("brake-from-elsewhere", HAPPENINGS["brake-from-elsewhere"], "detach"),
    Row("pin-of-another-map", HAPPENINGS["pin-of-another-map"], "policy"),
    Row("many-link-events", LINKS["many-link-events"], "policy"),
    Row("names-swapped", LINKS["names-swapped"], "detach"),
    Row("names-swapped-agent-gone", LINKS["names-swapped-agent-gone"], "detach"),
]

ENTRIES_MOVING = "entries-moving"
"""The row that bench.moves adds: raw frames at full rate while entries move."""
