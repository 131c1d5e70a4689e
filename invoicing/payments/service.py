"""What happens when money comes in for an invoice that stands, or is given back, or was written down by mistake."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.errors import FieldFaults, NotFound
from invoicing.invoices.heading import follow
from invoicing.invoices.models import Invoice, Status
from invoicing.invoices.rules import may_be_paid
from invoicing.journal import Actor
from invoicing.payments import rules
from invoicing.payments.models import Payment, PaymentKind, PaymentMethod
from invoicing.payments.rules import NothingDue, PaymentContent
from invoicing.payments.served import pairs_same, says_same, served, undoes_same, used_for
from invoicing.sellers.queries import today_of

__all__ = ["NothingDue", "PaymentContent", "record_payment", "refund", "set_against", "settle", "undo_payment"]


def record_payment(
    session: Session, actor: Actor, now: datetime, invoice_id: int, content: PaymentContent, form_token: str
) -> Payment:
    """Records what was paid: status and heading follow (SPEC B7, B8). The same form twice pays once.

    Refuses NotFound, FormUsed (other content), NothingDue, FieldFaults (also for more than what remains).
    """
    invoice = _locked(session, invoice_id)
    if (row := served(session, form_token)) is not None:
        return _again(session, row, says_same(session, row, invoice.id, PaymentKind.payment, content))
    if not may_be_paid(invoice.kind, invoice.status, invoice.remaining_cents):
        raise NothingDue(invoice.number or "", invoice.status)
    amount, reference = _checked(content, now, invoice, invoice.remaining_cents, "more_than_remains")
    payment = Payment(
        invoice_id=invoice.id, method=content.method, amount_cents=amount, paid_on=content.paid_on,
        reference=reference, recorded_at=now, recorded_by_id=actor.account_id, form_token=form_token,
    )  # fmt: skip
    _book(session, actor, now, invoice, payment, "invoice.paid")
    return payment


def refund(
    session: Session, actor: Actor, now: datetime, invoice_id: int, content: PaymentContent, form_token: str
) -> Payment:
    """Records what was given back, never more than is owed back. The same form twice gives back once.

    Refuses NotFound, FormUsed, NothingOwedBack, FieldFaults.
    """
    invoice = _locked(session, invoice_id)
    if (row := served(session, form_token)) is not None:
        return _again(session, row, says_same(session, row, invoice.id, PaymentKind.refund, content))
    if not (most := rules.owed_back(invoice)):
        raise rules.NothingOwedBack(invoice.number or "")
    amount, reference = _checked(content, now, invoice, most, "more_than_owed_back")
    payment = Payment(
        invoice_id=invoice.id, kind=PaymentKind.refund, method=content.method, amount_cents=amount,
        paid_on=content.paid_on, reference=reference, recorded_at=now, recorded_by_id=actor.account_id,
        form_token=form_token,
    )  # fmt: skip
    _book(session, actor, now, invoice, payment, "invoice.refunded")
    return payment


def set_against(
    session: Session,
    actor: Actor,
    now: datetime,
    invoice_id: int,
    other_id: int,
    amount_cents: int | None,
    form_token: str,
) -> Payment:
    """Pays another invoice of the same customer with what this one owes back; gives the other's payment.

    A pair of rows, a refund here and a payment there; None: as much as fits. The same form twice does it once.
    Refuses NotFound, FormUsed, NothingOwedBack, NotTogether, NothingDue, FieldFaults.
    """
    found = {id_: _locked(session, id_) for id_ in sorted({invoice_id, other_id})}  # always in this order: no deadlock
    owing, other = found[invoice_id], found[other_id]
    if (row := served(session, form_token)) is not None:
        return _again(session, row, pairs_same(session, row, invoice_id, other_id, amount_cents))
    if not (most := rules.owed_back(owing)):
        raise rules.NothingOwedBack(owing.number or "")
    rules.check_together(owing, other)
    most = min(most, other.remaining_cents)
    amount_cents = most if amount_cents is None else amount_cents
    if faults := rules.amount_faults(amount_cents, most, owing.currency, "more_than_both"):
        raise FieldFaults(faults)
    given = _pair_row(actor, now, owing, amount_cents, other.number or "", PaymentKind.refund)
    _book(session, actor, now, owing, given, "invoice.credit_used")
    received = _pair_row(actor, now, other, amount_cents, owing.number or "", PaymentKind.payment)
    received.twin_id, received.form_token = given.id, form_token
    _book(session, actor, now, other, received, "invoice.paid")
    return received


def _pair_row(actor: Actor, now: datetime, invoice: Invoice, cents: int, number: str, kind: PaymentKind) -> Payment:
    """One half of a pair; its reference is the number of the invoice at the other end."""
    return Payment(
        invoice_id=invoice.id, kind=kind, method=PaymentMethod.credit, amount_cents=cents,
        paid_on=today_of(invoice.seller, now), reference=number, recorded_at=now, recorded_by_id=actor.account_id,
    )  # fmt: skip


def undo_payment(
    session: Session, actor: Actor, now: datetime, payment_id: int, reason: str, form_token: str
) -> Payment:
    """Writes the counter-entry of a payment or refund, once; both halves of a pair are undone together (SPEC B8).

    What was paid or complete is partial again, or pending; its lettering stays. Gives the counter-entry.
    Refuses NotFound, FormUsed, AlreadyUndone, GivenBackSince, FieldFaults (no reason).
    """
    payment = session.get(Payment, payment_id)
    if payment is None:
        raise NotFound
    rows = sorted([payment, *_twins(session, payment)], key=lambda row: row.invoice_id)
    invoices = [_locked(session, row.invoice_id) for row in rows]
    if (row := served(session, form_token)) is not None:
        return _again(session, row, undoes_same(row, payment.id, reason))
    undone = select(Payment.id).where(Payment.undoes_id == payment.id)
    if payment.undoes_id is not None or session.scalar(undone) is not None:
        raise rules.AlreadyUndone(payment.id, _number_of(session, payment))
    reason = rules.undo_reason(reason)
    for row, invoice in zip(rows, invoices, strict=True):
        if invoice.paid_cents - rules.signed(row) < 0:
            raise rules.GivenBackSince(invoice.number or "")
    made = {
        row.id: _undo(session, actor, now, invoice, row, reason, form_token if row is payment else None)
        for row, invoice in zip(rows, invoices, strict=True)
    }
    return made[payment.id]


def _undo(
    session: Session, actor: Actor, now: datetime, invoice: Invoice, row: Payment, reason: str, form_token: str | None
) -> Payment:
    counter = Payment(
        invoice_id=invoice.id, kind=row.kind, method=row.method, amount_cents=-row.amount_cents,
        paid_on=today_of(invoice.seller, now), reference=row.reference, reason=reason, undoes_id=row.id,
        recorded_at=now, recorded_by_id=actor.account_id, form_token=form_token,
    )  # fmt: skip
    action = "invoice.refund_undone" if row.kind is PaymentKind.refund else "invoice.payment_undone"
    if row.method is PaymentMethod.credit:
        action = "invoice.credit_undone"
    _book(session, actor, now, invoice, counter, action)
    return counter


def _twins(session: Session, payment: Payment) -> list[Payment]:
    """The other half of a pair, if it is one."""
    where = Payment.id == payment.twin_id if payment.twin_id is not None else Payment.twin_id == payment.id
    return list(session.scalars(select(Payment).where(where)))


def _number_of(session: Session, payment: Payment) -> str:
    return session.scalar(select(Invoice.number).where(Invoice.id == payment.invoice_id)) or ""


def _locked(session: Session, invoice_id: int) -> Invoice:
    """The document that stands, locked until the transaction ends."""
    invoice = session.get(Invoice, invoice_id, with_for_update=True, populate_existing=True)
    if invoice is None or not invoice.is_frozen:
        raise NotFound
    return invoice


def _again(session: Session, row: Payment, is_same: bool) -> Payment:
    """What the form made the first time, if it says the same; refuses FormUsed."""
    if not is_same:
        raise used_for(session, row)
    return row


def _checked(content: PaymentContent, now: datetime, invoice: Invoice, most_cents: int, beyond: str) -> tuple[int, str]:
    return rules.checked(content, today_of(invoice.seller, now), most_cents, invoice.currency, beyond)


def _book(session: Session, actor: Actor, now: datetime, invoice: Invoice, row: Payment, action: str) -> None:
    """Writes the row; what was paid, the status, the journal and the heading follow."""
    before, paid_before = invoice.status, invoice.paid_cents
    session.add(row)
    invoice.paid_cents += rules.signed(row)
    settle(invoice, undoing=row.undoes_id is not None)
    invoice.revision += 1
    session.flush()
    changes: dict[str, tuple[object, object]] = {
        "paid_cents": (paid_before, invoice.paid_cents),
        "payment_id": (row.undoes_id, row.id),
    }
    if invoice.status is not before:
        changes["status"] = (before, invoice.status)
    journal.record(session, actor, now, action, ("invoice", invoice.id), changes)
    follow(session, invoice, now)


def settle(invoice: Invoice, *, undoing: bool = False) -> Status:
    """Moves the status to what remains and what was paid ask for (SPEC B7); back only when something is undone."""
    remaining, paid = invoice.remaining_cents, invoice.paid_cents
    if undoing:
        invoice.status = rules.status_after_undoing(invoice.status, remaining, paid)
    else:
        invoice.status = rules.status_after_money(invoice.origin, invoice.status, remaining, paid)
    return invoice.status
