"""Where a document stands today, in a member's words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

from invoicing.invoices.models import Invoice, InvoiceKind, Status
from invoicing.invoices.rules import DUE, is_owed
from invoicing.numbering import Mode
from invoicing.payments.models import Payment, PaymentKind, PaymentMethod
from invoicing.payments.rules import live, owed_back
from web.filters import money, short_date
from web.site import organisation
from web.words import _

_CLOSED: Final[dict[Status, Callable[[], str]]] = {
    Status.placed: lambda: _("Cette commande est enregistrée. Son paiement n’est pas encore confirmé."),
    Status.failed: lambda: _("Le paiement de cette commande n’a pas abouti. Rien n’a été encaissé."),
    Status.refused: lambda: _("Le paiement de cette commande a été refusé. Rien n’a été encaissé."),
    Status.cancelled: lambda: _("Cette commande est annulée : il n’y a rien à régler."),
}
_WAYS: Final[dict[PaymentMethod, Callable[[], str]]] = {
    PaymentMethod.transfer: lambda: _("par virement"),
    PaymentMethod.cheque: lambda: _("par chèque"),
    PaymentMethod.card: lambda: _("par carte"),
    PaymentMethod.cash: lambda: _("en espèces"),
    PaymentMethod.direct_debit: lambda: _("par prélèvement"),
    PaymentMethod.interac: lambda: _("par virement Interac"),
    PaymentMethod.credit: lambda: _("par avoir"),
}


def standing_of(kind: InvoiceKind, status: Status) -> str:
    """A document's place in `statuses`: members only ask whether something is due."""
    if kind is InvoiceKind.credit_note:
        return "credit"
    if status in DUE:
        return "due"
    return "settled" if status in (Status.paid, Status.complete) else status.value


def closed_sentence(invoice: Invoice) -> str:
    """Why nothing is to be done about it, where it is neither due nor settled; empty otherwise."""
    say = _CLOSED.get(invoice.status)
    return say() if say and invoice.kind is InvoiceKind.invoice else ""


def is_due(invoice: Invoice) -> bool:
    """Whether something remains to be paid on it."""
    return is_owed(invoice.kind, invoice.status) and invoice.remaining_cents > 0


def is_late(invoice: Invoice, today: date) -> bool:
    """Whether it is due and its day has gone by."""
    return is_due(invoice) and invoice.due_on is not None and invoice.due_on < today


def official_reference(invoice: Invoice) -> str:
    """Its reference in the accounting software, called what it is there (SPEC C13).

    Empty until it is lettered, and where the organisation doesn't show it.
    """
    if not invoice.lettering or not organisation().shows_official:
        return ""
    if invoice.mode is Mode.official:
        return _("Référence comptable : %(reference)s", reference=invoice.lettering)
    if invoice.kind is InvoiceKind.credit_note:
        return _("Avoir officiel n° %(reference)s", reference=invoice.lettering)
    return _("Facture officielle n° %(reference)s", reference=invoice.lettering)


def remarks(invoice: Invoice, today: date) -> tuple[str, ...]:
    """What its line in the list adds to the number: reference, part that remains, day gone by."""
    found = [official_reference(invoice)]
    if invoice.corrects and invoice.corrects.customer_id == invoice.customer_id:
        found.append(_("sur la facture %(number)s", number=invoice.corrects.number))
    if is_due(invoice) and invoice.remaining_cents != invoice.total_cents:
        rest = money(invoice.remaining_cents, invoice.currency)
        found.append(_("payé en partie : reste %(amount)s", amount=rest) if invoice.paid_cents else
                     _("reste %(amount)s", amount=rest))  # fmt: skip
    if owed := owed_back(invoice):
        found.append(_("à vous rendre : %(amount)s", amount=money(owed, invoice.currency)))
    if is_late(invoice, today) and invoice.due_on:
        found.append(_("échue le %(day)s", day=short_date(invoice.due_on)))
    return tuple(filter(None, found))


def payments_that_count(invoice: Invoice) -> list[Payment]:
    """Its payments, without refunds and what has been undone."""
    return [payment for payment in live(invoice.payments) if payment.kind is PaymentKind.payment]


def way_of(payment: Payment) -> str:
    """« par virement »; empty where the way has no name."""
    say = _WAYS.get(payment.method)
    return say() if say else ""
