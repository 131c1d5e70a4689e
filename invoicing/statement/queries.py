"""Reads a customer's account: invoices that count as sales, what corrects them, what was paid and given back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.documents.desk import Heading
from invoicing.invoices.heading import heading_of
from invoicing.invoices.models import Invoice, InvoiceKind
from invoicing.invoices.rules import DUE, SALES
from invoicing.money import Currency
from invoicing.payments.models import Payment, PaymentKind, PaymentMethod
from invoicing.sellers.models import Region, Seller
from invoicing.statement.rules import Account, Claim, Kind, Movement, account, days_late

AT_ONCE: Final = 500  # invoices whose payments are read together


@dataclass(frozen=True)
class Period:
    """The days of a statement, both included; `first` None: from the beginning."""

    first: date | None
    last: date


def accounts(session: Session, customer_id: int, period: Period, today: date) -> list[Account]:
    """One account per currency in which the customer was ever invoiced, the euro first.

    Drafts, and orders that are placed, failed, refused or cancelled, are not on it, nor is what belongs to them (B8).
    """
    invoices = _invoices(session, customer_id)
    sellers = _sellers(session, {row.seller_id for row in invoices})
    found: dict[Currency, list[Movement]] = {}
    for movement, currency in _movements(session, customer_id, invoices, sellers):
        found.setdefault(currency, []).append(movement)
    return [
        account(currency, found[currency], period.first, period.last, _claims(invoices, currency, today),
                _owed(invoices, currency))
        for currency in Currency if currency in found
    ]  # fmt: skip


def regions(session: Session, customer_id: int) -> frozenset[Region]:
    """Where the sellers of the customer's documents are: Québec's write French, alone or first."""
    query = select(Seller.region).join(Invoice, Invoice.seller_id == Seller.id)
    return frozenset(session.scalars(query.where(Invoice.customer_id == customer_id, _SALE).distinct()))


_SALE: Final = Invoice.frozen_at.is_not(None) & Invoice.status.in_(SALES)
_COLUMNS: Final = (
    Invoice.id, Invoice.number, Invoice.currency, Invoice.issued_on, Invoice.listed_on, Invoice.due_on, Invoice.status,
    Invoice.summary, Invoice.seller_id, Invoice.total_cents, Invoice.credited_cents, Invoice.paid_cents,
    Invoice.corrects_id, Invoice.customer_id, Invoice.kind, Invoice.mode, Invoice.lettering,
)  # fmt: skip
_Row: TypeAlias = Any  # one of `_COLUMNS`


def _invoices(session: Session, customer_id: int) -> Sequence[_Row]:
    query = select(*_COLUMNS).where(Invoice.customer_id == customer_id, Invoice.kind == InvoiceKind.invoice, _SALE)
    return session.execute(query.order_by(Invoice.id)).all()


def _sellers(session: Session, ids: set[int]) -> dict[int, str]:
    """Seller → name as it is today; the documents keep the one that they were made under."""
    rows = session.execute(select(Seller.id, Seller.name).where(Seller.id.in_(ids)))
    return {row.id: row.name for row in rows}


def _movements(
    session: Session, customer_id: int, invoices: Sequence[_Row], sellers: dict[int, str]
) -> Iterator[tuple[Movement, Currency]]:
    own, numbers = {row.id: row for row in invoices}, {row.number for row in invoices}
    for row in invoices:
        yield _invoiced(row, sellers.get(row.seller_id, "")), row.currency
    for start in range(0, len(invoices), AT_ONCE):
        ids = [row.id for row in invoices[start : start + AT_ONCE]]
        for note in session.execute(select(*_COLUMNS).where(Invoice.corrects_id.in_(ids), _STANDS)):
            yield _credit(note, own[note.corrects_id], customer_id, sellers), note.currency
        for paid in session.scalars(select(Payment).where(Payment.invoice_id.in_(ids))):
            invoice = own[paid.invoice_id]
            other = paid.reference if paid.reference in numbers else ""  # it may be another customer's by now
            yield _payment(paid, invoice.number or "", other, sellers.get(invoice.seller_id, "")), invoice.currency


_STANDS: Final = (Invoice.kind == InvoiceKind.credit_note) & Invoice.frozen_at.is_not(None)


def _invoiced(row: _Row, seller: str) -> Movement:
    number = row.number or ""
    return Movement(_day(row), Kind.invoice, row.total_cents, row.id, number, number, subject=row.summary,
                    seller=seller, heading=_heading(row))  # fmt: skip


def _day(row: _Row) -> date:
    day: date = row.issued_on or row.listed_on
    return day


def _heading(row: _Row) -> Heading:
    return heading_of(row.kind, row.mode, row.status, row.lettering is not None)


def _credit(note: _Row, invoice: _Row, customer_id: int, sellers: dict[int, str]) -> Movement:
    """A credit note, which takes off from its invoice whoever it was made out to (B7)."""
    number = (note.number or "") if note.customer_id == customer_id else ""
    return Movement(
        _day(note), Kind.credit_note, -note.total_cents, note.id, number, invoice.number or "",
        subject=note.summary if number else "", seller=sellers.get(note.seller_id, ""), heading=_heading(note),
    )  # fmt: skip


_UNDONE: Final = {
    Kind.payment: Kind.payment_undone,
    Kind.refund: Kind.refund_undone,
    Kind.used: Kind.used_undone,
    Kind.settled_by: Kind.settled_by_undone,
}


def _payment(row: Payment, about: str, other: str, seller: str) -> Movement:
    """Money in or given back, or the counter-entry of either."""
    back, credit = row.kind is PaymentKind.refund, row.method is PaymentMethod.credit
    kind = (Kind.used if back else Kind.settled_by) if credit else (Kind.refund if back else Kind.payment)
    if row.undoes_id is not None:
        kind = _UNDONE[kind]
    signed = row.amount_cents if back else -row.amount_cents
    other = other if credit else ""
    return Movement(row.paid_on, kind, signed, row.id, "", about, other, row.method, seller=seller)


def _claims(invoices: Sequence[_Row], currency: Currency, today: date) -> list[Claim]:
    due = [row for row in invoices if row.currency is currency and row.status in DUE and _rest(row) > 0]
    return [
        Claim(_heading(row), row.number or "", row.summary, _day(row), row.due_on, _rest(row),
              days_late(row.due_on, today))
        for row in due
    ]  # fmt: skip


def _owed(invoices: Sequence[_Row], currency: Currency) -> int:
    """What the customer is to be given back, or may set against other invoices."""
    return sum(-_rest(row) for row in invoices if row.currency is currency and _rest(row) < 0)


def _rest(row: _Row) -> int:
    """What remains, in cents (B7)."""
    rest: int = row.total_cents - row.credited_cents - row.paid_cents
    return rest
