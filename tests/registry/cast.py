"""Who plays in the tests, and the shortest way to what they need."""

from collections.abc import Sequence
from dataclasses import dataclass

from control.registry.access.actor import Actor
from control.registry.cases import review
from control.registry.cases.applications import DocumentText, Draft, create_many
from control.registry.parties import providers, registrants
from control.registry.parties.categories import load_categories
from control.registry.parties.providers import ProviderText
from control.registry.parties.registrants import RegistrantNew
from control.registry.space.addresses import AddressRules, read_entries
from control.registry.store.database import Database
from control.registry.store.writing import Rules, Writing

WIDE = {"widest_ipv4": 8, "widest_ipv6": 16, "most_addresses": 1 << 32, "most_networks": 1 << 64}
RULES = Rules(
    AddressRules(private=True),
    {name: category.model_copy(update=WIDE) for name, category in load_categories().items()},
)
"""Private addresses too, and any number of them: there are enough for any test."""

OPERATOR = Actor("operator", frozenset({"operator"}))
OFFICER = Actor("officer", frozenset({"officer"}))
SECOND = Actor("second officer", frozenset({"officer"}))
PAPERS = tuple(
    DocumentText(kind=kind, reference=f"shelf/{kind}", sha256="ab" * 32) for kind in ("identity", "incorporation")
)


@dataclass(frozen=True)
class Cast:
    """Two companies and their provider, as ids and as actors."""

    company: str
    rival: str
    provider: str

    @property
    def applicant(self) -> Actor:
        return Actor(self.company, frozenset({"registrant"}), registrant=self.company)

    @property
    def other(self) -> Actor:
        return Actor(self.rival, frozenset({"registrant"}), registrant=self.rival)

    @property
    def confirmer(self) -> Actor:
        return Actor(self.provider, frozenset({"provider"}), provider=self.provider)

    def draft(self, writing: Writing, *prefixes: object, registrant: str = "") -> Draft:
        entries = read_entries(prefixes, writing.rules.addresses)
        return Draft(registrant or self.company, "company", entries, PAPERS, self.provider)


def assemble(database: Database) -> Cast:
    """Enter the cast."""
    with database.writing(OFFICER) as writing:
        company, rival = registrants.create_many(
            writing, [RegistrantNew(kind="organisation", name=name) for name in ("Company", "Rival")]
        )
        return Cast(company.id, rival.id, providers.create(writing, ProviderText(name="Provider")).id)


def apply(
    database: Database, cast: Cast, prefixes: Sequence[object], registrant: str = "", by: Actor | None = None
) -> str:
    """Enter and submit an application, as the applicant or somebody else, and return its id."""
    with database.writing(by or (cast.other if registrant == cast.rival else cast.applicant)) as writing:
        (made,) = create_many(writing, [cast.draft(writing, *prefixes, registrant=registrant)])
        return review.submit(writing, made.id).id


def register(database: Database, cast: Cast, *prefixes: object, registrant: str = "") -> list[str]:
    """Take addresses all the way, and return the registrations' ids."""
    application = apply(database, cast, prefixes, registrant)
    with database.writing(cast.confirmer) as writing:
        review.confirm(writing, application)
    with database.writing(OFFICER) as writing:
        return [each.id for each in review.approve(writing, application)]
