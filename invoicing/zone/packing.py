"""What goes into a ZIP of documents, a lot at a time: today's facts of each, and its latest version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session, joinedload

from invoicing.accounts.models import User
from invoicing.documents.models import DocumentVersion
from invoicing.invoices.models import Invoice, InvoiceKind, Status
from invoicing.invoices.queries import theirs
from invoicing.money import Currency

LOT: Final = 100  # documents that are read together; between two lots no connection is held
UNKNOWN_SIZE: Final = 1_000_000  # bytes that a PDF is taken to have before it is drawn


@dataclass(frozen=True)
class Packed:
    """One document: amounts in cents, a credit note's negative. `version_id` None: there is no version yet."""

    invoice_id: int
    number: str
    day: date
    subject: str
    customer: str
    kind: InvoiceKind
    status: Status
    currency: Currency
    net_cents: int
    tax_cents: int
    total_cents: int
    lettering: str
    version_id: int | None
    position: int | None
    sha256: str | None


def lot(session: Session, user_id: int, ids: Sequence[int]) -> list[Packed]:
    """Those of the documents that are this user's still, in the same order; nothing for a disabled account."""
    if not session.scalar(select(User.active).where(User.id == user_id)):
        return []
    rows = session.execute(_latest(user_id).where(Invoice.id.in_(ids)).options(joinedload(Invoice.customer)))
    found = {invoice.id: _packed(invoice, version) for invoice, version in rows}
    return [found[number] for number in ids if number in found]


def weight(session: Session, user_id: int) -> int:
    """Bytes of the latest versions of all that a user may see: no ZIP of theirs is larger, but for its headings."""
    size = func.coalesce(DocumentVersion.size, UNKNOWN_SIZE)
    latest = _latest(user_id).with_only_columns(size.label("size")).subquery()
    return int(session.scalar(select(func.sum(latest.c.size))) or 0)


def _latest(user_id: int) -> Select[Invoice, DocumentVersion]:
    newest = select(func.max(DocumentVersion.position)).where(DocumentVersion.invoice_id == Invoice.id)
    is_newest = DocumentVersion.position == newest.correlate(Invoice).scalar_subquery()
    query = (
        select(Invoice, DocumentVersion)
        .select_from(Invoice)
        .outerjoin(DocumentVersion, and_(DocumentVersion.invoice_id == Invoice.id, is_newest))
    )
    return query.where(theirs(user_id))


def _packed(invoice: Invoice, version: DocumentVersion | None) -> Packed:
    sign = -1 if invoice.kind is InvoiceKind.credit_note else 1
    return Packed(
        invoice_id=invoice.id, number=invoice.number or "", day=invoice.issued_on or invoice.listed_on,
        subject=invoice.summary, customer=invoice.customer.name, kind=invoice.kind, status=invoice.status,
        currency=invoice.currency, net_cents=sign * invoice.net_cents, tax_cents=sign * invoice.tax_cents,
        total_cents=sign * invoice.total_cents, lettering=invoice.lettering or "",
        version_id=version.id if version else None, position=version.position if version else None,
        sha256=version.sha256 if version else None,
    )  # fmt: skip
