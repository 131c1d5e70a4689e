"""The list of customers: a filter, two orders, one page of them or all; duplicates that were merged are in none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from invoicing.customers.models import Customer, CustomerKind, Standing
from invoicing.customers.queries import LIVING, CustomerRow, with_sums
from invoicing.invoices.models import Invoice, InvoiceKind
from invoicing.invoices.rules import DUE
from invoicing.keyset import beyond
from invoicing.search import matches

PAGE: Final = 50
AT_ONCE: Final = 500  # customers whose sums are read together


class CustomersBy(StrEnum):
    """What the list is sorted by."""

    name = "name"
    added = "added"


@dataclass(frozen=True)
class CustomersWanted:
    """The filter and the order; None and "" leave nothing out."""

    query: str = ""
    standing: Standing | None = None
    kind: CustomerKind | None = None
    country: str = ""
    language: str = ""
    owing: bool | None = None
    by: CustomersBy = CustomersBy.name
    descending: bool = False


@dataclass(frozen=True)
class CustomersPage:
    """One page, and whether there are customers before and after it."""

    rows: tuple[CustomerRow, ...]
    before: bool
    after: bool


_COLUMNS: Final[dict[CustomersBy, Any]] = {CustomersBy.name: Customer.sort_name, CustomersBy.added: Customer.id}


def page(
    session: Session, wanted: CustomersWanted, cursor: int | None = None, backwards: bool = False
) -> CustomersPage:
    """The page after (or before) the customer with this number; the first one where there is none, or they went."""
    key = session.get(Customer, cursor) if cursor is not None else None
    backwards = backwards and key is not None
    query = _ordered(select(Customer), wanted, key, backwards).limit(PAGE + 1)
    found: Sequence[Customer] = session.scalars(query).all()
    if backwards and len(found) <= PAGE:
        return page(session, wanted)
    shown = found[:PAGE][::-1] if backwards else found[:PAGE]
    rows = tuple(with_sums(session, shown))
    if backwards:
        return CustomersPage(rows, before=True, after=True)
    return CustomersPage(rows, before=key is not None, after=len(found) > PAGE)


def ids(wanted: CustomersWanted) -> Select[int]:
    """The query for the numbers of all of them, in their order."""
    return _ordered(select(Customer.id), wanted, None, False)


def every(session: Session, wanted: CustomersWanted) -> Iterator[CustomerRow]:
    """All of them, in their order, however many."""
    query = ids(wanted).execution_options(yield_per=AT_ONCE)
    for some in session.scalars(query).partitions(AT_ONCE):
        found = {row.id: row for row in session.scalars(select(Customer).where(Customer.id.in_(some)))}
        yield from with_sums(session, [found[number] for number in some])
        session.expunge_all()


def counts(session: Session, wanted: CustomersWanted) -> dict[Standing, int]:
    """How many of each standing the rest of the filter leaves."""
    query = select(Customer.standing, func.count(Customer.id)).where(*_where(wanted, with_standing=False))
    found: dict[Standing, int] = dict(session.execute(query.group_by(Customer.standing)).all())
    return {standing: found.get(standing, 0) for standing in Standing}


def countries(session: Session) -> list[str]:
    """The countries that customers live in."""
    return list(session.scalars(select(Customer.country).where(LIVING).distinct().order_by(Customer.country)))


def _ordered(query: Select[Any], wanted: CustomersWanted, key: Customer | None, backwards: bool) -> Select[Any]:
    """In the order, from the key on."""
    down, column = wanted.descending is not backwards, _COLUMNS[wanted.by]
    query = query.where(*_where(wanted))
    if key is not None:
        added = wanted.by is CustomersBy.added
        columns, values = ((column,), (key.id,)) if added else ((column, Customer.id), (key.sort_name, key.id))
        query = query.where(beyond(columns, values, down))
    return query.order_by(*(each.desc() if down else each.asc() for each in dict.fromkeys((column, Customer.id))))


def _where(wanted: CustomersWanted, with_standing: bool = True) -> Iterator[ColumnElement[bool]]:
    yield LIVING
    if wanted.query:
        yield matches(Customer.search_text, wanted.query)
    for column, value in ((Customer.kind, wanted.kind), (Customer.standing, wanted.standing if with_standing else None),
                          (Customer.country, wanted.country), (Customer.language, wanted.language)):  # fmt: skip
        if value:
            yield column == value
    if wanted.owing is not None:
        due = (Invoice.kind == InvoiceKind.invoice, Invoice.status.in_(DUE), Invoice.frozen_at.is_not(None))
        owing = Customer.id.in_(select(Invoice.customer_id).where(*due))
        yield owing if wanted.owing else ~owing
