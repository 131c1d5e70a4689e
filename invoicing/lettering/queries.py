"""Reads about references: their history, and who bears one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.invoices.models import Invoice
from invoicing.lettering.models import LetteringChange


def changes(session: Session, invoice_id: int) -> Sequence[LetteringChange]:
    """Every change of a document's reference, oldest first."""
    query = select(LetteringChange).where(LetteringChange.invoice_id == invoice_id)
    return session.scalars(query.order_by(LetteringChange.id)).all()


def last_change(session: Session, invoice_id: int) -> LetteringChange | None:
    """The latest change of a document's reference; None where it has never had one."""
    query = select(LetteringChange).where(LetteringChange.invoice_id == invoice_id)
    return session.scalars(query.order_by(LetteringChange.id.desc()).limit(1)).first()


def holder(session: Session, folded: str, but: int) -> Invoice | None:
    """The other document than `but` that bears this reference, if there is one."""
    query = select(Invoice).where(Invoice.lettering_folded == folded, Invoice.id != but)
    return session.scalars(query).one_or_none()
