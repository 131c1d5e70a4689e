"""Reads about payments: what may be paid with what an invoice owes back."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.errors import NotFound
from invoicing.invoices.models import Invoice, InvoiceKind
from invoicing.invoices.rules import DUE
from invoicing.payments.models import Payment


def payment_of(session: Session, invoice_id: int, payment_id: int) -> Payment:
    """One row of an invoice; NotFound otherwise."""
    found = session.get(Payment, payment_id)
    if found is None or found.invoice_id != invoice_id:
        raise NotFound
    return found


def payable_beside(session: Session, invoice: Invoice) -> Sequence[Invoice]:
    """The other invoices of the same customer, seller and currency on which something is due, oldest first."""
    remaining = Invoice.total_cents - Invoice.credited_cents - Invoice.paid_cents
    query = select(Invoice).where(
        Invoice.customer_id == invoice.customer_id, Invoice.seller_id == invoice.seller_id,
        Invoice.currency == invoice.currency, Invoice.id != invoice.id, Invoice.kind == InvoiceKind.invoice,
        Invoice.frozen_at.is_not(None), Invoice.status.in_(DUE), remaining > 0,
    )  # fmt: skip
    return session.scalars(query.order_by(Invoice.issued_on, Invoice.id)).all()
