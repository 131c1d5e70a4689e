"""Days as accounting programs write them; whether day or month comes first is a whole column's matter. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from invoicing.accounting.plan import Days
from invoicing.search import fold

TEXT_MAX: Final = 40
YEARS: Final = range(1990, 2100)
_TAIL: Final = r"(?:[T ,]+\d{1,2}[:h]\d\d.*)?\Z"  # a time of the day, which nobody needs
_ISO: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _TAIL, re.ASCII)
_PARTS: Final = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d\d)" + _TAIL, re.ASCII)
_EIGHT: Final = re.compile(r"\d{8}\Z", re.ASCII)
_SIX: Final = re.compile(r"\d{6}\Z", re.ASCII)
_SERIAL: Final = re.compile(r"([2-6]\d{4})(?:\.\d+)?\Z", re.ASCII)
_WORDED: Final = re.compile(r"(?:[a-z]+\.?,? )?(\d{1,2})(?:er)?[ .-]+([a-z]+)\.?[ .,-]+(\d{4}|\d\d)\Z")
_AMERICAN: Final = re.compile(r"(?:[a-z]+,? )?([a-z]+)\.? (\d{1,2}),? (\d{4})\Z")
_MAYBE_WORDED: Final = re.compile(
    r"(?:[^\W\d]+\.?,? )?(?:\d{1,2}(?:er)?[ .-]+[^\W\d]{3,9}\b|[^\W\d]{3,9}\.? \d{1,2},? \d{4})"
)
_MONTHS: Final = (
    ("jan", "janv", "janvier", "january"), ("feb", "fev", "fevr", "fevrier", "february"), ("mar", "mars", "march"),
    ("apr", "avr", "avril", "april"), ("may", "mai"), ("jun", "juin", "june"), ("jul", "juil", "juillet", "july"),
    ("aug", "aou", "aout", "august"), ("sep", "sept", "septembre", "september"), ("oct", "octobre", "october"),
    ("nov", "novembre", "november"), ("dec", "decembre", "december"),
)  # fmt: skip
_BY_NAME: Final = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names}
_EPOCHS: Final = {False: date(1899, 12, 30), True: date(1904, 1, 1)}


class NotADay(ValueError):
    """The text is no day that can be read without guessing."""


@lru_cache(maxsize=20_000)
def day_of(text: str, style: Days, mac: bool = False) -> date | None:
    """The day; None for nothing. Raises NotADay. `mac`: numbers of days count from 1904."""
    text = text.strip()
    if not text or not text.strip("0/.- "):
        return None
    if len(text) > TEXT_MAX:
        raise NotADay(text)
    try:
        found = _read(text, style, mac)
    except (ValueError, OverflowError):
        found = None
    if found is None or found.year not in YEARS:
        raise NotADay(text)
    return found


def _read(text: str, style: Days, mac: bool) -> date | None:
    if found := _ISO.match(text):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := _PARTS.match(text):
        return _ordered(found[1], found[3], found[4], style)
    if _EIGHT.match(text):
        if int(text[:4]) in YEARS and style is Days.iso:
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        return _ordered(text[:2], text[2:4], text[4:], style)
    if _SIX.match(text):
        return _ordered(text[:2], text[2:4], text[4:], style)
    if found := _SERIAL.match(text):
        return _EPOCHS[mac] + timedelta(days=int(found[1]))
    return _worded(text)


def _ordered(first: str, second: str, year: str, style: Days) -> date | None:
    whole = int(year) + (2000 if len(year) == 2 else 0)
    if style is Days.day_first:
        return date(whole, int(second), int(first))
    return date(whole, int(first), int(second)) if style is Days.month_first else None


def _worded(text: str) -> date | None:
    plain = fold(text)
    if found := _WORDED.match(plain):
        year = int(found[3]) + (2000 if len(found[3]) == 2 else 0)
        month = _BY_NAME.get(found[2])
        return date(year, month, int(found[1])) if month else None
    found = _AMERICAN.match(plain)
    month = _BY_NAME.get(found[1]) if found else None
    return date(int(found[3]), month, int(found[2])) if found and month else None


def told(text: str) -> Days | None:
    """What one text tells of its column: a style, `unknown` where both orders fit, None where it is no day."""
    text = text.strip()
    if not text or len(text) > TEXT_MAX:
        return None
    if _ISO.match(text):
        return Days.iso
    if found := _PARTS.match(text):
        return _tells(int(found[1]), int(found[3]))
    if _EIGHT.match(text):
        by_year = int(text[:4]) in YEARS and _is_month(text[4:6]) and 0 < int(text[6:]) <= 31
        return Days.iso if by_year else _tells(int(text[:2]), int(text[2:4])) if int(text[4:]) in YEARS else None
    if _SIX.match(text):
        return _tells(int(text[:2]), int(text[2:4]))
    if _SERIAL.match(text):
        return Days.iso
    return Days.iso if _MAYBE_WORDED.match(text) and _is_worded(text) else None


def _is_month(text: str) -> bool:
    return 0 < int(text) <= 12


def _is_worded(text: str) -> bool:
    try:
        return _worded(text) is not None
    except ValueError:
        return False


def _tells(first: int, second: int) -> Days | None:
    if not (0 < first <= 31 and 0 < second <= 31) or (first > 12 and second > 12):
        return None
    if first > 12:
        return Days.day_first
    return Days.month_first if second > 12 else Days.unknown


def column_style(styles: Iterable[Days], convention: Days) -> Days:
    """How a column writes its days, by what its cells tell: one that decides decides for all, else the convention.

    Cells that decide against each other leave it unknown, whatever the convention.
    """
    all_told = set(styles)
    deciding = all_told & {Days.day_first, Days.month_first}
    if len(deciding) == 1:
        return deciding.pop()
    if deciding:
        return Days.unknown
    return convention if Days.unknown in all_told else Days.iso
