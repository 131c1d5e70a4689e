"""Reads about one import of letterings: what it has lettered comes to."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.imports.models import ImportRow
from invoicing.invoices.models import Invoice
from invoicing.invoices.queries import SIGNED
from invoicing.lettering.bulk_rules import Verdict


def sums_of_run(session: Session, run_id: int) -> list[tuple[str, int]]:
    """Per currency, in cents, what the documents come to that the run, or a person taking its rows, has lettered."""
    query = select(Invoice.currency, func.sum(SIGNED)).join(ImportRow, ImportRow.invoice_id == Invoice.id)
    query = query.where(ImportRow.run_id == run_id, ImportRow.verdict == Verdict.lettered)
    rows = session.execute(query.group_by(Invoice.currency).order_by(Invoice.currency))
    return [(str(currency), int(cents)) for currency, cents in rows]
