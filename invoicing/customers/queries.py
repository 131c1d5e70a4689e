"""Reads about customers: the list with its counts and sums, homonyms, who may see what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from invoicing.accounts.models import User
from invoicing.customers.models import AccessRight, Customer, CustomerAccess, CustomerKind
from invoicing.customers.rules import MergedAway
from invoicing.errors import NotFound
from invoicing.invoices.models import Invoice
from invoicing.invoices.queries import OWED_BACK, REMAINING, SIGNED
from invoicing.invoices.rules import SALES
from invoicing.journal import JournalEntry

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


@dataclass(frozen=True)
class Seen:
    """A customer whose invoices somebody sees in the member zone."""

    id: int
    name: str
    member_number: str | None
    city: str
    right: AccessRight
    has_namesake: bool  # among those that this person sees

    @property
    def label(self) -> str:
        """The name, with what tells it from a namesake: « Élodie Lefèvre (00412) »."""
        more = self.member_number or self.city
        return f"{self.name} ({more})" if self.has_namesake and more else self.name

    @property
    def manages(self) -> bool:
        """Whether this person also says who sees them."""
        return self.right is AccessRight.manages


def customers_of_user(session: Session, user_id: int) -> Sequence[Customer]:
    """The customers whose invoices this user may see, by name; a disabled user sees none."""
    query = select(Customer).join(CustomerAccess).join(User, User.id == CustomerAccess.user_id)
    mine = query.where(CustomerAccess.user_id == user_id, User.active, LIVING)
    return session.scalars(mine.order_by(Customer.sort_name, Customer.id)).all()


def seen_by_user(session: Session, user_id: int) -> list[Seen]:
    """The same, told apart and with what the user may do for each."""
    active = session.scalar(select(User.active).where(User.id == user_id))
    return rights_of_user(session, user_id) if active else []


def rights_of_user(session: Session, user_id: int) -> list[Seen]:
    """The same, whether or not the account is disabled just now: what it has been given."""
    query = select(Customer, CustomerAccess.granted).join(CustomerAccess)
    mine = query.where(CustomerAccess.user_id == user_id, LIVING)
    found = session.execute(mine.order_by(Customer.sort_name, Customer.id)).all()
    names = [customer.sort_name for customer, _right in found]
    return [Seen(c.id, c.name, c.member_number, c.city, _effective(c, right), names.count(c.sort_name) > 1)
            for c, right in found]  # fmt: skip


def _effective(customer: Customer, right: AccessRight) -> AccessRight:
    """Only an organisation has people to manage."""
    return right if customer.kind is CustomerKind.organisation else AccessRight.sees


def customer_of_user(session: Session, user_id: int, customer_id: int) -> Seen:
    """One of them; NotFound where it isn't, whether it exists or not."""
    found = next((seen for seen in seen_by_user(session, user_id) if seen.id == customer_id), None)
    if found is None:
        raise NotFound
    return found


def access_history(session: Session, customer_id: int, most: int = 50) -> Sequence[JournalEntry]:
    """Who was given access to a customer's invoices, and who lost it, newest first."""
    about = (JournalEntry.subject_kind == "customer") & (JournalEntry.subject_id == customer_id)
    query = select(JournalEntry).where(about, JournalEntry.action.startswith("customer.access_"))
    return session.scalars(query.order_by(JournalEntry.position.desc()).limit(most)).all()
