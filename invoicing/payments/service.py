"""What happens when money comes in for an invoice that stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.customers.rules import text_faults
from invoicing.errors import Fault, FieldFaults, NotFound, Refused
from invoicing.invoices.heading import follow
from invoicing.invoices.models import Invoice, Origin, Status
from invoicing.invoices.rules import check_move, may_be_paid
from invoicing.journal import Actor
from invoicing.payments.models import Payment, PaymentMethod
from invoicing.sellers.queries import today_of
from invoicing.text import clean


@dataclass(eq=False)
class NothingDue(Refused):
    """Nothing remains to be paid on it, or it is cancelled or a credit note: its status says which."""

    number: str
    status: Status | None = None


@dataclass(frozen=True)
class PaymentContent:
    """One payment; `amount_cents` None: all that remains."""

    method: PaymentMethod
    paid_on: date
    reference: str = ""
    amount_cents: int | None = None


def record_payment(
    session: Session, actor: Actor, now: datetime, invoice_id: int, content: PaymentContent, form_token: str
) -> Payment:
    """Records that all that remains was paid: a manual invoice is then complete, an order paid, its heading follows.

    The same form twice pays once. Refuses NotFound, NothingDue, FieldFaults.
    """
    invoice = session.get(Invoice, invoice_id, with_for_update=True, populate_existing=True)
    if invoice is None or not invoice.is_frozen:
        raise NotFound
    same = session.scalar(select(Payment).where(Payment.form_token == form_token))
    if same is not None:  # asked under the invoice's lock: the other form has committed
        return same
    if not may_be_paid(invoice.kind, invoice.status, invoice.remaining_cents):
        raise NothingDue(invoice.number or "", invoice.status)
    reference = _checked(content, today_of(invoice.seller, now), invoice)
    payment = Payment(
        invoice_id=invoice.id, method=content.method, amount_cents=invoice.remaining_cents, paid_on=content.paid_on,
        reference=reference, recorded_at=now, recorded_by_id=actor.account_id, form_token=form_token,
    )  # fmt: skip
    session.add(payment)
    settle(session, actor, now, invoice, payment.amount_cents)
    follow(session, invoice, now)
    return payment


def settle(session: Session, actor: Actor, now: datetime, invoice: Invoice, amount_cents: int) -> None:
    """Moves the status after money came in (SPEC B7).

    Partial while something remains, paid at 0 remaining, and a manual invoice on to complete.
    """
    before, paid_before = invoice.status, invoice.paid_cents
    invoice.paid_cents += amount_cents
    if invoice.remaining_cents == 0:
        check_move(invoice.status, Status.paid)
        invoice.status = Status.paid
        if invoice.origin is Origin.manual:
            check_move(invoice.status, Status.complete)
            invoice.status = Status.complete
    elif invoice.remaining_cents > 0 and invoice.paid_cents > 0 and invoice.status is not Status.partial:
        check_move(invoice.status, Status.partial)
        invoice.status = Status.partial
    invoice.revision += 1
    session.flush()
    changes = {"paid_cents": (paid_before, invoice.paid_cents), "status": (before, invoice.status)}
    journal.record(session, actor, now, "invoice.paid", ("invoice", invoice.id), changes)


def _checked(content: PaymentContent, today: date, invoice: Invoice) -> str:
    reference = clean(content.reference)
    faults = text_faults("reference", reference, 120)
    if content.paid_on > today:
        faults.append(Fault("paid_on", "after_today", {"today": today}))
    if content.paid_on.year < 2000:
        faults.append(Fault("paid_on", "bad_date", {"value": content.paid_on.isoformat()}))
    if faults:
        raise FieldFaults(faults)
    return reference
