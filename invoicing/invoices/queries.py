"""Reads about invoices: for staff, for a customer's record, for a member's zone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, extract, func, literal_column, or_, select, text
from sqlalchemy.orm import Session, joinedload, selectinload

from invoicing.accounts.models import User
from invoicing.customers.models import CustomerAccess
from invoicing.errors import NotFound
from invoicing.invoices.models import Invoice, InvoiceKind, Origin, Status
from invoicing.invoices.rules import ACQUIRED, DUE, SALES
from invoicing.journal import JournalEntry
from invoicing.search import matches

PAGE = 50


def by_number(session: Session, number: str) -> Invoice:
    """The document under this number, for staff: one that stands, or a shop's order that never did; else NotFound."""
    shown = or_(Invoice.frozen_at.is_not(None), Invoice.origin == Origin.online)
    query = select(Invoice).where(Invoice.number == number, shown)
    found = session.scalar(query.options(joinedload(Invoice.customer), joinedload(Invoice.seller)))
    if found is None:
        raise NotFound
    return found


def order(session: Session, invoice_id: int) -> Invoice:
    """A shop's order, which may have no number; NotFound otherwise."""
    query = select(Invoice).where(Invoice.id == invoice_id, Invoice.origin == Origin.online)
    found = session.scalar(query.options(joinedload(Invoice.customer), joinedload(Invoice.seller)))
    if found is None:
        raise NotFound
    return found


def draft(session: Session, invoice_id: int) -> Invoice:
    """A manual draft; NotFound otherwise: a shop's order is the shop's to change."""
    found = session.get(Invoice, invoice_id)
    if found is None or found.is_frozen or found.origin is not Origin.manual:
        raise NotFound
    return found


def number_like(session: Session, text: str) -> str | None:
    """The number that was typed, whatever its case, if there is one."""
    return session.scalar(select(Invoice.number).where(Invoice.number_folded == text.strip().lower()[:64]))


@dataclass(frozen=True)
class Totals:
    """Sums of one currency, in cents: invoiced, credit notes taken off; still due; and owed back to the customers."""

    currency: str
    count: int
    invoiced_cents: int
    due_cents: int
    owed_cents: int = 0

    @property
    def settled_cents(self) -> int:
        """What has come in and stays: payments less what was given back, and is to be."""
        return self.invoiced_cents - self.due_cents


SIGNED = case((Invoice.kind == InvoiceKind.credit_note, -Invoice.total_cents), else_=Invoice.total_cents)
_REST = Invoice.total_cents - Invoice.credited_cents - Invoice.paid_cents
REMAINING = case((and_(Invoice.kind == InvoiceKind.invoice, Invoice.status.in_(DUE)), _REST), else_=0)
OWED_BACK = case((and_(Invoice.kind == InvoiceKind.invoice, _REST < 0), -_REST), else_=0)  # credited after the payment


def totals(session: Session, where: ColumnElement[bool]) -> list[Totals]:
    """Exact sums per currency over documents that stand; draft, placed, failed, refused and cancelled left out."""
    query = (
        select(Invoice.currency, func.count(Invoice.id), *(func.sum(s) for s in (SIGNED, REMAINING, OWED_BACK)))
        .where(where, Invoice.frozen_at.is_not(None), Invoice.status.in_(SALES))
        .group_by(Invoice.currency)
        .order_by(func.count(Invoice.id).desc(), Invoice.currency)
    )
    return [Totals(str(currency), count, *map(int, sums)) for currency, count, *sums in session.execute(query)]


def of_customer(session: Session, customer_id: int) -> Sequence[Invoice]:
    """All documents of a customer that stand, newest first."""
    query = select(Invoice).where(Invoice.customer_id == customer_id, Invoice.frozen_at.is_not(None))
    query = query.options(selectinload(Invoice.corrects)).order_by(Invoice.issued_on.desc(), Invoice.id.desc())
    return session.scalars(query).all()


_DRAFT = (
    Invoice.kind == InvoiceKind.invoice,
    Invoice.status == Status.draft,
    Invoice.origin == Origin.manual,  # a shop's order is the shop's to finish
    Invoice.frozen_at.is_(None),
)


_NEWEST = (Invoice.listed_on.desc(), Invoice.id.desc())  # the index of the status has this order


def count_drafts(session: Session) -> int:
    """How many drafts of staff there are."""
    return session.scalar(select(func.count(Invoice.id)).where(*_DRAFT)) or 0


def drafts(session: Session, customer_id: int | None = None, most: int = 20) -> Sequence[Invoice]:
    """Drafts of staff, newest first, of one customer or of all."""
    query = select(Invoice).where(*_DRAFT)
    if customer_id is not None:
        query = query.where(Invoice.customer_id == customer_id)
    return session.scalars(query.options(joinedload(Invoice.customer)).order_by(*_NEWEST).limit(most)).all()


def past_due(today: date) -> ColumnElement[bool]:
    """Invoices past their day and unpaid; written without parameters, so that the index of these is taken."""
    due: list[ColumnElement[str]] = [literal_column(f"'{status}'") for status in sorted(DUE)]
    return and_(Invoice.kind == literal_column("'invoice'"), Invoice.status.in_(due), Invoice.due_on < today)


def count_to_check(session: Session) -> int:
    """How many documents have sums that a person must look at (SPEC Q2)."""
    return session.scalar(select(func.count()).select_from(Invoice).where(is_to_check())) or 0


def is_to_check() -> ColumnElement[bool]:
    """Documents that are flagged; written without a parameter, so that SQLite takes the index of these."""
    return Invoice.to_check != text("''")


def overdue(session: Session, today: date) -> tuple[int, list[Totals], date | None]:
    """How many are past their day and unpaid, what is due on them per currency, and since when the oldest."""
    late = past_due(today)
    found = totals(session, late)
    oldest = session.scalar(select(func.min(Invoice.due_on)).where(late))
    return sum(t.count for t in found), found, oldest


def history(session: Session, invoice_id: int) -> Sequence[JournalEntry]:
    """What happened to an invoice, oldest first."""
    query = select(JournalEntry).where(JournalEntry.subject_kind == "invoice", JournalEntry.subject_id == invoice_id)
    return session.scalars(query.order_by(JournalEntry.position)).all()


@dataclass(frozen=True)
class MemberFilter:
    """What a member looks for in « Mes factures »; `state` is due, late, settled, credit or other."""

    year: int | None = None
    state: str = ""
    query: str = ""
    customer_id: int | None = None  # one of theirs alone: see `customers.queries.customer_of_user`
    since: datetime | None = None  # only what stands since then
    today: date | None = None  # for what is late
    before: tuple[date, int] | None = None  # keyset: the last row of the page before


def _mine(user_id: int, customer_id: int | None = None) -> ColumnElement[bool]:
    """Documents that stand, of the customers that this user has a right to, or of one of them."""
    linked = select(CustomerAccess.customer_id).join(User, User.id == CustomerAccess.user_id)
    linked = linked.where(CustomerAccess.user_id == user_id, User.active)
    if customer_id is not None:
        linked = linked.where(CustomerAccess.customer_id == customer_id)
    return and_(Invoice.customer_id.in_(linked), Invoice.frozen_at.is_not(None))


def theirs(user_id: int) -> ColumnElement[bool]:
    """The condition that a document is this user's to see, for reads of other rooms."""
    return _mine(user_id)


def of_user(session: Session, user_id: int, wanted: MemberFilter) -> tuple[list[Invoice], bool]:
    """One page of a member's documents, newest first, and whether there are older ones."""
    query = _narrowed(select(Invoice).where(_mine(user_id)), wanted)
    if wanted.before:
        day, number = wanted.before
        query = query.where(or_(Invoice.issued_on < day, and_(Invoice.issued_on == day, Invoice.id < number)))
    query = query.options(selectinload(Invoice.corrects), selectinload(Invoice.customer))
    query = query.order_by(Invoice.issued_on.desc(), Invoice.id.desc()).limit(PAGE + 1)
    rows = list(session.scalars(query))
    return rows[:PAGE], len(rows) > PAGE


def _narrowed(query: Select[Any], wanted: MemberFilter) -> Select[Any]:
    if wanted.year:
        query = query.where(extract("year", Invoice.issued_on) == wanted.year)
    if wanted.query.strip():
        query = query.where(matches(Invoice.search_text, wanted.query))
    if wanted.customer_id is not None:
        query = query.where(Invoice.customer_id == wanted.customer_id)
    if wanted.since:
        query = query.where(Invoice.frozen_at > wanted.since)
    if wanted.state == "late" and wanted.today:
        query = query.where(past_due(wanted.today))
    if statuses := _STATES.get(wanted.state):
        query = query.where(Invoice.status.in_(statuses), Invoice.kind == InvoiceKind.invoice)
    elif wanted.state == "credit":
        query = query.where(Invoice.kind == InvoiceKind.credit_note)
    return query


_STATES: Final = {"due": DUE, "late": DUE, "settled": ACQUIRED, "other": frozenset(Status) - SALES}


def ids_of_user(session: Session, user_id: int, wanted: MemberFilter) -> list[int]:
    """All documents that a member's filter shows, newest first."""
    query = _narrowed(select(Invoice.id).where(_mine(user_id)), wanted)
    return list(session.scalars(query.order_by(Invoice.issued_on.desc(), Invoice.id.desc())))


def ids_of_numbers(session: Session, user_id: int, numbers: Collection[str]) -> list[int]:
    """The documents with these numbers, newest first; NotFound unless each of them is this member's."""
    query = select(Invoice.id).where(_mine(user_id), Invoice.number.in_(numbers))
    found = list(session.scalars(query.order_by(Invoice.issued_on.desc(), Invoice.id.desc())))
    if len(found) < len(set(numbers)):
        raise NotFound
    return found


def years_of_user(session: Session, user_id: int, customer_id: int | None = None) -> list[int]:
    """The years in which a member has documents, newest first."""
    year = extract("year", Invoice.issued_on)
    mine = select(year).where(_mine(user_id, customer_id))
    return [int(y) for y in session.scalars(mine.distinct().order_by(year.desc()))]


def due_of_user(session: Session, user_id: int, customer_id: int | None = None) -> Sequence[Invoice]:
    """What a member still has to pay, of all customers or of one, the most urgent first."""
    wanted = MemberFilter(state="due", customer_id=customer_id)
    query = _narrowed(select(Invoice).where(_mine(user_id)), wanted)
    return session.scalars(query.order_by(Invoice.due_on, Invoice.id)).all()


def for_user(session: Session, user_id: int, number: str) -> Invoice:
    """A member's own document; NotFound for what is missing and for what is another's."""
    found = session.scalar(
        select(Invoice).where(_mine(user_id), Invoice.number == number).options(joinedload(Invoice.customer))
    )
    if found is None:
        raise NotFound
    return found
