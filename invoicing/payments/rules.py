"""Decisions about money that comes in or is given back: pure (SPEC B7, B8)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from invoicing.customers.rules import text_faults
from invoicing.errors import Fault, FieldFaults, Refused
from invoicing.invoices.models import Invoice, InvoiceKind, Origin, Status
from invoicing.invoices.rules import DUE, PAYABLE, check_move, is_owed
from invoicing.payments.models import Payment, PaymentKind, PaymentMethod
from invoicing.text import clean

REASON_MAX = 250
REFERENCE_MAX = 120


@dataclass(eq=False)
class NothingDue(Refused):
    """Nothing remains to be paid on it, or it is cancelled or a credit note: its status says which."""

    number: str
    status: Status | None = None


@dataclass(eq=False)
class NothingOwedBack(Refused):
    """No more has come in than is due: there is nothing to give back, or to set against another invoice."""

    number: str


@dataclass(eq=False)
class NotTogether(Refused):
    """The other invoice is another customer's, another seller's, or in another currency; or it is the same one."""

    number: str
    other: str


@dataclass(eq=False)
class AlreadyUndone(Refused):
    """The payment has its counter-entry already, or is one."""

    payment_id: int
    number: str


@dataclass(eq=False)
class GivenBackSince(Refused):
    """What came in was given back or used since: that is undone first."""

    number: str


@dataclass(frozen=True)
class PaymentContent:
    """One payment or refund; `amount_cents` None: all that remains, or all that is owed back."""

    method: PaymentMethod
    paid_on: date
    reference: str = ""
    amount_cents: int | None = None


def checked(content: PaymentContent, today: date, most_cents: int, currency: str, beyond: str) -> tuple[int, str]:
    """The amount in cents and the reference; refuses with every fault what is odd, with `beyond` what is too much."""
    reference = clean(content.reference)
    faults = [] if content.amount_cents is None else amount_faults(content.amount_cents, most_cents, currency, beyond)
    faults += text_faults("reference", reference, REFERENCE_MAX)
    if content.method is PaymentMethod.credit:  # made by `set_against` alone
        faults.append(Fault("method", "choose"))
    if content.paid_on > today:
        faults.append(Fault("paid_on", "after_today", {"today": today}))
    if content.paid_on.year < 2000:
        faults.append(Fault("paid_on", "before_2000", {"day": content.paid_on}))
    if faults:
        raise FieldFaults(faults)
    return most_cents if content.amount_cents is None else content.amount_cents, reference


def amount_faults(amount_cents: int, most_cents: int, currency: str, beyond: str) -> list[Fault]:
    """Above nothing, and never beyond what remains (or is owed back)."""
    if amount_cents <= 0:
        return [Fault("amount", "not_positive")]
    if amount_cents > most_cents:
        return [Fault("amount", beyond, {"most_cents": most_cents, "currency": currency})]
    return []


def undo_reason(text: str) -> str:
    """The reason, cleaned; refuses a missing one and one too long for the row."""
    reason = clean(text)
    if not reason:
        raise FieldFaults([Fault("reason", "required")])
    if faults := text_faults("reason", reason, REASON_MAX):
        raise FieldFaults(faults)
    return reason


def owed_back(invoice: Invoice) -> int:
    """What is to be given back of a document that stands, in cents; 0 where nothing is."""
    if invoice.kind is InvoiceKind.credit_note or not invoice.is_frozen:
        return 0
    return max(0, -invoice.remaining_cents)


def check_together(owing: Invoice, other: Invoice) -> None:
    """Refuses to set what one invoice owes back against an invoice that has nothing to do with it."""
    same = (owing.customer_id, owing.seller_id, owing.currency) == (other.customer_id, other.seller_id, other.currency)
    if owing.id == other.id or not same:
        raise NotTogether(owing.number or "", other.number or "")
    if not other.is_frozen or not is_owed(other.kind, other.status) or other.remaining_cents <= 0:
        raise NothingDue(other.number or "", other.status)


def status_after_money(origin: Origin, status: Status, remaining_cents: int, paid_cents: int) -> Status:
    """Where a document that could be paid stands once money, or a credit note, has reduced what remains (SPEC B7).

    Partial while something remains and something was paid; at 0 paid, and a manual one on to complete.
    """
    if status not in PAYABLE:
        return status
    if remaining_cents > 0:
        if paid_cents > 0 and status is not Status.partial:
            check_move(status, Status.partial)
            return Status.partial
        return status
    check_move(status, Status.paid)
    if origin is Origin.manual:
        check_move(Status.paid, Status.complete)
        return Status.complete
    return Status.paid


def status_after_undoing(status: Status, remaining_cents: int, paid_cents: int) -> Status:
    """A counter-entry is the one thing that moves back: to partial, or to pending if nothing is paid (SPEC B7)."""
    if remaining_cents <= 0 or status not in (Status.paid, Status.complete, *DUE):
        return status
    return Status.partial if paid_cents > 0 else Status.pending


def signed(payment: Payment) -> int:
    """What the row adds to `paid_cents`: refunds take away, their counter-entries add again."""
    return -payment.amount_cents if payment.kind is PaymentKind.refund else payment.amount_cents


def live(payments: Collection[Payment]) -> Sequence[Payment]:
    """The payments and refunds that hold: neither undone nor counter-entries."""
    undone = {payment.undoes_id for payment in payments}
    return [payment for payment in payments if payment.undoes_id is None and payment.id not in undone]
