"""The registry's metrics: how long the list is, what ends when, and what of that is in use.

They are read from the database at each scrape. docs/metrics.md explains each.
"""

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from api.kit.gauges import Gauges, Sample, gauge
from control.fault import Refused
from control.registry.endings import outlook
from control.registry.endings.outlook import Outlook
from control.registry.publication import use
from control.registry.store.database import Database

GAUGES: Gauges = {
    "wicketgate_registry_up": ("1 while the registry's database can be read, else 0 and no other of its metrics", ()),
    "wicketgate_registry_entries": ("Entries on the registry's live list", ()),
    "wicketgate_registry_open_intents": ("Intents that officers or the clock have to decide on", ()),
    "wicketgate_registry_ending": ("Registrations on the live list that end within so many days", ("days",)),
    "wicketgate_registry_ending_in_use": ("Of these, with traffic in the last day", ("days",)),
    "wicketgate_registry_mass_expiries": ("Days among the next 30 on which very many registrations end", ()),
    "wicketgate_registry_over": ("Registrations on the live list whose end has come", ()),
    "wicketgate_registry_over_held": ("Of these, that an officer decides on, because they are in use", ()),
    "wicketgate_registry_doubts": ("Reasons for which it is not known what is in use", ()),
}

WITHIN = (1, 7, 30)
"""Days."""


class RegistryMetrics(Collector):
    """A collector that asks the database."""

    def __init__(self, database: Database) -> None:
        """Nothing is read yet."""
        self._database = database

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, or only that the database cannot be read."""
        database = self._database
        try:
            with database.reading() as session:
                seen = outlook.look(database, session)
                doubts = len(use.unknown(session, database.now(), database.rules.expiry.grace))
        except Refused:
            yield gauge(GAUGES, "wicketgate_registry_up", [((), 0)])
            return
        for name, samples in _samples(seen, doubts).items():
            yield gauge(GAUGES, name, samples)


def _samples(seen: Outlook, doubts: int) -> dict[str, list[Sample]]:
    within = {days: [day for day in seen.days if day.number < days] for days in WITHIN}
    return {
        "wicketgate_registry_up": [((), 1)],
        "wicketgate_registry_entries": [((), seen.count)],
        "wicketgate_registry_open_intents": [((), seen.open_intents)],
        "wicketgate_registry_ending": [
            ((str(days),), sum(day.registrations for day in some)) for days, some in within.items()
        ],
        "wicketgate_registry_ending_in_use": [
            ((str(days),), sum(day.in_use for day in some)) for days, some in within.items()
        ],
        "wicketgate_registry_mass_expiries": [((), sum(day.is_mass for day in seen.days))],
        "wicketgate_registry_over": [((), seen.over)],
        "wicketgate_registry_over_held": [((), seen.held)],
        "wicketgate_registry_doubts": [((), doubts)],
    }
