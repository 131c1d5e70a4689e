"""Reads about series: what each has given, and what it would give next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.invoices.models import Invoice
from invoicing.numbering import Series, SeriesCounter, Source
from invoicing.sellers.models import Seller
from invoicing.sellers.queries import all_sellers, next_number, today_of
from invoicing.shop.models import Shop


@dataclass(frozen=True)
class SeriesRow:
    """A series on its page. `next` is None where its numbers come from outside; `shops` are bound to it."""

    series: Series
    next: str | None
    given: int
    last: date | None
    shops: tuple[str, ...]


def series_by_seller(session: Session, now: datetime) -> list[tuple[Seller, list[SeriesRow]]]:
    """Every seller, oldest first, with its series: those in use first."""
    sums = select(SeriesCounter.series_id, func.sum(SeriesCounter.last)).group_by(SeriesCounter.series_id)
    given = {series_id: int(count) for series_id, count in session.execute(sums)}
    outside = _outside(session)
    shops: dict[int, list[str]] = {}
    for series_id, name in session.execute(select(Shop.series_id, Shop.name).order_by(Shop.id)):
        shops.setdefault(series_id, []).append(name)
    by_seller: dict[int, list[SeriesRow]] = {}
    for series in session.scalars(select(Series).order_by(Series.active.desc(), Series.id)):
        made = series.source is Source.generated
        count, last = (given.get(series.id, 0), series.last_date) if made else outside.get(series.id, (0, None))
        following = next_number(session, series, today_of(series.seller, now)) if made else None
        row = SeriesRow(series, following, count, last, tuple(shops.get(series.id, ())))
        by_seller.setdefault(series.seller_id, []).append(row)
    return [(seller, by_seller.get(seller.id, [])) for seller in all_sellers(session)]


def _outside(session: Session) -> dict[int, tuple[int, date | None]]:
    """How many numbers the external series have brought along, and the last day."""
    query = select(Invoice.series_id, func.count(), func.max(Invoice.listed_on))
    query = query.join(Series, Series.id == Invoice.series_id).where(Series.source == Source.external)
    rows = session.execute(query.where(Invoice.number.is_not(None)).group_by(Invoice.series_id))
    return {series_id: (count, last) for series_id, count, last in rows}
