"""The periods that a month of any year means."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.invoices.models import Invoice


def periods(session: Session, month: int) -> tuple[tuple[date, date], ...]:
    """First and last day of the month in each year that has documents, the latest first."""
    first, last = (
        session.scalar(select(edge).select_from(Invoice))
        for edge in (func.min(Invoice.listed_on), func.max(Invoice.listed_on))
    )
    years = range(last.year, first.year - 1, -1) if first and last else ()
    return tuple((date(year, month, 1), date(year, month, monthrange(year, month)[1])) for year in years)
