"""Series of numbers (SPEC N1).

Generated numbers are given last, inside the finalising transaction, so that a rollback leaves no gap. External ones
come from the source with their document, in any order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint, event, func, inspect, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from invoicing.database import Base, changed_one, enum, is_sqlite
from invoicing.errors import Refused
from invoicing.sellers.models import Seller


class Mode(StrEnum):
    """Whether the document is the legal invoice, or refers to one kept elsewhere (SPEC N2)."""

    official = "official"
    portal_reference = "portal_reference"


class Use(StrEnum):
    """Which documents a series numbers."""

    manual = "manual"
    shop = "shop"
    credit_note = "credit_note"


class Source(StrEnum):
    """Numbers are generated here, or come from the source as they are."""

    generated = "generated"
    external = "external"


class Series(Base):
    """A numbering sequence of one seller.

    `format` knows {year}, {date} and {n} or {n:05}; of an external series it is the prefix that names it, "B-".
    """

    __tablename__ = "series"
    __table_args__ = (UniqueConstraint("format"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    seller_id: Mapped[int] = mapped_column(ForeignKey("seller.id"), index=True)
    seller: Mapped[Seller] = relationship()
    use: Mapped[Use] = mapped_column(enum(Use))
    source: Mapped[Source] = mapped_column(enum(Source), default=Source.generated)
    mode: Mapped[Mode] = mapped_column(enum(Mode))
    format: Mapped[str] = mapped_column(String(40))
    last_date: Mapped[date | None]  # of the last number given; dates never go back
    active: Mapped[bool] = mapped_column(default=True)


@event.listens_for(Series, "before_update")
def _stays(_mapper: object, _connection: object, series: Series) -> None:
    """A series that has given a number stays what it is."""
    changed = [name for name in ("format", "mode", "use", "source", "seller_id") if _history(series, name)]
    if changed and series.last_date is not None:
        raise RuntimeError(f"a series that has given a number never changes: {', '.join(changed)}")


def _history(series: Series, name: str) -> bool:
    return bool(inspect(series).attrs[name].history.has_changes())


class SeriesCounter(Base):
    """The last number given in a series, per period: a year, or "" where numbers never restart."""

    __tablename__ = "series_counter"

    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"), primary_key=True)
    period: Mapped[str] = mapped_column(String(4), primary_key=True)
    last: Mapped[int]


@dataclass(eq=False)
class DateBeforeLast(Refused):
    """The series has already given a number on a later day."""

    last: date | None


@dataclass(eq=False)
class NoSeries(Refused):
    """The seller has no active series for this use."""

    use: Use


@dataclass(eq=False)
class NotGenerated(Refused):
    """The series' numbers come from the source: none can be made here."""

    format: str


@dataclass(eq=False)
class NotExternal(Refused):
    """The series makes its own numbers: none can be brought along."""

    format: str


@dataclass(eq=False)
class BadNumber(Refused):
    """Not 1 to 64 letters, figures, points, hyphens and underscores, a letter or figure first."""

    number: str


@dataclass(eq=False)
class NumberTaken(Refused):
    """Another document has this number, perhaps in other capitals."""

    number: str


@dataclass(eq=False)
class NumberMeetsSeries(Refused):
    """A generated series could give this number: it begins with what that series' numbers begin with."""

    number: str
    format: str


SERIES_LOCK = 7_204_581_944_113_004  # PostgreSQL advisory lock: one new or changed series at a time


def steady_series(session: Session) -> None:
    """Waits for whoever makes or changes a series, and lets nobody do so until the end; many may hold this at once."""
    if not is_sqlite(session.connection()):  # SQLite has one writer anyway
        session.execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": SERIES_LOCK})


_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}\Z")
_FORMAT = re.compile(r"[A-Z0-9._-]{0,12}(\{year\}|\{date\})?[A-Z0-9._-]{0,12}\{n(:0[1-9])?\}\Z")


def is_format(format: str) -> bool:
    """Whether a series may have this format."""
    return _FORMAT.match(format) is not None


def period_of(format: str, day: date) -> str:
    """The counter's period: numbers restart yearly with {year}, never otherwise."""
    return f"{day:%Y}" if "{year}" in format else ""


def write_number(format: str, day: date, n: int) -> str:
    """The number as printed: "F{year}-{n:05}" on any day of 2026 with 42 gives F2026-00042."""
    return format.format(year=f"{day:%Y}", date=f"{day:%Y%m%d}", n=n)


def begins_like(format: str, number: str) -> bool:
    """Whether a number begins as all numbers of a generated format do, whatever the capitals.

    Where the format has nothing before its date or counter, a number that looks like one of its own does.
    """
    if prefix := prefix_of(format):
        return number.lower().startswith(prefix.lower())
    shape = format.replace("{year}", "[0-9]{4}").replace("{date}", "[0-9]{8}")
    return re.match(re.sub(r"\{n(:0[1-9])?\}", "[0-9]+", shape) + r"\Z", number) is not None


def prefix_of(format: str) -> str:
    """What stands before the date or the counter: "B-" of "B-{date}-{n}"."""
    return format.partition("{")[0]


def meets_external(session: Session, format: str) -> bool:
    """Whether the prefix of a new generated series occurs in an external one: in its prefix, or in its numbers."""
    from invoicing.invoices.models import Invoice  # an invoice knows its series; here only its number is read

    prefixes = session.scalars(select(Series.format).where(Series.source == Source.external))
    if any(begins_like(format, prefix) for prefix in prefixes):
        return True
    numbers = select(Invoice.number).join(Series, Series.id == Invoice.series_id)
    numbers = numbers.where(Series.source == Source.external, Invoice.number.is_not(None))
    if prefix := prefix_of(format):
        numbers = numbers.where(func.lower(Invoice.number).startswith(prefix.lower(), autoescape=True)).limit(1)
    return any(begins_like(format, number or "") for number in session.scalars(numbers))


def claim_number(session: Session, series: Series, number: str) -> str:
    """Takes a number that comes from the source; it must then be written in the same transaction.

    Refuses NotExternal, BadNumber, NumberMeetsSeries, NumberTaken.
    """
    claim_numbers(session, series, [number])
    return number


def claim_numbers(session: Session, series: Series, numbers: Sequence[str]) -> None:
    """The same for many, with as few questions; refuses as `claim_number` does, for the first that can't be had."""
    if series.source is not Source.external:
        raise NotExternal(series.format)
    if bad := [number for number in numbers if _NUMBER.match(number) is None]:
        raise BadNumber(bad[0])
    steady_series(session)  # else a new series that a number meets would not be seen, nor the number by it
    for format in session.scalars(select(Series.format).where(Series.source == Source.generated).order_by(Series.id)):
        if meeting := [number for number in numbers if begins_like(format, number)]:
            raise NumberMeetsSeries(meeting[0], format)
    from invoicing.invoices.models import Invoice  # an invoice knows its series; here only numbers are looked for

    folded = {number.lower(): number for number in numbers}
    taken = select(Invoice.number_folded).where(Invoice.number_folded.in_(folded)).limit(1)
    if (found := session.scalar(taken)) is not None:
        raise NumberTaken(folded[found])


def is_taken(session: Session, number: str) -> bool:
    """Whether a document has this number, in whatever capitals."""
    from invoicing.invoices.models import Invoice  # an invoice knows its series; here only numbers are looked for

    return session.scalar(select(Invoice.id).where(Invoice.number_folded == number.lower())) is not None


def take_number(session: Session, series: Series, day: date) -> str:
    """The next number of a generated series for a document of `day`; refuses a day before its last, and once retired.

    The row of the series is locked until the transaction ends: numbers follow commits, without a gap.
    """
    if series.source is not Source.generated:
        raise NotGenerated(series.format)
    not_back = or_(Series.last_date.is_(None), Series.last_date <= day)
    move = update(Series).where(Series.id == series.id, Series.active, not_back).values(last_date=day)
    moved = changed_one(session, move.execution_options(synchronize_session=False))
    session.expire(series, ["last_date", "active"])
    if not moved:
        raise DateBeforeLast(series.last_date) if series.active else NoSeries(series.use)
    insert = sqlite.insert if is_sqlite(session.connection()) else postgresql.insert
    row = insert(SeriesCounter).values(series_id=series.id, period=period_of(series.format, day), last=1)
    n = session.scalar(
        row.on_conflict_do_update(
            index_elements=["series_id", "period"], set_={"last": SeriesCounter.last + 1}
        ).returning(SeriesCounter.last)
    )
    return write_number(series.format, day, n or 0)
