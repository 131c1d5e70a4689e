"""Who is in a campaign: all that a filter leaves, in the order of their names, or a list in its own order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.campaigns.models import Campaign, Verdict
from invoicing.campaigns.rules import Chosen, Judged, names_of
from invoicing.customers import listing
from invoicing.customers.listing import CustomersWanted
from invoicing.customers.models import Customer
from invoicing.customers.queries import LIVING

AT_ONCE: Final = 500
NAMED_AT_ONCE: Final = 5000  # names that are looked for together: each look goes through all customers


def count(session: Session, chosen: Chosen) -> int:
    """How many customers a filter leaves."""
    return session.scalar(select(func.count()).select_from(listing.ids(_wanted(chosen)).subquery())) or 0


def count_named(session: Session, listed: str) -> tuple[int, int]:
    """How many lines a list has, and how many customers they name, each once."""
    names = names_of(listed)
    return len(names), sum(each.customer_id is not None for some in _listed(session, names) for each in some)


def first(session: Session, campaign: Campaign) -> Customer | None:
    """The first of a campaign: the example of its invoice."""
    if not campaign.listed:
        number = session.scalar(listing.ids(_wanted(Chosen.from_json(campaign.chosen))).limit(1))
        return session.get(Customer, number) if number else None
    found = next((each for some in in_lots(session, campaign) for each in some if each.customer_id), None)
    return session.get(Customer, found.customer_id) if found else None


def names_anybody(session: Session, listed: str) -> bool:
    """Whether a list names a customer at all."""
    return any(each.customer_id is not None for some in _listed(session, names_of(listed)) for each in some)


def in_lots(session: Session, campaign: Campaign) -> Iterator[list[Judged]]:
    """All of them, some at a time, as if each were ready; those lines of a list that name nobody alone are judged."""
    if campaign.listed:
        yield from _listed(session, names_of(campaign.listed))
        return
    ids = session.scalars(listing.ids(_wanted(Chosen.from_json(campaign.chosen)))).all()
    for start in range(0, len(ids), AT_ONCE):
        yield [Judged(number, Verdict.ready) for number in ids[start : start + AT_ONCE]]


def _wanted(chosen: Chosen) -> CustomersWanted:
    return CustomersWanted(
        chosen.query, chosen.standing, chosen.kind, chosen.country, chosen.language, chosen.owing,
    )  # fmt: skip


def _listed(session: Session, names: Sequence[str]) -> Iterator[list[Judged]]:
    seen: set[int] = set()
    rest = iter(names)
    while some := list(islice(rest, NAMED_AT_ONCE)):
        found = _found(session, some)
        for start in range(0, len(some), AT_ONCE):
            yield [_one(name, found.get(name.lower(), ()), seen) for name in some[start : start + AT_ONCE]]


def _one(name: str, ids: Sequence[int], seen: set[int]) -> Judged:
    told = {"typed": name[:120]}
    if len(ids) != 1:
        return Judged(None, Verdict.several if ids else Verdict.unknown, told)
    if ids[0] in seen:
        return Judged(None, Verdict.twice, told)
    seen.add(ids[0])
    return Judged(ids[0], Verdict.ready)


def _found(session: Session, names: Sequence[str]) -> dict[str, list[int]]:
    """Name in lower case → the customers that bear it as member number or e-mail address."""
    wanted = {name.lower() for name in names}
    found: defaultdict[str, list[int]] = defaultdict(list)
    for column in (func.lower(Customer.member_number), func.lower(Customer.email)):
        query = select(column, Customer.id).where(LIVING, column.in_(wanted)).order_by(Customer.id)
        for name, number in session.execute(query):
            if number not in found[name]:
                found[name].append(number)
    return found
