"""The form of an export for the accountant: periods that are quick to choose, read and written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from babel.dates import format_date

from invoicing.days import NotADate, read_date
from invoicing.errors import Fault
from invoicing.ledger.models import LedgerKind
from invoicing.ledger.rules import Asked
from web.words import _, language

EVERYTHING: Final = "tout"
DATES: Final = "dates"  # those written below
_MONTHS: Final = 13
_QUARTERS: Final = 5
_YEARS: Final = 3
_KEY: Final = re.compile(r"(20\d\d)(?:-(0[1-9]|1[0-2])|-T([1-4]))?\Z", re.ASCII)


@dataclass(frozen=True)
class Sent:
    """The form as it was sent, and what is wrong with it by field."""

    values: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)


def periods(today: date) -> list[tuple[str, list[tuple[str, str]]]]:
    """What the list of periods offers, in groups: (value, label)."""
    months = [_before(today, n) for n in range(_MONTHS)]
    quarters = [_before(_quarter(today), 3 * n) for n in range(_QUARTERS)]
    years = [str(today.year - n) for n in range(_YEARS)]
    return [
        (_("Mois"), [(f"{day:%Y-%m}", _named(day, "LLLL y")) for day in months]),
        (_("Trimestre"), [(f"{day:%Y}-T{(day.month + 2) // 3}", _named(day, "QQQQ y")) for day in quarters]),
        (_("Année"), [(year, year) for year in years]),
        (_("Autre"), [(EVERYTHING, _("Tout")), (DATES, _("Les dates ci-dessous"))]),
    ]


def usual(today: date) -> str:
    """What is chosen at first: the month before."""
    return f"{_before(today, 1):%Y-%m}"


def read(form: Mapping[str, str]) -> tuple[Asked | None, list[Fault]]:
    """What the form asks for; None where it can't be told."""
    found: list[Fault] = []
    seller = form.get("seller_id", "")
    if not (seller.isascii() and seller.isdigit() and len(seller) < 10):
        found.append(Fault("seller_id", "choose"))
    kind = form.get("kind", "")
    if kind not in list(LedgerKind):
        found.append(Fault("kind", "choose_export"))
    first, last = _days(form, found)
    if found:
        return None, found
    return Asked(int(seller), LedgerKind(kind), first, last, bool(form.get("only_new"))), []


def _days(form: Mapping[str, str], found: list[Fault]) -> tuple[date | None, date | None]:
    period = form.get("period", "")
    if period == DATES:
        return _day(form, "first_day", found), _day(form, "last_day", found)
    if any(form.get(name, "").strip() for name in ("first_day", "last_day")):  # which of them is meant?
        found.append(Fault("period", "period_or_dates"))
        return None, None
    if period == EVERYTHING:
        return None, None
    if (key := _KEY.match(period)) is None:
        found.append(Fault("period", "choose"))
        return None, None
    year, month, quarter = int(key[1]), key[2], key[3]
    if month:
        return _stretch(year, int(month), 1)
    return _stretch(year, int(quarter) * 3 - 2, 3) if quarter else _stretch(year, 1, 12)


def _day(form: Mapping[str, str], name: str, found: list[Fault]) -> date | None:
    text = form.get(name, "").strip()
    try:
        return read_date(text) if text else None
    except NotADate:
        found.append(Fault(name, "bad_date", {"value": text[:40]}))
        return None


def _stretch(year: int, month: int, months: int) -> tuple[date, date]:
    first, after = date(year, month, 1), month - 1 + months
    return first, date(year + after // 12, after % 12 + 1, 1) - timedelta(days=1)


def _before(day: date, months: int) -> date:
    """The first day of a month so many months before."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)


def _quarter(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def _named(day: date, pattern: str) -> str:
    text = format_date(day, pattern, locale=language())
    return text[:1].upper() + text[1:]
