"""How templates write amounts, dates and counts, in the language of the moment."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from flask import Flask, g

from invoicing.money import NBSP, write_money, write_scaled
from web.database import now
from web.words import language


def zone() -> ZoneInfo:
    """The organisation's time zone."""
    return ZoneInfo(g.get("timezone") or "Europe/Paris")


def local(moment: datetime) -> datetime:
    """A stored UTC moment on the organisation's clock."""
    return moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone())


def money(cents: int, currency: str) -> str:
    """An amount in cents."""
    return write_money(cents, currency, language())


def price(price_e4: int, currency: str) -> str:
    """A unit price, two decimals at least."""
    return write_money(price_e4, currency, language(), decimals=4)


def quantity(quantity_e3: int) -> str:
    """A quantity without needless decimals."""
    return write_scaled(quantity_e3, 3, language())


def rate(rate_e5: int) -> str:
    """A rate or discount as a percentage."""
    text = write_scaled(rate_e5, 3, language())
    return f"{text}%" if language().startswith("en") else f"{text}{NBSP}%"


def short_date(day: date) -> str:
    """20/09/2017 in France, 2017-09-20 in Québec, 20 Sept 2017 in English."""
    patterns = {"fr_FR": "dd/MM/yyyy", "fr_CA": "yyyy-MM-dd"}
    return format_date(day, patterns.get(language(), "d MMM yyyy"), locale=_locale())


def long_date(day: date) -> str:
    """mercredi 20 septembre 2017; « 1er » on the first."""
    text = format_date(day, "EEEE d MMMM yyyy", locale=_locale())
    return text.replace(" 1 ", " 1er ", 1) if language().startswith("fr") else text


def long_datetime(moment: datetime) -> str:
    """mercredi 20 septembre 2017, 11:49."""
    there = local(moment)
    return f"{long_date(there.date())}, {clock_time(there)}"


def clock_time(there: datetime) -> str:
    """11:49, of a moment that is on somebody's clock already."""
    return format_time(there, "HH:mm", locale=_locale())


def short_datetime(moment: datetime) -> str:
    """20/09/2017 11:49."""
    there = local(moment)
    return f"{short_date(there.date())}{NBSP}{format_datetime(there, 'HH:mm', locale=_locale())}"


def series(format: str) -> str:
    """What the numbers of a series look like this year: « F2026-… », « R-20261127-… », « B-… »."""
    day = local(now()).date()
    return re.sub(r"\{n(:\d+)?\}", "", format).format(year=f"{day:%Y}", date=f"{day:%Y%m%d}") + "…"


def initial(name: str) -> str:
    """The capital that opens a name, A to Z, for the drop cap; L where there is none."""
    for char in unicodedata.normalize("NFKD", name.replace("Œ", "O").replace("œ", "o")).upper():
        if "A" <= char <= "Z":
            return char
    return "L"


def hash_short(digest: str) -> str:
    """9f2c 40ab … e713."""
    return f"{digest[:4]} {digest[4:8]} … {digest[-4:]}"


def filesize(size: int) -> str:
    """51 octets, 84 ko, 8 Mo, 1,5 Mo; or 51 bytes, 84 kB, 8 MB, 1.5 MB."""
    is_english = language().startswith("en")
    if size < 1000:
        return f"{size}{NBSP}{('byte' if is_english else 'octet') + ('s' if size > 1 else '')}"
    if size < 999_500:
        return f"{(size + 500) // 1000}{NBSP}{'kB' if is_english else 'ko'}"
    whole, tenth = divmod((size + 50_000) // 100_000, 10)
    shown = f"{whole}{'.' if is_english else ','}{tenth}" if tenth else str(whole)
    return f"{shown}{NBSP}{'MB' if is_english else 'Mo'}"


def _locale() -> str:
    return "en_GB" if language().startswith("en") else language()


def init_app(app: Flask) -> None:
    """Registers every filter under its own name."""
    for made in (money, price, quantity, rate, short_date, long_date, long_datetime, short_datetime, initial,
                 hash_short, filesize, series):  # fmt: skip
        app.template_filter(made.__name__)(made)
