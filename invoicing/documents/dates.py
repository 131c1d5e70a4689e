"""Dates as people read them, for paper, pages and e-mails; « 1er » for the first of a month."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Final

from babel.dates import format_date

_FIRST: Final = "1er"
_LONG: Final = {"fr": "EEEE d MMMM y", "en": "EEEE d MMMM y"}
_PLAIN: Final = {"fr": "d MMMM y", "en": "d MMMM y"}
# English readers disagree on 02/03, so the month is a word for them.
_SHORT: Final = {"fr_FR": "dd/MM/y", "fr_CA": "y-MM-dd", "en": "d MMM y"}


@lru_cache(maxsize=4096)
def _dated(day: date, pattern: str, language: str) -> str:
    if language.startswith("fr") and day.day == 1 and " MMMM" in pattern:
        pattern = pattern.replace("d MMMM", f"'{_FIRST}' MMMM")
    return format_date(day, pattern, locale="en_GB" if language == "en" else language)


def long_date(day: date, language: str) -> str:
    """« mercredi 20 septembre 2017 », "Wednesday 20 September 2017"."""
    return _dated(_day(day), _LONG[language[:2]], language)


def plain_date(day: date, language: str) -> str:
    """« 20 septembre 2017 », "20 September 2017": the day on paper."""
    return _dated(_day(day), _PLAIN[language[:2]], language)


def short_date(day: date, language: str) -> str:
    """20/09/2017 in France, 2017-09-20 in Québec, 20 Sep 2017 in English."""
    return _dated(_day(day), _SHORT.get(language, _SHORT[language[:2] if language[:2] == "en" else "fr_FR"]), language)


def long_datetime(moment: datetime, language: str) -> str:
    """« mercredi 20 septembre 2017, 11:49 »; the moment is already in the reader's zone."""
    return f"{long_date(moment, language)}, {moment:%H:%M}"


def short_datetime(moment: datetime, language: str) -> str:
    """« 20/09/2017 11:49 »; the moment is already in the reader's zone."""
    return f"{short_date(moment, language)} {moment:%H:%M}"


def _day(day: date) -> date:
    return day.date() if isinstance(day, datetime) else day
