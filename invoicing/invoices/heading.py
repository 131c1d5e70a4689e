"""What a document is called as it is paid and lettered, and the archived version that follows each change (SPEC N2)."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.documents.desk import Facts, Heading
from invoicing.documents.models import DocumentVersion
from invoicing.documents.service import due
from invoicing.invoices.models import Invoice, InvoiceKind, Status
from invoicing.invoices.rules import ACQUIRED
from invoicing.numbering import Mode
from invoicing.payments.models import PaymentKind
from invoicing.payments.rules import live
from invoicing.text import lacking


def heading_of(kind: InvoiceKind, mode: Mode, status: Status, lettered: bool) -> Heading:
    """Official: invoice or credit note. Portal reference: lettered wins, then paid; until then order or request."""
    stands = mode is Mode.official or lettered
    if kind is InvoiceKind.credit_note:
        return Heading.credit_note if stands else Heading.credit_request
    if stands:
        return Heading.invoice
    return Heading.pro_forma if status in ACQUIRED else Heading.order


def facts_of(invoice: Invoice) -> Facts:
    """What a version made now would add to the snapshot: heading, official number, « Duplicata », day of payment."""
    settled = is_settled(invoice.kind, invoice.remaining_cents)
    received = [row.paid_on for row in live(invoice.payments) if row.kind is PaymentKind.payment] if settled else []
    return facts_from(
        invoice.kind, invoice.mode, invoice.status, invoice.lettering, max(received, default=None),
        official_of(invoice.corrects),
    )  # fmt: skip


def is_settled(kind: InvoiceKind, remaining_cents: int) -> bool:
    """Whether the paper says on which day it was paid."""
    return kind is InvoiceKind.invoice and remaining_cents <= 0


def facts_from(
    kind: InvoiceKind, mode: Mode, status: Status, lettering: str | None, paid_on: date | None, corrects_official: str
) -> Facts:
    """The same from plain values, for whoever makes very many; `paid_on` of what is settled only."""
    shown = lettering if mode is Mode.portal_reference else None
    return Facts(
        heading=heading_of(kind, mode, status, lettering is not None),
        official_number=printed(shown) if shown else "",
        duplicate=shown is not None,
        paid_on=paid_on,
        corrects_official=corrects_official,
    )


def official_of(corrected: Invoice | None) -> str:
    """The official number of the corrected invoice, where it isn't the legal one itself."""
    return official_from(corrected.mode, corrected.lettering) if corrected is not None else ""


def official_from(mode: Mode, lettering: str | None) -> str:
    """The same from plain values."""
    return "" if mode is Mode.official or lettering is None else printed(lettering)


def printed(reference: str) -> str:
    """A reference as the paper bears it: as typed, or in plain letters where the paper's font lacks the typed ones."""
    return unicodedata.normalize("NFKC", reference) if lacking(reference) else reference


def follow(session: Session, invoice: Invoice, now: datetime) -> DocumentVersion | None:
    """Adds the version that a new heading or reference asks for; None where neither has changed."""
    if not invoice.is_frozen:
        return None
    session.flush()
    session.expire(invoice, ["payments"])
    facts = facts_of(invoice)
    of_invoice = select(DocumentVersion.facts).where(DocumentVersion.invoice_id == invoice.id)
    last = session.scalar(of_invoice.order_by(DocumentVersion.position.desc()).limit(1))
    if last is not None:
        before = Facts.from_json(last)
        if (before.heading, before.official_number) == (facts.heading, facts.official_number):
            return None
    return due(session, invoice.id, facts, now)
