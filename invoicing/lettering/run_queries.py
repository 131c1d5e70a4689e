"""Reads about one import of letterings: what it has lettered comes to, how what it suggests stands by now."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.imports.models import ImportRow
from invoicing.invoices.models import Invoice
from invoicing.invoices.queries import SIGNED
from invoicing.lettering.bulk_rules import Verdict
from invoicing.lettering.models import LetteringChange


def sums_of_run(session: Session, run_id: int) -> list[tuple[str, int]]:
    """Per currency, in cents, what the documents come to that the run, or a person taking its rows, has lettered."""
    query = select(Invoice.currency, func.sum(SIGNED)).join(ImportRow, ImportRow.invoice_id == Invoice.id)
    query = query.where(ImportRow.run_id == run_id, ImportRow.verdict == Verdict.lettered)
    rows = session.execute(query.group_by(Invoice.currency).order_by(Invoice.currency))
    return [(str(currency), int(cents)) for currency, cents in rows]


def standing(session: Session, ids: Collection[int]) -> dict[int, tuple[str | None, int]]:
    """Document → its reference today, and the id of the last change of it, 0 where there was none."""
    changed = func.coalesce(func.max(LetteringChange.id), 0)
    query = select(Invoice.id, Invoice.lettering, changed).outerjoin(
        LetteringChange, LetteringChange.invoice_id == Invoice.id
    )
    rows = session.execute(query.where(Invoice.id.in_(ids)).group_by(Invoice.id, Invoice.lettering))
    return {invoice_id: (reference, last) for invoice_id, reference, last in rows}
