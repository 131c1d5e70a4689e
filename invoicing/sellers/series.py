"""Series of numbers that are made after their seller: of credit notes when first needed, others by hand (SPEC N1, N2).

One active series per seller and use; of credit notes one per mode. A series that has given a number stays as it is.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from string import ascii_uppercase
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.database import is_sqlite
from invoicing.errors import Fault, FieldFaults, NotFound
from invoicing.invoices.models import Invoice, Origin, Status
from invoicing.journal import Actor
from invoicing.numbering import SERIES_LOCK, Mode, Series, Source, Use, is_format, meets_external, prefix_of
from invoicing.sellers.models import Seller
from invoicing.sellers.queries import series_of
from invoicing.sellers.rules import formats_meet
from invoicing.sellers.series_rules import OnlySeries, SeriesContent, SeriesOfShop, SeriesValues, read_series
from invoicing.shop.models import Shop


def one_at_a_time(session: Session) -> None:
    """Waits for whoever makes or changes a series: two new formats that meet each other need not be equal."""
    if not is_sqlite(session.connection()):  # SQLite has one writer anyway
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": SERIES_LOCK})


def is_free(session: Session, format: str) -> bool:
    """Whether no number of a new format could ever be that of another series, be it generated or external."""
    return _meeting(session, format) is None


def _meeting(session: Session, format: str) -> str | None:
    """The format that a new one could meet; "" where it is numbers from outside."""
    others = session.scalars(select(Series.format).where(Series.source == Source.generated).order_by(Series.id))
    met = next((other for other in others if formats_meet(format, other)), None)
    return "" if met is None and meets_external(session, format) else met


def check_series(session: Session, content: SeriesContent) -> SeriesValues:
    """What a new series would be, its format free; refuses with every fault. Nothing is written."""
    values = _read(session, content)
    _check_free(session, values.format)
    return values


def _read(session: Session, content: SeriesContent) -> SeriesValues:
    return read_series(content, frozenset(session.scalars(select(Seller.id))))


def _check_free(session: Session, format: str) -> None:
    if (met := _meeting(session, format)) is not None:
        code = "format_meets" if met else "format_meets_outside"
        raise FieldFaults([Fault("prefix", code, {"value": format, "other": met})])


def add_series(session: Session, actor: Actor, now: datetime, content: SeriesContent) -> Series:
    """A new series: in use at once where its seller has none for it (a shop's always), else kept for later.

    The same form twice makes one. Refuses with every fault, a format that could meet another one included.
    """
    one_at_a_time(session)
    values = _read(session, content)
    if (same := _same(session, values)) is not None:
        return same
    _check_free(session, values.format)
    other = _in_use(session, values.seller_id, values.use, _own_mode(values.use, values.mode))
    active = values.use is Use.shop or other is None
    made = Series(
        seller_id=values.seller_id, use=values.use, mode=values.mode, format=values.format, active=active
    )  # fmt: skip
    session.add(made)
    session.flush()
    _told(session, actor, now, "series.added", made, {"format": (None, made.format), "active": (None, active)})
    return made


def put_in_use(session: Session, actor: Actor, now: datetime, series_id: int) -> Series:
    """Puts a series in use; the one in its place retires, and drafts follow to the new one. Twice is once."""
    one_at_a_time(session)
    series = _found(session, series_id)
    if series.active:
        return series
    other = replaced_by(session, series)
    drafts = _drafts(session, other) if other is not None and series.use is Use.manual else []
    session.scalars(  # after the drafts, as whoever finalises one does; numbers that are being given come first
        select(Series).where(Series.id.in_([series.id, other.id if other else 0])).order_by(Series.id).with_for_update()
    ).all()
    if other is not None:
        other.active = False
        _told(session, actor, now, "series.retired", other, {"active": (True, False)})
    series.active = True
    _told(session, actor, now, "series.put_in_use", series, {"active": (False, True)})
    for draft in drafts:
        _pass_on(session, actor, now, draft, series)
    session.flush()
    return series


def follow_in_use(session: Session, actor: Actor, now: datetime, draft: Invoice) -> None:
    """A locked draft whose series has retired goes to the one in use; refuses NoSeries."""
    if not draft.series.active:
        _pass_on(session, actor, now, draft, series_of(session, draft.seller_id, Use.manual))
        session.flush()


def _pass_on(session: Session, actor: Actor, now: datetime, draft: Invoice, series: Series) -> None:
    changes = {"series_id": (draft.series_id, series.id), "mode": (draft.mode, series.mode)}
    draft.series, draft.mode, draft.revision = series, series.mode, draft.revision + 1
    journal.record(session, actor, now, "invoice.draft_changed", ("invoice", draft.id), changes)


def retire(session: Session, actor: Actor, now: datetime, series_id: int) -> Series:
    """Takes a series out of use. Twice is once; refuses SeriesOfShop, OnlySeries."""
    one_at_a_time(session)
    series = _found(session, series_id)
    if not series.active:
        return series
    check_retiring(session, series)
    series.active = False
    session.flush()
    _told(session, actor, now, "series.retired", series, {"active": (True, False)})
    return series


def check_retiring(session: Session, series: Series) -> None:
    """Refuses where a shop takes its numbers from the series, or where nothing would number its documents."""
    if (shop := session.scalar(select(Shop.name).where(Shop.series_id == series.id).limit(1))) is not None:
        raise SeriesOfShop(shop)
    if series.use is not Use.shop:
        raise OnlySeries(series.format)


def replaced_by(session: Session, series: Series) -> Series | None:
    """The series that would retire if this one were put in use."""
    if series.active or series.use is Use.shop:
        return None
    return _in_use(session, series.seller_id, series.use, _own_mode(series.use, series.mode))


def credit_series(session: Session, seller: Seller, mode: Mode, *, actor: Actor, now: datetime) -> Series:
    """The seller's series in use for credit notes of a mode; made when first asked for, with a format that is free.

    The first is A{year}-{n:05}; a further one has more letters: those of the seller's invoices, else AB, AC...
    """
    if (found := _in_use(session, seller.id, Use.credit_note, mode)) is not None:
        return found
    one_at_a_time(session)
    if (found := _in_use(session, seller.id, Use.credit_note, mode)) is not None:
        return found
    prefixes = _prefixes(session, seller.id)
    format = next(format for format in map("{}{{year}}-{{n:05}}".format, prefixes) if is_free(session, format))
    made = Series(seller_id=seller.id, use=Use.credit_note, mode=mode, format=format, active=True)
    session.add(made)
    session.flush()
    _told(session, actor, now, "series.added", made, {"format": (None, format), "active": (None, True)})
    return made


def _in_use(session: Session, seller_id: int, use: Use, mode: Mode | None) -> Series | None:
    """The active series of a use; `mode` only where each mode has its own."""
    query = select(Series).where(Series.seller_id == seller_id, Series.use == use, Series.active)
    if mode is not None:
        query = query.where(Series.mode == mode)
    return session.scalars(query.order_by(Series.id).limit(1)).first()


def _own_mode(use: Use, mode: Mode) -> Mode | None:
    return mode if use is Use.credit_note else None


def _found(session: Session, series_id: int) -> Series:
    series = session.get(Series, series_id, populate_existing=True)
    if series is None:
        raise NotFound
    return series


def _same(session: Session, values: SeriesValues) -> Series | None:
    """The series that the same form has made before."""
    query = select(Series).where(Series.seller_id == values.seller_id, Series.use == values.use)
    query = query.where(Series.mode == values.mode, Series.format == values.format)
    return session.scalars(query.where(Series.source == Source.generated)).first()


def _drafts(session: Session, series: Series) -> Sequence[Invoice]:
    """The drafts that would be numbered by a series, locked until the transaction ends."""
    query = select(Invoice).where(Invoice.series_id == series.id, Invoice.frozen_at.is_(None))
    query = query.where(Invoice.status == Status.draft, Invoice.origin == Origin.manual)
    query = query.order_by(Invoice.id).with_for_update(of=Invoice)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def _prefixes(session: Session, seller_id: int) -> Iterator[str]:
    """A, then A with the letters of the seller's invoices, then A with ever more letters."""
    manual = select(Series.format).where(Series.seller_id == seller_id, Series.use == Use.manual)
    own = [re.sub("[^A-Z]", "", prefix_of(format)) for format in session.scalars(manual.order_by(Series.id))]
    yield from (prefix for prefix in ("A", *("A" + letters for letters in own if letters)) if is_format(prefix + "{n}"))
    for length in itertools.count(1):
        yield from ("A" + "".join(letters) for letters in itertools.product(ascii_uppercase, repeat=length))


def _told(
    session: Session, actor: Actor, now: datetime, action: str, series: Series, changes: dict[str, tuple[Any, Any]]
) -> None:
    facts = {"seller_id": (None, series.seller_id), "use": (None, series.use), "mode": (None, series.mode)}
    journal.record(session, actor, now, action, ("series", series.id), facts | changes)
