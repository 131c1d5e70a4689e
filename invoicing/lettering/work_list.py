"""What is to be lettered, the oldest first: how much of each age, and the next ones (SPEC C11)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, literal, select, tuple_, union_all
from sqlalchemy.orm import Session

from invoicing.invoices.models import Invoice, InvoiceKind
from invoicing.invoices.queries import SIGNED
from invoicing.invoices.rules import letterable
from invoicing.lettering.queries import UNLETTERED
from invoicing.money import Currency
from invoicing.numbering import Mode
from invoicing.sellers.queries import letters_unpaid

Place = tuple[date, int]  # of a document in the list: its day and its id


class Band(StrEnum):
    """How long a document has waited since its date: over 90 days, 61 to 90, 31 to 60, and less."""

    over_90 = "90"
    over_60 = "60"
    over_30 = "30"
    recent = "0"

    def days(self, today: date) -> tuple[date | None, date | None]:
        """From this day on, and before that one."""
        first, before = _BOUNDS[self]
        return (today - first if first else None), (today - before if before else None)


_BOUNDS: Final[dict[Band, tuple[timedelta | None, timedelta | None]]] = {
    Band.over_90: (None, timedelta(90)),
    Band.over_60: (timedelta(90), timedelta(60)),
    Band.over_30: (timedelta(60), timedelta(30)),
    Band.recent: (timedelta(30), None),
}


@dataclass(frozen=True)
class Wanted:
    """Which documents: those whose official invoice is kept elsewhere, unless said otherwise (None: both)."""

    mode: Mode | None = Mode.portal_reference
    band: Band | None = None


@dataclass
class Pile:
    """How many documents there are, and what they come to in cents by currency; credit notes count negative."""

    count: int = 0
    sums: dict[Currency, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Due:
    """One document of the list. The total is in cents, negative for a credit note."""

    id: int
    number: str
    kind: InvoiceKind
    issued_on: date
    customer_id: int
    buyer: str
    summary: str
    total_cents: int
    currency: Currency

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.issued_on, self.id


def piles(session: Session, wanted: Wanted, today: date) -> dict[Band, Pile]:
    """Every age with its count and its exact sums, whatever band is wanted."""
    parts = [  # each reads a stretch of the index from end to end: nothing is sorted
        select(literal(band.value).label("band"), literal(currency.value).label("currency"),
               func.count().label("count"), func.sum(SIGNED).label("cents"))
        .where(stretch, *_between(band, today))
        for currency, stretch in _stretches(session, wanted.mode) for band in Band
    ]  # fmt: skip
    found = {band: Pile() for band in Band}
    for band, currency, count, cents in session.execute(union_all(*parts)):
        if count:
            pile, of = found[Band(band)], Currency(currency)
            pile.count += count
            pile.sums[of] = pile.sums.get(of, 0) + int(cents)
    return found


def following(session: Session, wanted: Wanted, today: date, after: Place | None, most: int) -> list[Due]:
    """The next documents after a place, or the first ones, by their day."""
    bounds = _bounds(wanted, today)
    if after:
        bounds.append(tuple_(Invoice.issued_on, Invoice.id) > after)
    parts = [  # each walks the index in its order, and stops
        select(Invoice.id, Invoice.issued_on)
        .where(each, *bounds)
        .order_by(Invoice.issued_on, Invoice.id)
        .limit(most)
        .subquery()
        for _currency, each in _stretches(session, wanted.mode)
    ]
    every = union_all(*(select(part) for part in parts)).subquery()
    ids = session.scalars(select(every.c.id).order_by(every.c.issued_on, every.c.id).limit(most)).all()
    return _documents(session, ids)


def before(session: Session, wanted: Wanted, today: date, place: Place) -> int:
    """How many documents stand before this place."""
    earlier = tuple_(Invoice.issued_on, Invoice.id) < place
    query = select(func.count()).where(*_waits(session, wanted.mode), *_bounds(wanted, today), earlier)
    return session.scalar(query) or 0


def count_waiting(session: Session, most: int) -> int:
    """How many wait whose official invoice is kept elsewhere; `most` where there are so many, or more."""
    some = select(Invoice.id).where(*_waits(session, Mode.portal_reference)).limit(most).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def document(session: Session, invoice_id: int) -> Due | None:
    """One that stands, whether it still waits or not."""
    return next(iter(_documents(session, [invoice_id])), None)


def _waits(session: Session, mode: Mode | None) -> list[ColumnElement[bool]]:
    """What may be lettered and isn't (SPEC C5)."""
    modes = [mode] if mode else list(Mode)
    statuses = letterable(letters_unpaid(session))
    return [Invoice.mode.in_(modes), Invoice.status.in_(sorted(statuses)), *UNLETTERED]


def _stretches(session: Session, mode: Mode | None) -> Iterator[tuple[Currency, ColumnElement[bool]]]:
    """The same, in parts in each of which the index goes by day."""
    for each in [mode] if mode else Mode:
        for status in sorted(letterable(letters_unpaid(session))):
            for currency in Currency:
                same = and_(Invoice.mode == each, Invoice.status == status, Invoice.currency == currency)
                yield currency, and_(same, *UNLETTERED)


def _bounds(wanted: Wanted, today: date) -> list[ColumnElement[bool]]:
    return _between(wanted.band, today) if wanted.band else []


def _between(band: Band, today: date) -> list[ColumnElement[bool]]:
    first, before = band.days(today)
    bounds: list[ColumnElement[bool]] = []
    if first:
        bounds.append(Invoice.issued_on >= first)
    if before:
        bounds.append(Invoice.issued_on < before)
    return bounds


def _documents(session: Session, ids: Sequence[int]) -> list[Due]:
    columns: tuple[Any, ...] = (
        Invoice.id, Invoice.number, Invoice.kind, Invoice.issued_on, Invoice.customer_id, Invoice.buyer_name,
        Invoice.summary, SIGNED, Invoice.currency,
    )  # fmt: skip
    query = select(*columns).where(Invoice.id.in_(ids), Invoice.frozen_at.is_not(None))
    return [Due(*row) for row in session.execute(query.order_by(Invoice.issued_on, Invoice.id))]
