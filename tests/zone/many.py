"""Very many archived documents at once: the rows of a real one, copied; all of them have its bytes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from invoicing.documents.models import DocumentVersion
from invoicing.invoices.models import Invoice

AT_ONCE = 1000


def copies(session: Session, invoice_id: int, count: int) -> None:
    """So many documents like this one, each with a number and a code of its own; flushes at most."""
    pattern = _values(session, Invoice, invoice_id)
    version = session.scalars(select(DocumentVersion).where(DocumentVersion.invoice_id == invoice_id)).one()
    page = _values(session, DocumentVersion, version.id)
    for first in range(0, count, AT_ONCE):
        rows = [_named(pattern, n) for n in range(first, min(count, first + AT_ONCE))]
        made = session.scalars(insert(Invoice).returning(Invoice.id), rows).all()
        session.execute(insert(DocumentVersion), [{**page, "invoice_id": number} for number in made])


def _values(session: Session, kind: type[Any], number: int) -> dict[str, Any]:
    row = session.execute(select(kind.__table__).where(kind.__table__.c.id == number)).mappings().one()
    return {name: value for name, value in row.items() if name not in ("id", "form_token")}


def _named(pattern: dict[str, Any], n: int) -> dict[str, Any]:
    number = f"C2026-{n:06}"
    return {**pattern, "number": number, "number_folded": number.lower(), "transaction_code": f"copy{n}=="}
