"""Dates as people read them."""

from __future__ import annotations

from datetime import date, datetime, time

from invoicing.documents.dates import long_date, long_datetime, plain_date, short_date, short_datetime

MOMENT = datetime.combine(date(2017, 9, 20), time(11, 49))


def test_a_long_date_names_the_day_of_the_week() -> None:
    assert long_date(MOMENT, "fr_FR") == "mercredi 20 septembre 2017"
    assert long_date(MOMENT, "en") == "Wednesday 20 September 2017"


def test_the_first_of_a_month_is_1er_in_french_only() -> None:
    assert long_date(date(2026, 10, 1), "fr_CA") == "jeudi 1er octobre 2026"
    assert plain_date(date(2026, 10, 1), "fr_FR") == "1er octobre 2026"
    assert plain_date(date(2026, 10, 11), "fr_FR") == "11 octobre 2026"
    assert plain_date(date(2026, 10, 1), "en") == "1 October 2026"


def test_a_short_date_is_written_as_the_place_writes_it() -> None:
    day = date(2026, 2, 3)
    assert [short_date(day, language) for language in ("fr_FR", "fr_CA", "en")] == [
        "03/02/2026",
        "2026-02-03",
        "3 Feb 2026",
    ]


def test_a_moment_has_its_hour() -> None:
    assert long_datetime(MOMENT, "fr_FR") == "mercredi 20 septembre 2017, 11:49"
    assert short_datetime(MOMENT, "fr_CA") == "2017-09-20 11:49"
