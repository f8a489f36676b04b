"""The registry's databases, with the providers of the association's members."""

import pytest

from control.registry.parties.providers import ProviderText, create
from control.registry.store.database import Database
from tests.registry.cast import OFFICER
from tests.registry.conftest import clock, database, empty
from tests.registry_intake.association import PROVIDERS

__all__ = ["clock", "database", "empty"]


@pytest.fixture
def providers(database: Database) -> dict[str, str]:
    """The ids of the members' providers by name."""
    with database.writing(OFFICER) as writing:
        return {name: create(writing, ProviderText(name=name)).id for name in PROVIDERS}
