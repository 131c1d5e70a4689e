"""Reads about customers: the list with its counts and sums, homonyms, who may see what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from invoicing.customers.models import Customer, CustomerAccess
from invoicing.customers.rules import MergedAway
from invoicing.errors import NotFound
from invoicing.invoices.models import Invoice
from invoicing.invoices.queries import OWED_BACK, REMAINING, SIGNED
from invoicing.invoices.rules import SALES

PAGE = 50
LIVING = Customer.merged_into_id.is_(None)  # duplicates that were merged are in no list
_SUMS = (SIGNED, REMAINING, OWED_BACK)


@dataclass(frozen=True)
class CustomerSums:
    """In one currency, in cents: invoiced (credit notes taken off), due, and owed back."""

    currency: str
    invoiced_cents: int
    due_cents: int
    owed_cents: int


@dataclass(frozen=True)
class CustomerRow:
    """A customer in the list, with the sums per currency."""

    customer: Customer
    count: int
    sums: tuple[CustomerSums, ...]
    has_homonym: bool


def with_sums(session: Session, customers: Sequence[Customer]) -> list[CustomerRow]:
    """The same customers, with their counts and sums: draft, placed, failed, refused and cancelled left out."""
    numbers = [customer.id for customer in customers]
    query = (
        select(Invoice.customer_id, Invoice.currency, func.count(Invoice.id), *map(func.sum, _SUMS))
        .where(Invoice.customer_id.in_(numbers), Invoice.frozen_at.is_not(None), Invoice.status.in_(SALES))
        .group_by(Invoice.customer_id, Invoice.currency)
        .order_by(Invoice.currency)
    )
    sums: dict[int, list[CustomerSums]] = {}
    counts: dict[int, int] = {}
    for customer_id, currency, count, *cents in session.execute(query):
        sums.setdefault(customer_id, []).append(CustomerSums(str(currency), *map(int, cents)))
        counts[customer_id] = counts.get(customer_id, 0) + count
    names = [customer.sort_name for customer in customers]
    shared = select(Customer.sort_name).where(Customer.sort_name.in_(names), LIVING).group_by(Customer.sort_name)
    homonyms = set(session.scalars(shared.having(func.count(Customer.id) > 1)))
    return [CustomerRow(c, counts.get(c.id, 0), tuple(sums.get(c.id, ())), c.sort_name in homonyms) for c in customers]


def customer(session: Session, customer_id: int) -> Customer:
    """One customer with the people who may see their invoices; NotFound, or MergedAway for a duplicate's record."""
    found = session.get(Customer, customer_id, options=[selectinload(Customer.access)])
    if found is None:
        raise NotFound
    if found.merged_into_id is not None:
        raise MergedAway(customer_id, found.merged_into_id)
    return found


def homonyms(session: Session, customer: Customer) -> Sequence[Customer]:
    """Others of the same name."""
    query = select(Customer).where(Customer.sort_name == customer.sort_name, Customer.id != customer.id, LIVING)
    return session.scalars(query.order_by(Customer.id).limit(5)).all()


def customers_of_user(session: Session, user_id: int) -> Sequence[Customer]:
    """The customers whose invoices this user may see."""
    query = select(Customer).join(CustomerAccess).where(CustomerAccess.user_id == user_id)
    return session.scalars(query.order_by(Customer.sort_name, Customer.id)).all()
