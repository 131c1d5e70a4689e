"""What a form has done already: sent again as it was it gives the same result; with other content it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.errors import Refused
from invoicing.invoices.models import Invoice
from invoicing.payments.models import Payment, PaymentKind, PaymentMethod
from invoicing.payments.rules import PaymentContent, signed
from invoicing.text import clean


class Did(StrEnum):
    """What a form did the first time."""

    payment = "payment"
    refund = "refund"
    set_against = "set_against"
    undone = "undone"
    credit_note = "credit_note"
    other = "other"


@dataclass(eq=False)
class FormUsed(Refused):
    """The form did `did` once, and says something else now; `number` is the invoice's or the credit note's."""

    did: Did
    number: str
    amount_cents: int
    currency: str
    other: str = ""  # the invoice that was paid, of a pair


def served(session: Session, form_token: str) -> Payment | None:
    """The row that this form made; asked under the invoice's lock: the other form has committed."""
    return session.scalar(select(Payment).where(Payment.form_token == form_token))


def used_for(session: Session, row: Payment) -> FormUsed:
    """The refusal that says what the form did."""
    invoice = session.get_one(Invoice, row.invoice_id)
    number, other, did = invoice.number or "", "", Did(row.kind.value)
    if row.undoes_id is not None:
        did = Did.undone
    elif row.method is PaymentMethod.credit:
        did, number, other = Did.set_against, row.reference, number
    return FormUsed(did, number, abs(row.amount_cents), invoice.currency, other)


def says_same(session: Session, row: Payment, invoice_id: int, kind: PaymentKind, content: PaymentContent) -> bool:
    """Whether the form of a payment or refund says what it said when it was booked as `row`."""
    if row.undoes_id is not None or row.method is PaymentMethod.credit:
        return False
    booked = (row.invoice_id, row.kind, row.method, row.paid_on, row.reference)
    asked = (invoice_id, kind, content.method, content.paid_on, clean(content.reference))
    return booked == asked and _same_amount(session, content.amount_cents, row)


def pairs_same(session: Session, row: Payment, owing_id: int, other_id: int, amount_cents: int | None) -> bool:
    """Whether it set as much of the same invoice against the same other."""
    given = session.get(Payment, row.twin_id) if row.twin_id is not None else None
    if given is None or row.undoes_id is not None or (given.invoice_id, row.invoice_id) != (owing_id, other_id):
        return False
    return _same_amount(session, amount_cents, row, given)


def undoes_same(row: Payment, payment_id: int, reason: str) -> bool:
    """Whether it undid the same payment for the same reason."""
    return row.undoes_id == payment_id and row.reason == clean(reason)


def _same_amount(session: Session, amount_cents: int | None, *rows: Payment) -> bool:
    """None asks for all: the same if nothing remained once one of the rows was booked."""
    if amount_cents is None:
        return any(_left_after(session, row) == 0 for row in rows)
    return amount_cents == rows[0].amount_cents


def _left_after(session: Session, row: Payment) -> int:
    """What remained of its invoice right after the row, in cents; below 0 what was owed back."""
    invoice = session.get_one(Invoice, row.invoice_id)
    until = select(Payment).where(Payment.invoice_id == invoice.id, Payment.id <= row.id)
    notes = select(func.sum(Invoice.total_cents)).where(
        Invoice.corrects_id == invoice.id, Invoice.created_at <= row.recorded_at
    )
    paid = sum(signed(each) for each in session.scalars(until))
    return invoice.total_cents - int(session.scalar(notes) or 0) - paid
