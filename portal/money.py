"""What has happened to the money of a document: payments, refunds, credit notes by day; and what is owed back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from invoicing.documents.sheet import Paper
from invoicing.invoices.models import Invoice, InvoiceKind
from invoicing.payments.models import Payment, PaymentKind, PaymentMethod
from invoicing.payments.rules import live, owed_back
from portal.standing import is_due, way_of
from web.filters import money
from web.words import _


@dataclass(frozen=True)
class MoneyLine:
    """One movement; `number` is of another document to be linked, `amount` signed as it changes what is due."""

    day: date
    text: str
    number: str
    amount: str


def money_lines(invoice: Invoice) -> tuple[MoneyLine, ...]:
    """Oldest first; none where one payment of all of it says everything, and none for a credit note."""
    if invoice.kind is InvoiceKind.credit_note:
        return ()
    rows, notes = live(invoice.payments), _credit_notes(invoice)
    if not notes and len(rows) < 2 and not is_due(invoice):
        return ()
    lines = [*_payments(invoice, rows), *_credits(invoice, notes)]
    return tuple(sorted(lines, key=lambda line: line.day))


def _payments(invoice: Invoice, rows: Sequence[Payment]) -> Iterator[MoneyLine]:
    for row in rows:
        refund, other = row.kind is PaymentKind.refund, row.method is PaymentMethod.credit
        way = way_of(row)
        if other:
            text = _("Déduit de la facture") if refund else _("Déduit, d’après l’avoir sur la facture")
        elif refund:
            text = _("Remboursement %(way)s", way=way) if way else _("Remboursement")
        else:
            text = _("Paiement %(way)s", way=way) if way else _("Paiement")
        signed = row.amount_cents if refund else -row.amount_cents
        yield MoneyLine(row.paid_on, text, row.reference if other else "", money(signed, invoice.currency))


def _credits(invoice: Invoice, notes: Sequence[Invoice]) -> Iterator[MoneyLine]:
    for note in notes:
        day = note.issued_on or note.listed_on
        yield MoneyLine(day, _("Avoir"), note.number or "", money(-note.total_cents, invoice.currency))


def _credit_notes(invoice: Invoice) -> list[Invoice]:
    """Its credit notes, as far as they are for the same customer."""
    return [note for note in invoice.credit_notes if note.is_frozen and note.customer_id == invoice.customer_id]


def corrected_by(note: Invoice) -> Invoice | None:
    """The invoice that a credit note corrects, if it is for the same customer."""
    invoice = note.corrects
    return invoice if invoice is not None and invoice.customer_id == note.customer_id else None


def owed_sentence(invoice: Invoice) -> str:
    """What is still to be given back on an invoice; empty where nothing is."""
    owed = owed_back(invoice)
    if not owed:
        return ""
    amount = money(owed, invoice.currency)
    return _("En tout, pour la facture %(number)s : %(amount)s vous seront remboursés, ou déduits d’une autre facture.",
             number=invoice.number, amount=amount)  # fmt: skip


def becomes(note: Invoice) -> str:
    """What has become of a credit note's money, by its invoice as it stands today."""
    invoice = corrected_by(note)
    if invoice is None:
        return ""
    if is_due(invoice):
        rest = money(invoice.remaining_cents, invoice.currency)
        return _("Il est déduit de cette facture : il reste %(amount)s à régler.", amount=rest)
    return owed_sentence(invoice) or _("Cette facture est soldée.")


def asks_for_all(invoice: Invoice) -> bool:
    """Whether what is to be paid today is all that its paper says."""
    return is_due(invoice) and invoice.remaining_cents == invoice.total_cents


def without_claim(paper: Paper) -> Paper:
    """The paper without « Net à payer » under its totals, for when that isn't what is to be paid."""
    if not paper.sums or paper.grand.label != paper.words.to_pay:
        return paper
    *sums, total = paper.sums
    return replace(paper, sums=tuple(sums), grand=total)
