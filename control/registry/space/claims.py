"""Who holds an address: no two registrants may, and none may hold the same prefix twice.

A prefix is held by a registration that has not ended, and by an application whose provider has confirmed it. Two
prefixes overlap when one covers the other, so for every length that is present there is one prefix to
look for above, and one range to look in below; a million held prefixes cost a few index look-ups.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from control.allowlist import mapped
from control.fault import Fault, Kind, Refused
from control.registry.access import sight
from control.registry.access.actor import Actor
from control.registry.cases.workflow import PENDING
from control.registry.store.model import Application, ApplicationEntry, Registrant, Registration
from control.registry.store.model.registrations import HELD
from control.registry.store.writing import portions

Claims = Select[str, str, bytes, int, str]
"""A query for the columns of ``Claim``."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One prefix that somebody holds or wants.

    Attributes:
        holder: id of the registration or application.
        registrant: whose it is.
        first, length: as ``addresses.key`` gives them.
        prefix: in text.
    """

    holder: str
    registrant: str
    first: bytes
    length: int
    prefix: str

    @property
    def last(self) -> bytes:
        """The last address of the prefix."""
        return (int.from_bytes(self.first, "big") | (1 << mapped.HOST - self.length) - 1).to_bytes(16, "big")

    def within(self, length: int) -> bytes:
        """Return the first address of the prefix of that length which covers this one."""
        return (int.from_bytes(self.first, "big") >> mapped.HOST - length << mapped.HOST - length).to_bytes(16, "big")


def wanted(session: Session, applications: Iterable[str]) -> list[Claim]:
    """Return what applications ask for."""
    claims: list[Claim] = []
    for portion in portions(list(applications)):
        claims += _claims(session, _pending().where(Application.id.in_(portion)).order_by(Application.id))
    return claims


def demand_free(session: Session, actor: Actor, claims: Sequence[Claim]) -> None:
    """Refuse what another registrant holds, or what is held already.

    Raises:
        Refused: "conflict", with a fault for each prefix that is in the way of one that is wanted.
    """
    barred = list(overlaps(session, claims))
    unseen = unseen_registrants(session, actor, barred)
    faults = [fault(claim, holder, unseen) for claim, holder in barred]
    if faults:
        raise Refused(Kind.CONFLICT, "An address is held already", faults)


def demand_new(session: Session, claims: Sequence[Claim]) -> None:
    """Refuse what its own registrant holds already. What others hold is not looked at, so nothing is told of it.

    Raises:
        Refused: "conflict", with a fault for each prefix.
    """
    barred = [(claim, holder) for claim, holder in overlaps(session, claims) if claim.registrant == holder.registrant]
    if barred:
        faults = [fault(claim, holder, ()) for claim, holder in barred]
        raise Refused(Kind.CONFLICT, "An address is held already", faults)


def taken(session: Session, claims: Sequence[Claim]) -> set[str]:
    """Return the holders of those claims that something of another registrant's is in the way of."""
    return {claim.holder for claim, other in overlaps(session, claims) if claim.registrant != other.registrant}


def overlaps(session: Session, claims: Sequence[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """Yield each claim that cannot be granted, with the one in its way: held, or an earlier one of ``claims``."""
    yield from _within(claims)
    held, pending = select(Registration.length).where(HELD), select(ApplicationEntry.length)
    for lengths, sources, condition in (
        (_lengths(session, held), _held(), HELD),
        (_lengths(session, pending), _pending(), Application.state.in_(PENDING)),
    ):
        yield from _stored(session, claims, lengths, sources.where(condition))


def unseen_registrants(session: Session, actor: Actor, barred: Iterable[tuple[Claim, Claim]]) -> set[str]:
    """Return the registrants in the way of claims that the actor may not see.

    Who applies for much would else be told, prefix by prefix, what others have registered.
    """
    unseen = {holder.registrant for _, holder in barred}
    for portion in portions(unseen):
        seen = sight.select_visible(actor, Registrant).where(Registrant.id.in_(portion))
        unseen = unseen - set(session.scalars(seen.with_only_columns(Registrant.id)))
    return unseen


def fault(claim: Claim, holder: Claim, unseen: Collection[str]) -> Fault:
    """Return why a claim cannot be granted, because of the one in its way, in which nobody ``unseen`` is named."""
    if claim.registrant == holder.registrant:
        mend = "renew that registration, or withdraw that application"
        return Fault(f"{claim.holder}, {claim.prefix}", f"is held already by {holder.holder}", mend)
    why = f"overlaps {holder.prefix} of the registrant {holder.registrant}"
    if holder.registrant in unseen:
        why = "overlaps what another registrant holds"
    return Fault(
        f"{claim.holder}, {claim.prefix}", why, "have the provider say whose it is, and correct one of the two"
    )


def _in_the_way(claim: Claim, other: Claim) -> bool:
    """Return whether an overlapping claim bars another: one of the same registrant may be inside his wider one."""
    return claim.registrant != other.registrant or (claim.first, claim.length) == (other.first, other.length)


def _within(claims: Sequence[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """Yield the overlaps among the claims, which need no pair of them compared: sorted, a cover comes before."""
    covers: list[Claim] = []
    for claim in sorted(claims, key=lambda claim: (claim.first, claim.length)):
        while covers and covers[-1].last < claim.first:
            covers.pop()
        yield from ((claim, cover) for cover in covers if _in_the_way(claim, cover))
        covers.append(claim)


def _stored(
    session: Session, claims: Sequence[Claim], lengths: Sequence[int], source: Claims
) -> Iterator[tuple[Claim, Claim]]:
    whose, first, length = (source.selected_columns[name] for name in ("registrant_id", "first", "length"))
    for wide in lengths:
        above: dict[bytes, list[Claim]] = {}
        for claim in claims:
            if claim.length >= wide:
                above.setdefault(claim.within(wide), []).append(claim)
            else:
                inside = source.where(length == wide, first.between(claim.first, claim.last), whose != claim.registrant)
                yield from _barred([claim], _claims(session, inside.limit(1)))
        for portion in portions(above):
            for other in _claims(session, source.where(length == wide, first.in_(portion))):
                yield from _barred(above[other.first], [other])


def _barred(claims: Sequence[Claim], others: Sequence[Claim]) -> Iterator[tuple[Claim, Claim]]:
    yield from ((claim, other) for claim in claims for other in others if _in_the_way(claim, other))


def _lengths(session: Session, source: Select[int]) -> list[int]:
    """Return the lengths that are present, by one index look-up each."""
    column = source.selected_columns["length"]
    lengths: list[int] = []
    least = source.with_only_columns(func.min(column)).where(column <= mapped.HOST)  # a length, whatever SQL put there
    while (longer := session.scalar(least.where(column > (lengths[-1] if lengths else 0)))) is not None:
        lengths.append(longer)
    return lengths


def _held() -> Claims:
    return select(
        Registration.id, Registration.registrant_id, Registration.first, Registration.length, Registration.prefix
    )


def _pending() -> Claims:
    entry = ApplicationEntry
    columns = select(Application.id, Application.registrant_id, entry.first, entry.length, entry.prefix)
    return columns.select_from(entry).join(Application, Application.id == entry.application_id)


def _claims(session: Session, source: Claims) -> list[Claim]:
    return [Claim(*row) for row in session.execute(source)]
