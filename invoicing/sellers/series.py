"""Series of numbers that are made after their seller: of credit notes when first needed, others by hand (SPEC N1, N2).

One active series per seller and use; of credit notes one per mode. A series that has given a number stays as it is.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import datetime
from string import ascii_uppercase
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.database import is_sqlite
from invoicing.journal import Actor
from invoicing.numbering import Mode, Series, Source, Use, is_format, meets_external, prefix_of
from invoicing.sellers.models import Seller
from invoicing.sellers.rules import formats_meet

_LOCK = 7_204_581_944_113_002  # PostgreSQL advisory lock: one new or changed series at a time


def one_at_a_time(session: Session) -> None:
    """Waits for whoever makes or changes a series: two new formats that meet each other need not be equal."""
    if not is_sqlite(session.connection()):  # SQLite has one writer anyway
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def is_free(session: Session, format: str) -> bool:
    """Whether no number of a new format could ever be that of another series, be it generated or external."""
    others = session.scalars(select(Series.format).where(Series.source == Source.generated)).all()
    return not any(formats_meet(format, other) for other in others) and not meets_external(session, format)


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
